// The exponential and the activations that several shaders share. NaN stays NaN.
// #include "bits"

fn exp_safe(value: f32) -> f32 {
  return select(exp(value), value, is_nan(value));
}

// Zero for every negative number; NaN stays NaN. The sign bit alone decides, because the bit patterns of NaN lie beyond infinity.
fn relu(value: f32) -> f32 {
  let bits = bitcast<u32>(value);
  return select(value, 0.0, bits > 0x80000000u && bits <= 0xff800000u);
}

// WGSL guarantees only 1e-5 for tanh, and an implementation by sinh / cosh overflows. Uses the series below 0.3, otherwise the
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
