// y[batch][m][n] = activate(a · b + bias, residual) without workgroup memory or barriers, four neighbours of a row a thread: the
// plain version, that the others are tested against and that serves products too small to fill a tile. Each sum adds up in the
// order of k. Columns past the end are computed of whatever is read there and not stored.
//
// Strides in elements say how an operand lies, so a transposed one needs no code of its own. A batch stride of 0
// broadcasts the operand.

struct Settings {
  // #include "strided-product"
  quads_n: u32, // threads side by side
}
@group(0) @binding(0) var<uniform> settings: Settings;
@group(0) @binding(1) var<storage, read> a: array<f32>; // [batch][m][k], by the strides
@group(0) @binding(2) var<storage, read> b: array<f32>; // [batch][k][n], by the strides
@group(0) @binding(3) var<storage, read> bias: array<f32>; // [n]; not read when has_bias is false
@group(0) @binding(4) var<storage, read> residual: array<f32>; // [batch][m][n]; not read when has_residual is false
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
