// The data set on the device: a step's rows out of it, a mask for rows past its end, predictions into their place. The
// cursor is device state, so a step needs nothing from the host.

struct Settings {
  batch: u32,
  row_length: u32,
  samples: u32, // rows of the data, or of the target
  scale: f32,
  offset: f32,
}
@group(0) @binding(0) var<uniform> settings: Settings;
@group(0) @binding(1) var<storage, read> cursor: array<i32>; // [1]
@group(0) @binding(2) var<storage, read> data: array<u32>; // [samples][row_length]: float32, int32, or 4 bytes a word
@group(0) @binding(3) var<storage, read> permutation: array<i32>; // [samples]; not read when has_permutation is false
@group(0) @binding(4) var<storage, read_write> rows: array<u32>; // [batch][row_length]: float32 or int32
@group(0) @binding(5) var<storage, read_write> mask: array<f32>; // [batch]
@group(0) @binding(6) var<storage, read> values: array<u32>; // [batch][row_length]
@group(0) @binding(7) var<storage, read_write> stored: array<u32>; // [samples][row_length]

override threads: u32 = 64u;
override has_permutation: bool = false;
override data_type: u32 = 0u; // 0 float32, 1 int32, 2 uint8

@compute @workgroup_size(threads)
fn gather_batch(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let samples = i32(settings.samples);
  let row_length = settings.row_length;
  let count = settings.batch * row_length;
  let stride = groups.x * groups.y * threads;
  for (var index = (group.y * groups.x + group.x) * threads + local; index < count; index += stride) {
    var sample = cursor[0] + i32(index / row_length);
    if (has_permutation && sample >= 0 && sample < samples) {
      sample = permutation[sample];
    }
    if (sample < 0 || sample >= samples) {
      rows[index] = 0u;
      continue;
    }
    let at = u32(sample) * row_length + index % row_length;
    if (data_type == 1u) {
      rows[index] = data[at];
      continue;
    }
    var value = 0.0;
    if (data_type == 2u) {
      value = f32((data[at / 4u] >> (at % 4u * 8u)) & 0xffu);
    } else {
      value = bitcast<f32>(data[at]);
    }
    rows[index] = bitcast<u32>(value * settings.scale + settings.offset);
  }
}

@compute @workgroup_size(threads)
fn batch_mask(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let place = (group.y * groups.x + group.x) * threads + local;
  if (place < settings.batch) {
    mask[place] = select(0.0, 1.0, cursor[0] + i32(place) < i32(settings.samples));
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
