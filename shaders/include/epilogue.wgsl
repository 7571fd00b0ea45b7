// The epilogue that a contraction applies to each sum before it stores it. The shader that includes this file binds `bias` and
// `residual`; its dispatch supplies the code of the activation.

override has_bias: bool = false;
override has_residual: bool = false;

/*[helpers*/ /*helpers]*/

// The output at `at`, given its sum of products. Out-of-range outputs are computed from arbitrary values.
fn epilogue(products: f32, at: u32, column: u32) -> f32 {
  var sum = products;
  var other = 0.0;
  if (has_bias) {
    sum += bias[column];
  }
  if (has_residual) {
    other = residual[at];
  }
  /*[activate*/
  let x = sum + other;
  return x;
  /*activate]*/
}
