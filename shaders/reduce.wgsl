// Sum, mean, maximum, minimum or sum of squares over the middle axis of x[outer][reduce][inner].
//
// Either a workgroup makes one output with a tree over its threads (inner = 1 and long rows), or a thread makes one
// output alone, so that neighbours read neighbours (inner > 1, or short rows). Long reductions with few outputs run in
// two dispatches: the first gives partial results y[outer][splits][inner], the second reduces those. The order depends
// on the shape alone. NaN anywhere gives NaN.

struct Settings {
  count: u32, // outputs, outer * splits * inner
  reduce: u32,
  inner: u32,
  splits: u32, // parts of the reduced axis, with an output each
  segment: u32, // elements of a part; the last may have fewer
  divisor: f32, // what a mean divides by; 1 for partial results
}
@group(0) @binding(0) var<uniform> settings: Settings;
@group(0) @binding(1) var<storage, read> x: array<f32>; // [outer][reduce][inner]
@group(0) @binding(2) var<storage, read_write> y: array<f32>; // [outer][splits][inner]

override kind: u32 = 0u; // 0 sum, 1 mean, 2 max, 3 min, 4 sum of squares
override threads: u32 = 64u;

const row_threads = /*[row_threads*/64u/*row_threads]*/;
var<workgroup> partial: array<f32, row_threads>;

// A value known by its bits; a call, so that it is no constant expression, where infinity and NaN are errors.
fn from_bits(bits: u32) -> f32 {
  return bitcast<f32>(bits);
}

fn is_nan(value: f32) -> bool {
  return (bitcast<u32>(value) & 0x7fffffffu) > 0x7f800000u;
}

fn maximum(left: f32, right: f32) -> f32 {
  return select(select(max(left, right), right, is_nan(right)), left, is_nan(left));
}

fn is_greatest() -> bool {
  return kind == 2u || kind == 3u;
}

// What an empty reduction gives.
fn neutral() -> f32 {
  return select(0.0, from_bits(0xff800000u), is_greatest());
}

fn combine(left: f32, right: f32) -> f32 {
  if (is_greatest()) {
    return maximum(left, right);
  }
  return left + right;
}

fn element(index: u32) -> f32 {
  let value = x[index];
  if (kind == 3u) {
    return -value;
  }
  if (kind == 4u) {
    return value * value;
  }
  return value;
}

fn finish(value: f32) -> f32 {
  if (kind == 1u) {
    return value / settings.divisor;
  }
  if (kind == 3u) {
    return -value; // the least is the greatest of what has the other sign
  }
  return value;
}

@compute @workgroup_size(row_threads)
fn reduce_rows(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let index = group.y * groups.x + group.x;
  if (index >= settings.count) {
    return;
  }
  let row = index / settings.splits;
  let first = index % settings.splits * settings.segment;
  let end = min(first + settings.segment, settings.reduce);
  var value = neutral();
  for (var i = first + local; i < end; i += row_threads) {
    value = combine(value, element(row * settings.reduce + i));
  }
  partial[local] = value;
  workgroupBarrier();
  for (var width = row_threads / 2u; width > 0u; width >>= 1u) {
    if (local < width) {
      partial[local] = combine(partial[local], partial[local + width]);
    }
    workgroupBarrier();
  }
  if (local == 0u) {
    y[index] = finish(partial[0]);
  }
}

@compute @workgroup_size(threads)
fn reduce_columns(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let index = (group.y * groups.x + group.x) * threads + local;
  if (index >= settings.count) {
    return;
  }
  let column = index % settings.inner;
  let part = index / settings.inner;
  let outer = part / settings.splits;
  let first = part % settings.splits * settings.segment;
  let end = min(first + settings.segment, settings.reduce);
  var value = neutral();
  var at = (outer * settings.reduce + first) * settings.inner + column;
  for (var i = first; i < end; i++) {
    value = combine(value, element(at));
    at += settings.inner;
  }
  y[index] = finish(value);
}
