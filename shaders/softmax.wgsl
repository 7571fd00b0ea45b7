// y = exp(x) / sum(exp(x)) over the last axis of x[rows][columns], or its logarithm. `lanes` threads share a row: 1 for
// short rows, the whole workgroup for long ones. The greatest element is taken off first, so no finite row overflows;
// a row whose greatest element is infinite or NaN gives NaN.

struct Settings {
  rows: u32,
  columns: u32,
}
@group(0) @binding(0) var<uniform> settings: Settings;
@group(0) @binding(1) var<storage, read> x: array<f32>; // [rows][columns]
@group(0) @binding(2) var<storage, read_write> y: array<f32>; // [rows][columns]

override log_result: bool = false;

const threads = 64u;
const lanes = /*[lanes*/64u/*lanes]*/; // threads of a row: a power of two, at most `threads`
var<workgroup> partial: array<f32, threads>;

// A value known by its bits; a call, so that it is no constant expression, where infinity and NaN are errors.
fn from_bits(bits: u32) -> f32 {
  return bitcast<f32>(bits);
}

fn is_nan(value: f32) -> bool {
  return (bitcast<u32>(value) & 0x7fffffffu) > 0x7f800000u;
}

fn is_finite(value: f32) -> bool {
  return (bitcast<u32>(value) & 0x7fffffffu) < 0x7f800000u;
}

fn maximum(left: f32, right: f32) -> f32 {
  return select(select(max(left, right), right, is_nan(right)), left, is_nan(left));
}

@compute @workgroup_size(threads)
fn softmax(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let lane = local % lanes;
  let row = ((group.y * groups.x + group.x) * threads + local) / lanes;
  let start = row * settings.columns;
  let end = select(0u, settings.columns, row < settings.rows); // threads beyond the last row only meet the barriers

  var greatest = from_bits(0xff800000u);
  for (var i = lane; i < end; i += lanes) {
    greatest = maximum(greatest, x[start + i]);
  }
  if (lanes > 1u) {
    partial[local] = greatest;
    workgroupBarrier();
    for (var width = lanes / 2u; width > 0u; width >>= 1u) {
      if (lane < width) {
        partial[local] = maximum(partial[local], partial[local + width]);
      }
      workgroupBarrier();
    }
    greatest = partial[local - lane];
    workgroupBarrier();
  }

  var sum = 0.0;
  for (var i = lane; i < end; i += lanes) {
    sum += exp(x[start + i] - greatest);
  }
  if (lanes > 1u) {
    partial[local] = sum;
    workgroupBarrier();
    for (var width = lanes / 2u; width > 0u; width >>= 1u) {
      if (lane < width) {
        partial[local] += partial[local + width];
      }
      workgroupBarrier();
    }
    sum = partial[local - lane];
  }
  let log_sum = select(from_bits(0x7fc00000u), log(sum), is_finite(greatest));
  sum = select(from_bits(0x7fc00000u), sum, is_finite(greatest));

  for (var i = lane; i < end; i += lanes) {
    let difference = x[start + i] - greatest;
    if (log_result) {
      y[start + i] = difference - log_sum;
    } else {
      y[start + i] = exp(difference) / sum;
    }
  }
}
