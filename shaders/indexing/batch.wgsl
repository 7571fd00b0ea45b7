// Access to a data set on the device: gathers the rows of a batch, and stores predictions at the positions of their samples. The
// cursor is device state, so a step needs no data from the host.

struct Settings {
  batch: u32,
  row_length: u32,
  samples: u32, // rows of the data, or of the target
  scale: f32,
  offset: f32,
}
@group(0) @binding(0) var<uniform> settings: Settings;
@group(0) @binding(1) var<storage, read> cursor: array<i32>; // [1]
@group(0) @binding(2) var<storage, read> data: array<u32>; // [samples][row_length]: float32, int32, or 4 bytes per word
@group(0) @binding(3) var<storage, read> permutation: array<i32>; // [samples]; not read if has_permutation is false
@group(0) @binding(4) var<storage, read_write> rows: array<u32>; // [batch][row_length]: float32 or int32
@group(0) @binding(5) var<storage, read> values: array<u32>; // [batch][row_length]
@group(0) @binding(6) var<storage, read_write> stored: array<u32>; // [samples][row_length]

override threads: u32 = 64u;
override has_permutation: bool = false;
override data_type: u32 = 0u; // 0 float32, 1 int32, 2 uint8

@compute @workgroup_size(threads)
fn gather_batch(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  // Loop invariants are read before the loop, and out-of-range positions are computed like the others, from arbitrary values: a
  // software adapter would otherwise repeat all of this for each element.
  let samples = i32(settings.samples);
  let row_length = settings.row_length;
  let scale = settings.scale;
  let offset = settings.offset;
  let first = cursor[0];
  let count = settings.batch * row_length;
  let stride = groups.x * groups.y * threads;
  let down = stride / row_length;
  let along = stride - down * row_length;
  var index = (group.y * groups.x + group.x) * threads + local;
  var row = index / row_length;
  var column = index - row * row_length;
  for (; index < count; index += stride) {
    var sample = first + i32(row);
    var inside = sample >= 0 && sample < samples;
    if (has_permutation) {
      sample = permutation[sample];
      inside = inside && sample >= 0 && sample < samples;
    }
    let at = u32(sample) * row_length + column;
    var element = 0u;
    if (data_type == 2u) {
      element = bitcast<u32>(f32((data[at / 4u] >> (at % 4u * 8u)) & 0xffu) * scale + offset);
    } else {
      element = data[at];
    }
    if (data_type == 0u) {
      element = bitcast<u32>(bitcast<f32>(element) * scale + offset);
    }
    rows[index] = select(0u, element, inside);
    row += down;
    column += along;
    let is_over = column >= row_length;
    row += u32(is_over);
    column -= select(0u, row_length, is_over);
  }
}

@compute @workgroup_size(threads)
fn store_rows(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let index = (group.y * groups.x + group.x) * threads + local;
  if (index >= settings.batch * settings.row_length) {
    return;
  }
  let row = cursor[0] + i32(index / settings.row_length);
  if (row >= 0 && row < i32(settings.samples)) {
    stored[u32(row) * settings.row_length + index % settings.row_length] = values[index];
  }
}
