// y[batch][m][n] = activation(a · b + bias): one thread computes one output from global memory. The plain version: the
// others are tested against it, and it serves products too small to fill a tile.
//
// Strides in elements say how an operand lies, so a transposed one needs no code of its own. A batch stride of 0
// broadcasts the operand. Sums run over k in order.

struct Settings {
  m: u32,
  n: u32,
  k: u32,
  batch: u32,
  a_batch: u32,
  a_row: u32, // from one m to the next
  a_inner: u32, // from one k to the next
  b_batch: u32,
  b_inner: u32, // from one k to the next
  b_column: u32, // from one n to the next
}
@group(0) @binding(0) var<uniform> settings: Settings;
@group(0) @binding(1) var<storage, read> a: array<f32>; // [batch][m][k], by the strides
@group(0) @binding(2) var<storage, read> b: array<f32>; // [batch][k][n], by the strides
@group(0) @binding(3) var<storage, read> bias: array<f32>; // [n]; not read when has_bias is false
@group(0) @binding(4) var<storage, read_write> y: array<f32>; // [batch][m][n]

override threads: u32 = 64u;
override has_bias: bool = false;
override activation: u32 = 0u; // 0 none, 1 relu, 2 sigmoid, 3 tanh

fn is_nan(value: f32) -> bool {
  return (bitcast<u32>(value) & 0x7fffffffu) > 0x7f800000u;
}

fn exp_safe(value: f32) -> f32 {
  return select(exp(value), value, is_nan(value));
}

// Zero for every negative number; NaN stays. The sign bit alone decides, NaN patterns lie beyond infinity.
fn relu(value: f32) -> f32 {
  let bits = bitcast<u32>(value);
  return select(value, 0.0, bits > 0x80000000u && bits <= 0xff800000u);
}

// WGSL promises 1e-5 for tanh, and an implementation by sinh / cosh overflows. The series below 0.3, else by the
// exponential of a negative number, which cannot overflow: within 4 ULP.
fn tanh_safe(value: f32) -> f32 {
  let square = value * value;
  let e = exp(-2.0 * abs(value));
  let large = (1.0 - e) / (1.0 + e);
  let tail = square * (-0.05396825 + square * (0.02186949 + square * -0.008863236));
  let small = value + value * square * (-0.33333333 + square * (0.13333333 + tail));
  return select(select(large, -large, value < 0.0), small, square < 0.09);
}

fn sigmoid(value: f32) -> f32 {
  let e = exp_safe(-abs(value));
  return select(1.0, e, value < 0.0) / (1.0 + e);
}

fn activate(value: f32) -> f32 {
  if (activation == 1u) {
    return relu(value);
  }
  if (activation == 2u) {
    return sigmoid(value);
  }
  if (activation == 3u) {
    return tanh_safe(value);
  }
  return value;
}

@compute @workgroup_size(threads)
fn matmul(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let index = (group.y * groups.x + group.x) * threads + local;
  if (index >= settings.batch * settings.m * settings.n) {
    return;
  }
  let column = index % settings.n;
  let row = index / settings.n % settings.m;
  let matrix = index / settings.n / settings.m;
  var at_a = matrix * settings.a_batch + row * settings.a_row;
  var at_b = matrix * settings.b_batch + column * settings.b_column;
  var sum = 0.0;
  for (var inner = 0u; inner < settings.k; inner++) {
    sum += a[at_a] * b[at_b];
    at_a += settings.a_inner;
    at_b += settings.b_inner;
  }
  if (has_bias) {
    sum += bias[column];
  }
  y[index] = activate(sum);
}
