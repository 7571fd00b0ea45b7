// What a contraction does to each sum before it stores it. The shader that includes this binds `bias` and `residual`, and its dispatch
// brings the text of the activation.

override has_bias: bool = false;
override has_residual: bool = false;

/*[helpers*/ /*helpers]*/

// The output at `at` from its sum of products. Past the end it is made of whatever is read there.
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
