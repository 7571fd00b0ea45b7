// Maximum and minimum that return NaN if an operand is NaN.
// #include "bits"

fn maximum(left: f32, right: f32) -> f32 {
  return select(select(max(left, right), right, is_nan(right)), left, is_nan(left));
}

fn minimum(left: f32, right: f32) -> f32 {
  return select(select(min(left, right), right, is_nan(right)), left, is_nan(left));
}
