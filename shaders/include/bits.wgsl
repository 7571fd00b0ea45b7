// Tests of floats by their bits. WGSL lets an implementation assume that NaN and infinity never occur, so comparisons may miss
// them. Code for which they matter tests the bits instead.

// Returns the float with the given bits. A function call is not a constant expression, in which infinity and NaN would be errors.
fn from_bits(bits: u32) -> f32 {
  return bitcast<f32>(bits);
}

fn is_nan(value: f32) -> bool {
  return (bitcast<u32>(value) & 0x7fffffffu) > 0x7f800000u;
}

fn is_finite(value: f32) -> bool {
  return (bitcast<u32>(value) & 0x7fffffffu) < 0x7f800000u;
}
