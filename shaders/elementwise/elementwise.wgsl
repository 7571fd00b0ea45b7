// A fused chain of elementwise ops. One thread computes one element of every output (on a software adapter, where threads are
// expensive, every n-th element), so each input is read and each output written once, and intermediate values stay in registers.
//
// src/ops/elementwise/elementwise-wgsl.ts replaces the blocks: `bindings` with the buffers of the chain and the constants of
// their shapes, `helpers` with the functions that the ops of the chain call, `scalars` with values that are read once, `body`
// with one line per instruction. The build turns each helper into a constant, so that a page bundles only the helpers of the ops
// that it uses. The code in this file is the shortest valid chain, y0 = x0.
//
// WGSL lets an implementation assume that NaN and infinity never occur. Arithmetic propagates them in practice, so it needs no
// special handling. Comparisons, min, max and the transcendental functions do not (SwiftShader: exp(NaN) is infinity, log(0) is
// -88), so the bits are tested wherever one of those would lose a NaN.

/*[bindings*/
struct Settings {
  size: u32,
}
@group(0) @binding(0) var<uniform> settings: Settings;
@group(0) @binding(1) var<storage, read> x0: array<f32>; // [size]
@group(0) @binding(2) var<storage, read_write> y0: array<f32>; // [size]
/*bindings]*/

override threads: u32 = 128u;

/*[helpers*/
// #include "activations"
// #include "extremes"

// Truncates towards zero. Values out of range are clamped to the range, and NaN becomes 0. WGSL itself clamps to the last float32
// inside the range.
fn to_int(x: f32) -> i32 {
  return select(select(i32(x), 0x7fffffff, x >= 2147483648.0), 0, is_nan(x));
}

fn sign_safe(x: f32) -> f32 {
  return select(sign(x), x, is_nan(x));
}

// Minus infinity at 0, NaN for negative numbers.
fn log_safe(x: f32) -> f32 {
  let bits = bitcast<u32>(x);
  var y = select(log(x), from_bits(0xff800000u), x == 0.0);
  y = select(y, from_bits(0x7fc00000u), x < 0.0);
  return select(y, x, (bits >= 0x7f800000u && bits < 0x80000000u) || is_nan(x));
}

// Returns the same value, by an exclusive or with a 0 that is only known at run time (there are never 2^31 elements). WGSL lets a
// compiler reassociate sums, but not across this operation.
fn hidden(value: f32) -> f32 {
  return bitcast<f32>(bitcast<u32>(value) ^ (settings.size >> 31u));
}

// The rounding error of total = x + y in float32.
fn sum_error(total: f32, x: f32, y: f32) -> f32 {
  let part = hidden(total - x);
  let error = hidden(x - hidden(total - part)) + hidden(y - part);
  return select(0.0, error, is_finite(error));
}

fn select_nonzero(x: f32, y: f32, z: f32) -> f32 {
  return select(z, y, (bitcast<u32>(x) & 0x7fffffffu) != 0u);
}

// Zero where x sigmoid(x) is below the smallest float32, including minus infinity.
fn silu(x: f32) -> f32 {
  return select(x * sigmoid(x), 0.0, x < -110.0);
}

// The 64-bit product of two words: low half, high half.
fn wide_product(a: u32, b: u32) -> vec2<u32> {
  let low = (a & 0xffffu) * (b & 0xffffu);
  let middle = (a >> 16u) * (b & 0xffffu) + (low >> 16u);
  let other = (a & 0xffffu) * (b >> 16u) + (middle & 0xffffu);
  let high = (a >> 16u) * (b >> 16u) + (middle >> 16u) + (other >> 16u);
  return vec2<u32>((other << 16u) | (low & 0xffffu), high);
}

// large_angle(x): the remainder of |x| after the nearest multiple of π/2, and that multiple modulo 4, for |x| of any size.
// Multiplies the significand by the relevant bits of 1/2π (Payne and Hanek, Radian reduction for trigonometric functions, 1983).
fn large_angle(x: f32) -> vec2<f32> {
  var inverse = array<u32, 8>(
    0u, 0x28be60dbu, 0x9391054au, 0x7f09d5f4u, 0x7d4d3770u, 0x36d8a566u, 0x4f10e410u, 0x7f9458eau,
  );
  let bits = bitcast<u32>(x);
  let significand = (bits << 8u) | 0x80000000u;
  let exponent = ((bits >> 23u) & 0xffu) - 126u;
  let word = min(exponent / 32u, 4u);
  let shift = exponent % 32u;
  var window = vec3<u32>(inverse[word], inverse[word + 1u], inverse[word + 2u]) << vec3<u32>(shift);
  if (shift > 0u) {
    window |= vec3<u32>(inverse[word + 1u], inverse[word + 2u], inverse[word + 3u]) >> vec3<u32>(32u - shift);
  }
  let carried = wide_product(significand, window.z).y;
  let middle = wide_product(significand, window.y);
  let low = middle.x + carried;
  var high = significand * window.x + middle.y + select(0u, 1u, low < carried);
  let quarter = (high >> 30u) + ((high >> 29u) & 1u);
  high = bitcast<u32>(bitcast<i32>(high << 2u) >> 2u); // from -1/2 to 1/2 of a quarter, in units of 2^-30
  let rest = f32(bitcast<i32>(high)) * 4294967296.0 + f32(low);
  return vec2<f32>(rest * 3.4061216e-19, f32(quarter & 3u));
}

// The remainder of x after the nearest multiple of π/2, and that multiple. Up to 1e5 the multiple is subtracted in three parts
// whose products are exact.
fn angle(x: f32) -> vec2<f32> {
  if (abs(x) > 1e5 && is_finite(x)) {
    let positive = large_angle(abs(x));
    return select(positive, -positive, x < 0.0);
  }
  let quarters = round(x * 0.63661977);
  let rest = fma(-quarters, 0.000000075497900, fma(-quarters, 0.00048375130, fma(-quarters, 1.5703125, x)));
  return vec2<f32>(rest, quarters);
}

// The sine of r + quarters · π/2, for r from -π/4 to π/4. Polynomials of Moshier's Cephes library (1989).
fn sine_of_quarters(r: f32, quarters: i32) -> f32 {
  let q = r * r;
  let sine = r + r * q * (-0.16666655 + q * (0.0083321609 + q * -0.00019515296));
  let cosine = 1.0 - 0.5 * q + q * q * (0.041666646 + q * (-0.0013887316 + q * 0.000024433157));
  let y = select(sine, cosine, (quarters & 1) == 1);
  return select(y, -y, (quarters & 2) == 2);
}

// WGSL guarantees sine and cosine only to 2^-11, and only between -π and π.
fn sin_safe(x: f32) -> f32 {
  let reduced = angle(x);
  return sine_of_quarters(reduced.x, i32(reduced.y));
}

fn cos_safe(x: f32) -> f32 {
  let reduced = angle(x);
  return sine_of_quarters(reduced.x, i32(reduced.y) + 1);
}

// log(1 + x): below 1/2 as 2 atanh(x / (2 + x)), whose series does not depend on an exact cancellation by the compiler.
fn log1p(x: f32) -> f32 {
  let s = x / (2.0 + x);
  let q = s * s;
  let tail = q * (0.11111111 + q * (0.09090909 + q * 0.07692308));
  let small = 2.0 * s + 2.0 * s * q * (0.33333333 + q * (0.2 + q * (0.14285714 + tail)));
  return select(log_safe(1.0 + x), small, abs(x) < 0.5);
}

// exp(x) - 1: the Taylor series below 1/2.
fn expm1(x: f32) -> f32 {
  let tail = x * (0.0013888889 + x * (0.00019841270 + x * 0.000024801587));
  let small = x + x * x * (0.5 + x * (0.16666667 + x * (0.041666667 + x * (0.0083333333 + tail))));
  return select(exp_safe(x) - 1.0, small, abs(x) < 0.5);
}

// log(1 + exp(x)) without overflow.
fn softplus(x: f32) -> f32 {
  return relu(x) + log1p(exp_safe(-abs(x)));
}

fn elu(x: f32, alpha: f32) -> f32 {
  return select(x, alpha * expm1(x), x < 0.0);
}

// Within 4e-7: the Maclaurin series below 0.75, otherwise Abramowitz & Stegun, Handbook of Mathematical Functions (1964), 7.1.26,
// whose own error is 1.5e-7.
fn erf(x: f32) -> f32 {
  let a = abs(x);
  let q = x * x;
  let tail = q * (-0.00075757576 + q * (0.00010683761 + q * -0.000013227513));
  let series = 1.0 + q * (-0.33333333 + q * (0.1 + q * (-0.023809524 + q * (0.0046296296 + tail))));
  let t = 1.0 / (1.0 + 0.3275911 * a);
  let poly = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  let large = 1.0 - poly * exp(-q);
  return select(select(large, -large, x < 0.0), 1.1283792 * x * series, a < 0.75);
}

fn gelu(x: f32) -> f32 {
  return select(0.5 * x * (1.0 + erf(0.70710678 * x)), 0.0, x < -14.0);
}

fn round_even(x: f32) -> f32 {
  return round(x); // round in WGSL rounds halves to even
}

// The exact remainder with the sign of y, even where it is 0. Repeatedly subtracts y times the largest power of two that fits.
// The % operator of WGSL rounds the quotient first.
fn modulo(x: f32, y: f32) -> f32 {
  let size = bitcast<u32>(abs(y));
  if (!is_finite(x) || is_nan(y) || size < 0x00800000u) { // y is zero or subnormal, and may be flushed to zero
    return from_bits(0x7fc00000u);
  }
  var rest = abs(x);
  while (rest >= abs(y)) {
    let power = (bitcast<u32>(rest) >> 23u) - (size >> 23u);
    let part = from_bits(size + (power << 23u));
    rest -= select(part, 0.5 * part, part > rest);
  }
  if (rest == 0.0) {
    return from_bits(bitcast<u32>(y) & 0x80000000u);
  }
  rest = select(rest, -rest, x < 0.0);
  return select(rest, rest + y, (rest < 0.0) != (y < 0.0));
}

fn log2_safe(x: f32) -> f32 {
  return select(log2(x), x, (bitcast<u32>(x) & 0x7f800000u) == 0x7f800000u);
}

// x to the power y for every x. pow in WGSL is exp2(y log2(x)): NaN for a negative x, and inexact for integer y.
fn pow_safe(x: f32, y: f32) -> f32 {
  if (x == 1.0 || (x == -1.0 && abs(y) > 3.4028234e38)) {
    return 1.0;
  }
  if (is_nan(y)) {
    return y;
  }
  let size = abs(y);
  let whole = floor(size) == size;
  if (whole && size <= 128.0) {
    var result = 1.0;
    var square = x;
    for (var left = u32(size); left > 0u; left >>= 1u) {
      if ((left & 1u) == 1u) {
        result *= square;
      }
      square *= square;
    }
    return select(result, 1.0 / result, y < 0.0);
  }
  if (x == 0.0) {
    return select(0.0, from_bits(0x7f800000u), y < 0.0);
  }
  let exponent = y * log2_safe(abs(x));
  var power = select(exp2(exponent), 0.0, exponent < -150.0);
  power = select(power, from_bits(0x7f800000u), exponent >= 128.0);
  power = select(power, exponent, is_nan(exponent));
  if (x > 0.0 || is_nan(x)) {
    return power;
  }
  let odd = whole && floor(0.5 * size) * 2.0 != size;
  return select(from_bits(0x7fc00000u), select(power, -power, odd), whole || !is_finite(x));
}
/*helpers]*/

@compute @workgroup_size(threads)
fn elementwise(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let size = settings.size;
  let stride = groups.x * groups.y * threads;
  /*[scalars*/ /*scalars]*/
  for (var i = (group.y * groups.x + group.x) * threads + local; i < size; i += stride) {
    /*[body*/
    y0[i] = x0[i];
    /*body]*/
  }
}
