// y[batch][m][n] = activate(a · b + bias, extra) without workgroup memory or barriers: a thread computes `rows` × 4 outputs in
// registers, four k at a time. With one row it is the plain version, that the others are tested against and that serves
// products too small to fill a tile; with up to 32 it is the fast one of software adapters.
//
// Strides in elements say how an operand lies, so a transposed one needs no code of its own. A batch stride of 0
// broadcasts the operand. The usual epilogues are chosen by a uniform, because four pipelines for the products of one small
// network take a software adapter most of the time until its first step; any other's text comes from its op. Rows and columns past the end are
// computed of whatever is read there and not stored; places past k count as zeros.
//
// SwiftShader computes four threads at once, and a read of the four costs it 8 to 12 ns however the addresses lie, of
// workgroup memory 18 ns, a multiply-add 0.3 ns, a swap within the quad 0.5 ns. So the blocks make a workgroup of one quad
// there, up to 32 rows high: each thread reads one of four k of a row of a and gets the others by swaps, which meet the rows of b
// in its own `order`. On two cores 256³ then runs at 5 to 6 GFLOP/s, the tiled kernel at 1.1
// (`npm run bench -- matmul --backend webgpu --browser`). The order of a sum depends on its column and the shape alone.

/*[enable*/ /*enable]*/

const rows = /*[rows*/1u/*rows]*/;

struct Settings {
  m: u32,
  n: u32,
  k: u32,
  batch: u32,
  a_batch: u32,
  a_row: u32, // from one m to the next
  a_inner: u32, // from one k to the next
  b_batch: u32,
  b_inner: u32, // from one k to the next
  b_column: u32, // from one n to the next
  quads_n: u32, // threads side by side
  blocks_m: u32, // threads one below the other
  has_bias: u32,
  has_extra: u32,
  finish: u32, // the number of the epilogue, as in assembly/matmul.ts
}
@group(0) @binding(0) var<uniform> settings: Settings;
@group(0) @binding(1) var<storage, read> a: array<f32>; // [batch][m][k], by the strides
@group(0) @binding(2) var<storage, read> b: array<f32>; // [batch][k][n], by the strides
@group(0) @binding(3) var<storage, read> bias: array<f32>; // [n]; not read when has_bias is 0
@group(0) @binding(4) var<storage, read> extra: array<f32>; // [batch][m][n]; not read when has_extra is 0
@group(0) @binding(5) var<storage, read_write> y: array<f32>; // [batch][m][n]

override threads: u32 = 64u;

/*[helpers*/ /*helpers]*/

// Zero for every negative number; NaN stays, whose patterns lie beyond infinity.
fn relu(value: f32) -> f32 {
  let bits = bitcast<u32>(value);
  return select(value, 0.0, bits > 0x80000000u && bits <= 0xff800000u);
}

// The output at `at` from its sum of products. Past the end it is made of whatever is read there.
fn finished(products: f32, at: u32, column: u32) -> f32 {
  var sum = products;
  var other = 0.0;
  if (settings.has_bias != 0u) {
    sum += bias[column];
  }
  if (settings.has_extra != 0u) {
    other = extra[at];
  }
  /*[activate*/
  let x = sum + other;
  switch settings.finish {
    case 1u: { return relu(x); }
    case 2u: { return select(0.0, sum, other > 0.0); }
    case 3u: { return sum * (other * (1.0 - other)); }
    case 4u: { return sum * (1.0 - other * other); }
    default: { return x; }
  }
  /*activate]*/
}

// Four k of a row of a, zeros where not `inside`.
fn a_four(at: u32, step: u32, inside: vec4<bool>) -> vec4<f32> {
  /*[a_four*/
  let x = vec4f(a[at], a[at + step], a[at + step * 2u], a[at + step * 3u]);
  return select(vec4f(), x, inside);
  /*a_four]*/
}

fn b_four(at: u32, right: vec4<u32>, inside: bool) -> vec4<f32> {
  let x = vec4<f32>(b[at], b[at + right.y], b[at + right.z], b[at + right.w]);
  return select(vec4<f32>(), x, inside);
}

fn put(y_at: u32, column: u32, n: u32, sum: f32) {
  if (column < n) {
    y[y_at + column] = finished(sum, y_at + column, column);
  }
}

@compute @workgroup_size(threads)
fn matmul(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(/*[local*/local_invocation_index/*local]*/) local: u32,
) {
  let index = (group.y * groups.x + group.x) * threads + local;
  let column = index % settings.quads_n * 4u;
  let row = index / settings.quads_n % settings.blocks_m * rows;
  let matrix = index / settings.quads_n / settings.blocks_m;
  let n = settings.n; // read once: SwiftShader would do it again for every use
  let k = settings.k;
  let a_row = settings.a_row;
  let a_inner = settings.a_inner;
  let b_inner = settings.b_inner;
  let lane = select(0u, local, threads == 4u);
  let order = vec4<u32>(lane) ^ vec4<u32>(0u, 1u, 2u, 3u);
  let down = order * b_inner;
  let right = vec4<u32>(0u, 1u, 2u, 3u) * settings.b_column;
  var at_a = matrix * settings.a_batch + row * a_row + lane * a_inner;
  var at_b = matrix * settings.b_batch + column * settings.b_column;
  var sums: array<vec4<f32>, rows>;
  for (var inner = 0u; inner < k; inner += 4u) {
    let inside = order + inner < vec4<u32>(k);
    let b_rows = mat4x4<f32>(
      b_four(at_b + down.x, right, inside.x),
      b_four(at_b + down.y, right, inside.y),
      b_four(at_b + down.z, right, inside.z),
      b_four(at_b + down.w, right, inside.w),
    );
    var at = at_a;
    /*[add*/sums[0] += b_rows * a_four(at, a_inner, inside); at += a_row;/*add]*/ // for each row
    at_a += a_inner * 4u;
    at_b += b_inner * 4u;
  }
  if (matrix >= settings.batch) {
    return;
  }
  let rows_left = min(rows, settings.m - row);
  for (var i = 0u; i < rows_left; i++) {
    let sum = sums[i];
    let y_at = (matrix * settings.m + row + i) * n;
    put(y_at, column, n, sum.x);
    put(y_at, column + 1u, n, sum.y);
    put(y_at, column + 2u, n, sum.z);
    put(y_at, column + 3u, n, sum.w);
  }
}
