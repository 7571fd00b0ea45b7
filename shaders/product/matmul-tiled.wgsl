// y[batch][m][n] = activate(a · b + bias, residual). A workgroup computes a tile of tile_m × tile_n outputs; each thread computes
// `down` × `across` blocks of 4 × 4 outputs in registers. Both operands are staged in workgroup memory in the same layout,
// [k][quads of a, quads of b], so the inner loop is the same for plain and transposed operands. Only the loads differ: they read
// blocks of 4 × 4, and transpose them if the operand is contiguous along k. The blocks of a thread are spread over the tile, so
// that neighbouring threads read neighbouring vec4, whatever the number of blocks. The next blocks are loaded before the current
// ones are multiplied, so that the loads overlap with the arithmetic.
//
// With slices > 1, the threads form that many groups. Each group sums every slices-th k of a tile, and the partial sums are added
// in the order of the slices. This serves outputs that are too small to fill the device otherwise, and products with so few rows
// or columns that reading the other operand dominates. If the device is still not full, k is split into slots of `chunk`, whose
// sums are stored as separate matrices. Adding these up is a matrix product, too: a row of ones times [slots][batch · m · n],
// with the epilogue of the whole product. In every case the order of summation depends on the shape alone.
//
// Blocks: `tile` sets the sizes; `*_element` and `*_quad` read (`y_quad` writes) whole vec4 if the row length in memory is a
// multiple of 4; `sums`, `multiply` and `store` are repeated for each block of a thread.

/*[tile*/
const tile_m = 32u;
const tile_n = 32u;
const depth = 16u; // values of k per iteration: few enough that no thread has to read two blocks
const down = 1u;
const across = 1u;
const slices = 1u;
const whole = false; // m, n and k are multiples of the tile: nothing is out of range
const flat = false; // the output is a single row, which represents [m][n]
/*tile]*/

struct Settings {
  m: u32,
  n: u32,
  k: u32,
  batch: u32,
  parts: u32, // batch * slots
  chunk: u32, // values of k per slot, a multiple of depth
  tiles_n: u32, // number of tiles side by side
  a_batch: u32, // elements from one matrix to the next; 0 broadcasts
  b_batch: u32,
  bias_n: u32, // n; if flat, the n of [m][n]
}
@group(0) @binding(0) var<uniform> settings: Settings;
@group(0) @binding(1) var<storage, read> a: array</*[a_element*/f32/*a_element]*/>; // [batch][m][k] or [batch][k][m]
@group(0) @binding(2) var<storage, read> b: array</*[b_element*/f32/*b_element]*/>; // [batch][k][n] or [batch][n][k]
@group(0) @binding(3) var<storage, read> bias: array<f32>; // [n]; not read if has_bias is false
@group(0) @binding(4) var<storage, read> residual: array<f32>; // [batch][m][n]; not read if has_residual is false
@group(0) @binding(5) var<storage, read_write> y: array</*[y_element*/f32/*y_element]*/>; // [slots][batch][m][n]

override transpose_a: bool = false;
override transpose_b: bool = false;

// #include "epilogue"

const quads_m = tile_m / 4u;
const quads_n = tile_n / 4u;
const quads_k = depth / 4u;
const pieces_a = quads_m * quads_k; // blocks of 4 × 4
const pieces_b = quads_n * quads_k;
const lanes_n = quads_n / across;
const lanes = quads_m / down * lanes_n; // threads per slice
const threads = lanes * slices;
const pitch = quads_m + quads_n + 1u; // one more than needed, so that columns of the tile are in different banks

var<workgroup> tile: array<vec4<f32>, depth * pitch>; // [k][m / 4 of a, n / 4 of b]

fn bias_at(column: u32) -> u32 {
  return select(column, column % settings.bias_n, flat);
}

// Number of positions from `at` on that are before `end`, if fewer than four; otherwise any value of at least four.
fn places_left(at: u32, end: u32) -> u32 {
  return select(end - min(at, end), 4u, whole);
}

// Four contiguous elements; those after the first `left` are zeros.
fn read_quad(is_b: bool, index: u32, left: u32) -> vec4<f32> {
  var quad = vec4<f32>();
  if (is_b) {
    /*[b_quad*/
    if (left > 0u) { quad.x = b[index]; }
    if (left > 1u) { quad.y = b[index + 1u]; }
    if (left > 2u) { quad.z = b[index + 2u]; }
    if (left > 3u) { quad.w = b[index + 3u]; }
    /*b_quad]*/
  } else {
    /*[a_quad*/
    if (left > 0u) { quad.x = a[index]; }
    if (left > 1u) { quad.y = a[index + 1u]; }
    if (left > 2u) { quad.z = a[index + 2u]; }
    if (left > 3u) { quad.w = a[index + 3u]; }
    /*a_quad]*/
  }
  return quad;
}

// The outer product of four rows and four columns: 4 × 4 products.
fn outer(left: vec4<f32>, right: vec4<f32>) -> mat4x4<f32> {
  return mat4x4<f32>(left.x * right, left.y * right, left.z * right, left.w * right);
}

// One row of a block of outputs.
fn store_row(part: u32, row: u32, column: u32, sum: vec4<f32>) {
  if (places_left(row, settings.m) == 0u) {
    return;
  }
  let index = (part * settings.m + row) * settings.n + column;
  let quad = vec4<f32>(
    epilogue(sum.x, index, bias_at(column)),
    epilogue(sum.y, index + 1u, bias_at(column + 1u)),
    epilogue(sum.z, index + 2u, bias_at(column + 2u)),
    epilogue(sum.w, index + 3u, bias_at(column + 3u)),
  );
  let left = places_left(column, settings.n);
  /*[y_quad*/
  if (left > 0u) { y[index] = quad.x; }
  if (left > 1u) { y[index + 1u] = quad.y; }
  if (left > 2u) { y[index + 2u] = quad.z; }
  if (left > 3u) { y[index + 3u] = quad.w; }
  /*y_quad]*/
}

fn store(part: u32, row: u32, column: u32, sum: mat4x4<f32>) {
  store_row(part, row, column, sum[0]);
  store_row(part, row + 1u, column, sum[1]);
  store_row(part, row + 2u, column, sum[2]);
  store_row(part, row + 3u, column, sum[3]);
}

@compute @workgroup_size(threads)
fn matmul_tiled(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let index = group.y * groups.x + group.x;
  let row = index / settings.tiles_n * tile_m;
  if (row >= settings.m) {
    return;
  }
  let column = index % settings.tiles_n * tile_n;
  let slice = local / lanes;
  let lane = local % lanes;
  let lane_m = lane / lanes_n;
  let lane_n = lane % lanes_n;

  // The block of a or b that the thread loads. Neighbouring threads load neighbouring blocks in memory.
  let is_b = local >= pieces_a;
  let is_across = select(transpose_a, !transpose_b, is_b); // whether m or n is the contiguous dimension in memory, not k
  let quads = select(quads_m, quads_n, is_b);
  let piece = local - select(0u, pieces_a, is_b);
  let quad = select(piece / quads_k, piece % quads, is_across);
  let quad_k = select(piece % quads_k, piece / quads, is_across) * 4u;
  let place = quad_k * pitch + quad + select(0u, quads_m, is_b);
  let beside = select(row, column, is_b) + quad * 4u;
  let size = select(settings.m, settings.n, is_b);
  let width = select(settings.k, size, is_across);
  let height = select(size, settings.k, is_across);

  for (var part = group.z; part < settings.parts; part += groups.z) {
    let start = part % settings.batch * select(settings.a_batch, settings.b_batch, is_b);
    let first = part / settings.batch * settings.chunk;
    let end = min(first + settings.chunk, settings.k);
    var piece_rows = mat4x4<f32>();
    /*[sums*/var sum0_0 = mat4x4<f32>();/*sums]*/
    for (var inner = first; inner < end + depth; inner += depth) {
      let reads = inner < end && local < pieces_a + pieces_b;
      if (reads) {
        let line = select(beside, inner + quad_k, is_across);
        let from = select(inner + quad_k, beside, is_across);
        let at = start + line * width + from;
        let left = places_left(from, width);
        let lines = places_left(line, height);
        piece_rows = mat4x4<f32>(
          read_quad(is_b, at, select(0u, left, lines > 0u)),
          read_quad(is_b, at + width, select(0u, left, lines > 1u)),
          read_quad(is_b, at + width * 2u, select(0u, left, lines > 2u)),
          read_quad(is_b, at + width * 3u, select(0u, left, lines > 3u)),
        );
      }
      if (inner > first) {
        for (var k = slice; k < depth; k += slices) {
          let at_a = k * pitch + lane_m;
          let at_b = k * pitch + quads_m + lane_n;
          /*[multiply*/
          let rows0 = tile[at_a];
          let columns0 = tile[at_b];
          sum0_0 = sum0_0 + outer(rows0, columns0);
          /*multiply]*/
        }
      }
      workgroupBarrier();
      if (reads) {
        if (!is_across) {
          piece_rows = transpose(piece_rows);
        }
        tile[place] = piece_rows[0];
        tile[place + pitch] = piece_rows[1];
        tile[place + pitch * 2u] = piece_rows[2];
        tile[place + pitch * 3u] = piece_rows[3];
      }
      workgroupBarrier();
    }
    if (slices > 1u) {
      tile[local * 4u] = sum0_0[0];
      tile[local * 4u + 1u] = sum0_0[1];
      tile[local * 4u + 2u] = sum0_0[2];
      tile[local * 4u + 3u] = sum0_0[3];
      workgroupBarrier();
      for (var other = 1u; other < slices; other++) {
        let at = (other * lanes + lane) * 4u;
        sum0_0 = sum0_0 + mat4x4<f32>(tile[at], tile[at + 1u], tile[at + 2u], tile[at + 3u]);
      }
      workgroupBarrier();
    }
    if (slice == 0u) {
      let first_row = row + lane_m * 4u;
      let first_column = column + lane_n * 4u;
      /*[store*/store(part, first_row, first_column, sum0_0);/*store]*/
    }
  }
}
