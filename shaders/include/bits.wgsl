// Floats by their bits. WGSL lets an implementation assume that NaN and infinity never occur, so a comparison may miss them: where
// one of them matters the test is on the bits.

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
