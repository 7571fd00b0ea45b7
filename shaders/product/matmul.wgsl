// y[batch][m][n] = activate(a · b + bias, residual) without workgroup memory or barriers; each thread computes four neighbouring
// outputs of a row. This is the plain version: the reference for tests of the others, and the kernel for products that are too
// small to fill a tile. Each sum is accumulated in the order of k. Out-of-range columns are computed from arbitrary values and
// not stored.
//
// Operands are addressed by strides in elements, so a transposed operand needs no separate code. A batch stride of 0 broadcasts
// the operand.

struct Settings {
  // #include "strided-product"
  quads_n: u32, // number of threads side by side
}
@group(0) @binding(0) var<uniform> settings: Settings;
@group(0) @binding(1) var<storage, read> a: array<f32>; // [batch][m][k], by the strides
@group(0) @binding(2) var<storage, read> b: array<f32>; // [batch][k][n], by the strides
@group(0) @binding(3) var<storage, read> bias: array<f32>; // [n]; not read if has_bias is false
@group(0) @binding(4) var<storage, read> residual: array<f32>; // [batch][m][n]; not read if has_residual is false
@group(0) @binding(5) var<storage, read_write> y: array<f32>; // [batch][m][n]

override threads: u32 = 64u;

// #include "epilogue"

@compute @workgroup_size(threads)
fn matmul(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let index = (group.y * groups.x + group.x) * threads + local;
  let row = index / settings.quads_n;
  let matrix = row / settings.m;
  if (matrix >= settings.batch) {
    return;
  }
  var column = index % settings.quads_n * 4u;
  var at_a = matrix * settings.a_batch + row % settings.m * settings.a_row;
  var at_b = matrix * settings.b_batch + column * settings.b_column;
  let right = vec4<u32>(0u, 1u, 2u, 3u) * settings.b_column;
  var sum = vec4<f32>();
  for (var inner = 0u; inner < settings.k; inner++) {
    sum += a[at_a] * vec4<f32>(b[at_b], b[at_b + right.y], b[at_b + right.z], b[at_b + right.w]);
    at_a += settings.a_inner;
    at_b += settings.b_inner;
  }
  for (var i = 0u; i < 4u && column < settings.n; i++) {
    let at = row * settings.n + column;
    y[at] = epilogue(sum[i], at, column);
    column++;
  }
}
