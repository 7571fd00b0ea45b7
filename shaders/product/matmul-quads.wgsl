// y[batch][m][n] = activate(a · b + bias, residual) for software adapters. A workgroup is one quad of threads, and each thread
// computes up to 32 rows × 4, 8 or 16 outputs in registers, four values of k at a time, without workgroup memory or barriers.
//
// SwiftShader executes four threads at once. A read by all four costs 8 to 18 ns whatever the addresses are, a read of workgroup
// memory more; a multiply-add of four costs 0.5 ns, and a swap within the quad the same. Each thread therefore reads one of four
// values of k of a row of a and obtains the others by swaps, which match the rows of b in the `order` of the thread. SwiftShader
// keeps only named variables and arrays with constant indices in registers: the sums are variables, and the loop that stores them
// uses a copy. It executes both branches of a condition, but no iteration of a loop with trip count zero: hence two loops for
// storing. On two cores 256³ then runs at 8 GFLOP/s; the tiled kernel reaches 1.1 (`npm run bench -- matmul --backend webgpu
// --browser`).
//
// Operands are addressed by strides in elements, so a transposed operand needs no separate code. A batch stride of 0 broadcasts
// the operand. A uniform selects among the usual epilogues, because compiling four pipelines for the products of one small
// network takes most of the time until the first step on a software adapter; the code of any other epilogue comes from its op.
// Out-of-range rows and columns are computed from arbitrary values and not stored; elements past k count as zeros. The order of
// summation depends only on the column and the shape, not on the number of columns per thread.
//
// Blocks, from src/ops/product/matmul-quads.ts: `columns`, `add`, `sums` and `found` are repeated for each row and each block of
// columns; `helpers` and `finish` are for the other epilogues.

enable subgroups;

const rows = /*[rows*/1u/*rows]*/;
const across = /*[across*/1u/*across]*/; // number of blocks of 16 columns, four columns per thread

struct Settings {
  // #include "strided-product"
  quads_n: u32, // number of workgroups side by side
  blocks_m: u32, // number of workgroups in the vertical direction
  has_epilogue: u32, // 0 if only the products are stored
  has_bias: u32,
  has_residual: u32,
  finish: u32, // index of the epilogue, as in assembly/product/matmul.ts
}
@group(0) @binding(0) var<uniform> settings: Settings;
@group(0) @binding(1) var<storage, read> a: array<f32>; // [batch][m][k], by the strides
@group(0) @binding(2) var<storage, read> b: array<f32>; // [batch][k][n], by the strides
@group(0) @binding(3) var<storage, read> bias: array<f32>; // [n]; not read if has_bias is 0
@group(0) @binding(4) var<storage, read> residual: array<f32>; // [batch][m][n]; not read if has_residual is 0
@group(0) @binding(5) var<storage, read_write> y: array<f32>; // [batch][m][n]

/*[helpers*/ /*helpers]*/

// Zero for every negative number; NaN stays NaN, because its bit patterns lie beyond infinity. An epilogue may define its own
// `relu`.
fn relu_four(value: vec4<f32>) -> vec4<f32> {
  let bits = bitcast<vec4<u32>>(value);
  return select(value, vec4<f32>(), (bits > vec4<u32>(0x80000000u)) & (bits <= vec4<u32>(0xff800000u)));
}

fn activated(sum: vec4<f32>, other: vec4<f32>) -> vec4<f32> {
  /*[finish*/
  let x = sum + other;
  switch settings.finish {
    case 1u: { return relu_four(x); }
    case 2u: { return select(vec4<f32>(), sum, other > vec4<f32>()); }
    case 3u: { return sum * (other * (1.0 - other)); }
    case 4u: { return sum * (1.0 - other * other); }
    default: { return x; }
  }
  /*finish]*/
}

// Four k of a row of a in the order of the thread. `inside` tells whether the element that the thread itself reads is in range.
fn a_four(at: u32, inside: bool) -> vec4<f32> {
  let x = select(0.0, a[at], inside);
  return vec4<f32>(x, quadSwapX(x), quadSwapY(x), quadSwapDiagonal(x));
}

// Four k of four columns of b, in the order of the thread.
fn b_rows(at: u32, down: vec4<u32>, right: vec4<u32>, inside: vec4<bool>) -> mat4x4<f32> {
  return mat4x4<f32>(
    b_four(at + down.x, right, inside.x),
    b_four(at + down.y, right, inside.y),
    b_four(at + down.z, right, inside.z),
    b_four(at + down.w, right, inside.w),
  );
}

fn b_four(at: u32, right: vec4<u32>, inside: bool) -> vec4<f32> {
  let x = vec4<f32>(b[at], b[at + right.y], b[at + right.z], b[at + right.w]);
  return select(vec4<f32>(), x, inside);
}

fn put(at: vec4<u32>, inside: vec4<bool>, result: vec4<f32>) {
  if (inside.x) {
    y[at.x] = result.x;
  }
  if (inside.y) {
    y[at.y] = result.y;
  }
  if (inside.z) {
    y[at.z] = result.z;
  }
  if (inside.w) {
    y[at.w] = result.w;
  }
}

@compute @workgroup_size(4)
fn matmul_quads(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let index = group.y * groups.x + group.x;
  let column = index % settings.quads_n * 16u * across + lane;
  let row = index / settings.quads_n % settings.blocks_m * rows;
  let matrix = index / settings.quads_n / settings.blocks_m;
  let n = settings.n; // read once: SwiftShader would repeat the read for every use
  let k = settings.k;
  let a_row = settings.a_row;
  let a_inner = settings.a_inner;
  let b_inner = settings.b_inner;
  let order = vec4<u32>(lane) ^ vec4<u32>(0u, 1u, 2u, 3u);
  let down = order * b_inner;
  let right = vec4<u32>(0u, 4u, 8u, 12u) * settings.b_column;
  let sixteen = settings.b_column * 16u; // from one block of columns to the next
  var at_a = matrix * settings.a_batch + row * a_row + lane * a_inner;
  var at_b = matrix * settings.b_batch + column * settings.b_column;
  /*[sums*/var sum0_0: vec4f;/*sums]*/
  for (var inner = 0u; inner < k; inner += 4u) {
    let inside = order + inner < vec4<u32>(k);
    var next = at_b;
    /*[columns*/let b_0 = b_rows(next, down, right, inside); next += sixteen;/*columns]*/ // for each block of columns
    var at = at_a;
    /*[add*/{ let x = a_four(at, inside.x); at += a_row; sum0_0 += b_0 * x; }/*add]*/ // for each row
    at_a += a_inner * 4u;
    at_b += b_inner * 4u;
  }
  var found: array<array<vec4<f32>, rows>, across>;
  /*[found*/found[0][0] = sum0_0;/*found]*/ // for each row and each block of columns
  let rows_left = select(0u, min(rows, settings.m - row), matrix < settings.batch);
  let bare_rows = select(0u, rows_left, settings.has_epilogue == 0u);
  let has_bias = vec4<bool>(settings.has_bias != 0u);
  let has_residual = vec4<bool>(settings.has_residual != 0u);
  let in_y = (matrix * settings.m + row) * n;
  for (var j = 0u; j < across; j++) {
    let columns = column + 16u * j + vec4<u32>(0u, 4u, 8u, 12u);
    let inside = columns < vec4<u32>(n);
    let biases = vec4<f32>(bias[columns.x], bias[columns.y], bias[columns.z], bias[columns.w]);
    let start = select(vec4<f32>(), biases, has_bias);
    var at = in_y + columns;
    for (var i = 0u; i < bare_rows; i++) {
      put(at, inside, found[j][i]);
      at += n;
    }
    for (var i = bare_rows; i < rows_left; i++) {
      let others = vec4<f32>(residual[at.x], residual[at.y], residual[at.z], residual[at.w]);
      let result = activated(found[j][i] + start, select(vec4<f32>(), others, has_residual));
      put(at, inside, result);
      at += n;
    }
  }
}
