// Maximum and minimum, which are NaN where an operand is.
// #include "bits"

fn maximum(left: f32, right: f32) -> f32 {
  return select(select(max(left, right), right, is_nan(right)), left, is_nan(left));
}

fn minimum(left: f32, right: f32) -> f32 {
  return select(select(min(left, right), right, is_nan(right)), left, is_nan(left));
}
