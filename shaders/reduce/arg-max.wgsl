// The index of the first maximum along the middle axis of x[outer][reduce][inner], as int32. NaN counts as the maximum.
//
// Numbers are compared as 32-bit keys in the order of their values, with NaN above all and −0 equal to 0, so that the result does
// not depend on comparisons with NaN. One workgroup computes one output if inner = 1 and rows are long, otherwise one thread
// does.

struct Settings {
  count: u32, // number of outputs, outer * inner
  reduce: u32,
  inner: u32,
}
@group(0) @binding(0) var<uniform> settings: Settings;
@group(0) @binding(1) var<storage, read> x: array<f32>; // [outer][reduce][inner]
@group(0) @binding(2) var<storage, read_write> y: array<i32>; // [outer][inner]

override threads: u32 = 64u;

const row_threads = 64u;
var<workgroup> keys: array<u32, row_threads>;
var<workgroup> places: array<u32, row_threads>;

fn key_of(value: f32) -> u32 {
  let bits = bitcast<u32>(value);
  if ((bits & 0x7fffffffu) > 0x7f800000u) {
    return 0xffffffffu;
  }
  if ((bits & 0x80000000u) != 0u) {
    return select(~bits, 0x80000000u, bits == 0x80000000u);
  }
  return bits | 0x80000000u;
}

@compute @workgroup_size(row_threads)
fn arg_max_rows(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let index = group.y * groups.x + group.x;
  if (index >= settings.count) {
    return;
  }
  var best = 0u;
  var place = 0u;
  for (var i = local; i < settings.reduce; i += row_threads) {
    let key = key_of(x[index * settings.reduce + i]);
    if (key > best) {
      best = key;
      place = i;
    }
  }
  keys[local] = best;
  places[local] = place;
  workgroupBarrier();
  for (var width = row_threads / 2u; width > 0u; width >>= 1u) {
    if (local < width) {
      let other = local + width;
      if (keys[other] > keys[local] || (keys[other] == keys[local] && places[other] < places[local])) {
        keys[local] = keys[other];
        places[local] = places[other];
      }
    }
    workgroupBarrier();
  }
  if (local == 0u) {
    y[index] = i32(places[0]);
  }
}

@compute @workgroup_size(threads)
fn arg_max_columns(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let index = (group.y * groups.x + group.x) * threads + local;
  if (index >= settings.count) {
    return;
  }
  var best = 0u;
  var place = 0u;
  var at = index / settings.inner * settings.reduce * settings.inner + index % settings.inner;
  for (var i = 0u; i < settings.reduce; i++) {
    let key = key_of(x[at]);
    if (key > best) {
      best = key;
      place = i;
    }
    at += settings.inner;
  }
  y[index] = i32(place);
}
