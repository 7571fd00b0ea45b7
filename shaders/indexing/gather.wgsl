// Gathers rows of a table by index, and sums rows back into a table (scatter add). Elements have four bytes, so gather handles
// float32 and int32 alike.
//
// The sums must be deterministic, and WGSL has no float atomics. For few updates, scatter_add uses one thread per element of the
// table, which scans all indices in order. For many updates, link_updates links the updates of each row into a list in order,
// with count² comparisons that do not grow with the row length, and add_linked traverses the list from its head, over a table
// that fill.wgsl has cleared.

struct Settings {
  count: u32, // number of indices
  row_length: u32,
  table_rows: u32,
}
@group(0) @binding(0) var<uniform> settings: Settings;
@group(0) @binding(1) var<storage, read> indices: array<i32>; // [count]
@group(0) @binding(2) var<storage, read> table: array<u32>; // [table_rows][row_length]
@group(0) @binding(3) var<storage, read_write> rows: array<u32>; // [count][row_length]
@group(0) @binding(4) var<storage, read> updates: array<f32>; // [count][row_length]
@group(0) @binding(5) var<storage, read_write> sums: array<f32>; // [table_rows][row_length]
// [count]: the next update of the same row, or count; the highest bit marks the head of a list
@group(0) @binding(6) var<storage, read_write> links: array<u32>;

override threads: u32 = 64u;

@compute @workgroup_size(threads)
fn gather(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let index = (group.y * groups.x + group.x) * threads + local;
  if (index >= settings.count * settings.row_length) {
    return;
  }
  let row = indices[index / settings.row_length];
  var value = 0u;
  if (row >= 0 && u32(row) < settings.table_rows) {
    value = table[u32(row) * settings.row_length + index % settings.row_length];
  }
  rows[index] = value;
}

@compute @workgroup_size(threads)
fn scatter_add(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let index = (group.y * groups.x + group.x) * threads + local;
  if (index >= settings.table_rows * settings.row_length) {
    return;
  }
  let row = i32(index / settings.row_length);
  let column = index % settings.row_length;
  var sum = 0.0;
  for (var place = 0u; place < settings.count; place++) {
    if (indices[place] == row) {
      sum += updates[place * settings.row_length + column];
    }
  }
  sums[index] = sum;
}

@compute @workgroup_size(threads)
fn link_updates(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let place = (group.y * groups.x + group.x) * threads + local;
  if (place >= settings.count) {
    return;
  }
  let row = indices[place];
  var before = 0u;
  while (before < place && indices[before] != row) {
    before++;
  }
  var next = place + 1u;
  while (next < settings.count && indices[next] != row) {
    next++;
  }
  let inside = row >= 0 && u32(row) < settings.table_rows;
  links[place] = select(next, next | 0x80000000u, inside && before == place);
}

@compute @workgroup_size(threads)
fn add_linked(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let index = (group.y * groups.x + group.x) * threads + local;
  if (index >= settings.count * settings.row_length) {
    return;
  }
  var place = index / settings.row_length;
  let column = index % settings.row_length;
  if (links[place] < 0x80000000u) {
    return;
  }
  let row = u32(indices[place]);
  var sum = 0.0;
  while (place < settings.count) {
    sum += updates[place * settings.row_length + column];
    place = links[place] & 0x7fffffffu;
  }
  sums[row * settings.row_length + column] = sum;
}
