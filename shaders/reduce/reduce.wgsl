// Sum, mean, maximum, minimum or sum of squares over the middle axis of x[outer][reduce][inner].
//
// `lanes` threads share an output: the whole workgroup if rows are long and inner is 1, otherwise one thread, so that
// neighbouring threads read neighbouring elements. Long reductions with few outputs run in two dispatches: the first computes
// partial results y[outer][splits][inner], the second reduces those. The order depends on the shape and the device alone. NaN
// anywhere yields NaN.

/*[enable*/ /*enable]*/

struct Settings {
  count: u32, // number of outputs, outer * splits * inner
  reduce: u32,
  inner: u32,
  splits: u32, // number of parts of the reduced axis, with one output each
  segment: u32, // elements per part; the last may have fewer
  divisor: f32, // divisor of a mean; 1 for partial results
}
@group(0) @binding(0) var<uniform> settings: Settings;
@group(0) @binding(1) var<storage, read> x: array<f32>; // [outer][reduce][inner]
@group(0) @binding(2) var<storage, read_write> y: array<f32>; // [outer][splits][inner]

override kind: u32 = 0u; // 0 sum, 1 mean, 2 max, 3 min, 4 sum of squares

// #include "row-reduction"

@compute @workgroup_size(threads)
fn reduce(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let lane = local % lanes;
  let index = ((group.y * groups.x + group.x) * threads + local) / lanes;
  let part = index / settings.inner;
  let first = part % settings.splits * settings.segment;
  let end = select(0u, min(first + settings.segment, settings.reduce), index < settings.count);
  let greatest = kind == 2u || kind == 3u;
  var value = select(0.0, from_bits(0xff800000u), greatest); // the neutral element
  var at = (part / settings.splits * settings.reduce + first + lane) * settings.inner + index % settings.inner;
  for (var i = first + lane; i < end; i += lanes) {
    var element = x[at];
    if (kind == 3u) {
      element = -element; // the minimum is the negated maximum of the negated elements
    } else if (kind == 4u) {
      element *= element;
    }
    value = join(value, element, greatest);
    at += lanes * settings.inner;
  }
  value = of_row(value, greatest, lane, local);
  if (kind == 1u) {
    value /= settings.divisor;
  } else if (kind == 3u) {
    value = -value;
  }
  if (lane == 0u && index < settings.count) {
    y[index] = value;
  }
}
