// The gradient of a recurrent cell over all steps, from the last to the first. As in recurrent.ts, a block of rows traverses all
// steps independently. At each step the elementwise arithmetic of the cell, row by row, yields the gradient of the projected
// inputs. Its product with the transposed kernel, computed by the tiles, is the gradient that flows back to the previous hidden
// state. The products over steps and samples, for the gradients of the kernels, are ordinary matrix products that follow.
//
// The gradient with respect to a hidden state is never stored as a whole: it is upstream + straight + product, added where the
// previous step reads it. `straight` is the gradient that bypasses the cell: z·dh of a GRU, and the whole gradient where the mask
// is 0. Without dropout the product starts from it, so both are one.
//
// 100 steps of an LSTM of 128 units, 128 samples, Node 20 with fused multiply-adds: 40 ms of one core; a plain product of this
// size takes 32.5. Most of the rest waits for memory. The activation of the carry is recomputed: with no activation at all it
// takes as long.
import { Cell } from '../constants';
import { activated, get, put, sloped, works } from './recurrent-function';
import { BLOCK_ROWS, block_count, panel_product, ZEROS } from './recurrent-product';
import { tile_rows } from '../product/matmul-micro';
import { part_begin, part_end, take } from '../runtime/part';
import { add, fma, mul, one, splat, sub } from '../simd';
import { Address, OptionalAddress } from '../words';


// State of the current call.
let units: u32 = 0;
let act: u32 = 0;
let gate_act: u32 = 0;
/** Bytes of a row of units, of a row of all gates, and of a row of units rounded up to blocks of eight. */
let row: usize = 0;
let wide: usize = 0;
let padded: usize = 0;
let has_dropout = false;
/** Whether any gradient bypasses the cell. */
let passes = false;

// Addresses for the current row at the current step. Buffers with rows of `padded` bytes are scratch memory.
let upstream: usize = 0;
let before: usize = 0;
let after: usize = 0;
let carry_before: usize = 0;
let carry_after: usize = 0;
let values: usize = 0;
let inner: usize = 0;
let dropout: usize = 0;
let slopes: usize = 0;
let columns: usize = 0;
let carry_slopes: usize = 0;
let product: usize = 0;
let straight: usize = 0;
let through: usize = 0;

/** The gradient with respect to the state after the step. */
@inline
function arriving(at: usize, count: u32): v128 {
  let back = v128.load(product + at);
  if (has_dropout) back = fma(back, get(dropout + at, count), v128.load(straight + at));
  return add(get(upstream + at, count), back);
}

/** Stores the gradient that bypasses the cell. */
@inline
function pass(at: usize, value: v128): void {
  v128.store((has_dropout ? straight : product) + at, value);
}

@inline
function lstm_lanes(at: usize, count: u32): void {
  const h = arriving(at, count);
  const i = get(values + at, count), f = get(values + row + at, count);
  const g = get(values + 2 * row + at, count), o = get(values + 3 * row + at, count);
  const shown = activated(get(carry_after + at, count), act);
  const c = add(get(carry_slopes + at, count), sloped(mul(h, o), shown, act));
  put(slopes + at, sloped(mul(c, g), i, gate_act), count);
  put(slopes + row + at, sloped(mul(c, get(carry_before + at, count)), f, gate_act), count);
  put(slopes + 2 * row + at, sloped(mul(c, i), g, act), count);
  put(slopes + 3 * row + at, sloped(mul(h, shown), o, gate_act), count);
  put(carry_slopes + at, mul(c, f), count);
  if (has_dropout) v128.store(straight + at, splat(0));
  else if (passes) v128.store(product + at, splat(0));
}

@inline
function simple_lanes(at: usize, count: u32): void {
  put(slopes + at, sloped(arriving(at, count), get(after + at, count), act), count);
  if (has_dropout) v128.store(straight + at, splat(0));
  else if (passes) v128.store(product + at, splat(0));
}

/**
 * `columns` is 0 if the reset gate comes before the product: its gradient then follows from a product with the gradient of the
 * candidate.
 */
@inline
function gru_lanes(at: usize, count: u32): void {
  const d = arriving(at, count);
  const z = get(values + at, count), r = get(values + row + at, count), h = get(values + 2 * row + at, count);
  const candidate = sloped(mul(d, sub(one(), z)), h, act);
  const update = sloped(mul(d, sub(get(before + at, count), h)), z, gate_act);
  pass(at, mul(d, z));
  put(slopes + at, update, count);
  put(slopes + 2 * row + at, candidate, count);
  if (columns != 0) {
    const reset = sloped(mul(candidate, get(inner + at, count)), r, gate_act);
    put(slopes + row + at, reset, count);
    put(columns + at, update, count);
    put(columns + row + at, reset, count);
    put(columns + 2 * row + at, mul(candidate, r), count);
  }
}

/**
 * Computes the gradient of the reset gate, and the gradient that flows back through r·h. `through` is the product of the
 * candidate.
 */
@inline
function reset_lanes(at: usize, count: u32): void {
  let back = v128.load(through + at);
  if (has_dropout) back = mul(back, get(dropout + at, count));
  const r = get(values + row + at, count);
  const passing = (has_dropout ? straight : product) + at;
  v128.store(passing, fma(back, r, v128.load(passing)));
  put(slopes + row + at, sloped(mul(back, get(before + at, count)), r, gate_act), count);
}

function lstm_row(): void {
  const whole = row & ~15, left = units & 3;
  for (let at: usize = 0; at < whole; at += 16) lstm_lanes(at, 4);
  if (left != 0) lstm_lanes(whole, left);
}

function simple_row(): void {
  const whole = row & ~15, left = units & 3;
  for (let at: usize = 0; at < whole; at += 16) simple_lanes(at, 4);
  if (left != 0) simple_lanes(whole, left);
}

function gru_row(): void {
  const whole = row & ~15, left = units & 3;
  for (let at: usize = 0; at < whole; at += 16) gru_lanes(at, 4);
  if (left != 0) gru_lanes(whole, left);
}

function reset_row(): void {
  const whole = row & ~15, left = units & 3;
  for (let at: usize = 0; at < whole; at += 16) reset_lanes(at, 4);
  if (left != 0) reset_lanes(whole, left);
}

/** Where the mask is 0, the whole gradient bypasses the cell. */
function idle_row(): void {
  memory.fill(slopes, 0, wide);
  if (columns != 0) memory.fill(columns, 0, wide);
  for (let at: usize = 0, left = units; left > 0; at += 16) {
    const count = min<u32>(left, 4);
    pass(at, arriving(at, count));
    left -= count;
  }
}

/** The words of `recurrent_gradient`. */
@unmanaged
export class RecurrentGradientWords {
  /** f32[steps + 1][batch][units]; for an LSTM followed by the gradient of the carry. */
  upstream: Address;
  /** f32[steps + 1][batch][units] */
  states: Address;
  /** The output of `recurrent_pack`, transposed. */
  panels: Address;
  /** f32[steps + 1][batch][units], for an LSTM. */
  cells: OptionalAddress;
  /** f32[steps][batch][gates·units]: the values of the gates, for an LSTM or GRU. */
  values: OptionalAddress;
  /** f32[steps][batch][units], for a GRU whose reset gate follows the product. */
  inner: OptionalAddress;
  /** f32[batch][units] */
  dropout: OptionalAddress;
  /** f32[steps][batch] */
  mask: OptionalAddress;
  /** f32[steps][batch][gates·units]: the gradient of the projected inputs. */
  projected: Address;
  /** f32[batch][units]: the gradient of the initial hidden state. */
  hidden: OptionalAddress;
  /** f32[batch][units]: the gradient of the carry, for an LSTM; at the end the gradient of the initial carry. */
  carry: OptionalAddress;
  /** f32[batch][gates·units] per step: the gradient of the recurrent product, with `inner`. */
  columns: OptionalAddress;
  /** Bytes from one step of `columns` to the next; 0 if it is scratch memory. */
  columnsStride: u32;
  /** f32[batch][3][units rounded up to 8] */
  scratch: Address;
  /** Number of steps of the sequence. */
  steps: u32;
  /** Number of samples. */
  batch: u32;
  /** Number of units of the cell. */
  units: u32;
  /** A Cell. */
  cell: u32;
  /** A CellActivation. */
  activation: u32;
  /** The CellActivation of the gates. */
  gateActivation: u32;
}

export function recurrent_gradient(words: RecurrentGradientWords): void {
  const steps = words.steps, batch = words.batch, cell = words.cell;
  units = words.units;
  const gates: u32 = cell == Cell.simple ? 1 : cell == Cell.lstm ? 4 : 3;
  const work = <f64>(steps + 1) * <f64>batch * <f64>units * <f64>gates * (1 + 0.04 * <f64>(units + 8));
  if (!take(batch, tile_rows, work)) return;
  act = words.activation;
  gate_act = words.gateActivation;
  row = <usize>units << 2;
  wide = row * gates;
  padded = <usize>block_count(units) << 5;
  has_dropout = words.dropout != 0;
  passes = words.mask != 0 || cell == Cell.gru;
  const last = part_end;
  for (let first = part_begin; first < last; first += BLOCK_ROWS) {
    walk(words, first, min(last - first, BLOCK_ROWS), steps, batch, cell);
  }
}

/** Processes all steps of `rows` rows, starting at row `first`. */
function walk(words: RecurrentGradientWords, first: u32, rows: u32, steps: u32, batch: u32, cell: u32): void {
  const blocks = block_count(units), at = <usize>first * row, wide_at = <usize>first * wide;
  const plane = <usize>batch * row, wide_plane = <usize>batch * wide;
  const columns_given = words.columns, columns_plane = words.columnsStride;
  const panels = words.panels, hidden = words.hidden;
  const products = words.scratch + <usize>first * padded * 3;
  const straights = products + <usize>rows * padded, throughs = straights + <usize>rows * padded;
  const is_early = cell == Cell.gru && columns_given == 0;
  memory.fill(products, 0, 2 * <usize>rows * padded);
  if (cell == Cell.lstm) {
    memory.copy(words.carry + at, words.upstream + <usize>(steps + 1) * plane + at, <usize>rows * row);
  }
  for (let step = steps; step > 0; ) {
    const upstream_rows = words.upstream + <usize>step * plane + at;
    step--;
    const skipped = <usize>step * plane + at, wide_skipped = <usize>step * wide_plane + wide_at;
    const slope_rows = words.projected + wide_skipped;
    const column_rows = columns_given == 0 ? 0 : columns_given + <usize>step * columns_plane + wide_at;
    const mask = words.mask == 0 ? 0 : words.mask + (<usize>(step * batch + first) << 2);
    upstream = upstream_rows;
    before = words.states + skipped;
    after = before + plane;
    carry_before = words.cells + skipped;
    carry_after = carry_before + plane;
    values = words.values + wide_skipped;
    inner = words.inner + skipped;
    dropout = words.dropout + at;
    slopes = slope_rows;
    columns = column_rows;
    carry_slopes = words.carry + at;
    product = products;
    straight = straights;
    for (let i: u32 = 0; i < rows; i++) {
      if (!works(mask == 0 ? 0 : mask + (<usize>i << 2))) idle_row();
      else if (cell == Cell.lstm) lstm_row();
      else if (cell == Cell.simple) simple_row();
      else gru_row();
      next_row();
    }
    if (is_early) {
      for (let block: u32 = 0; block < blocks; block++) {
        const panel = panels + (<usize>((block * 3 + 2) * units) << 5);
        panel_product(
          rows, units, slope_rows + 2 * row, wide, panel, ZEROS, 0, throughs + (<usize>block << 5), padded,
        );
      }
      before = words.states + skipped;
      values = words.values + wide_skipped;
      dropout = words.dropout + at;
      slopes = slope_rows;
      product = products;
      straight = straights;
      through = throughs;
      for (let i: u32 = 0; i < rows; i++) {
        if (works(mask == 0 ? 0 : mask + (<usize>i << 2))) reset_row();
        through += padded;
        next_row();
      }
    }
    if (step == 0 && hidden == 0) break; // the gradient of the initial hidden state is not requested
    const depth = is_early ? 2 * units : <u32>(wide >> 2), from = column_rows != 0 ? column_rows : slope_rows;
    const adds = passes && !has_dropout;
    for (let block: u32 = 0; block < blocks; block++) {
      const to = products + (<usize>block << 5), panel = panels + (<usize>block * wide << 3);
      panel_product(rows, depth, from, wide, panel, adds ? to : ZEROS, adds ? padded : 0, to, padded);
    }
  }
  if (hidden == 0) return;
  upstream = words.upstream + at;
  dropout = words.dropout + at;
  product = products;
  straight = straights;
  for (let i: u32 = 0, to = hidden + at; i < rows; i++, to += row) {
    for (let lane: usize = 0, left = units; left > 0; lane += 16) {
      const count = min<u32>(left, 4);
      put(to + lane, arriving(lane, count), count);
      left -= count;
    }
    next_row();
  }
}

function next_row(): void {
  upstream += row;
  before += row;
  after += row;
  carry_before += row;
  carry_after += row;
  values += wide;
  inner += row;
  dropout += row;
  slopes += wide;
  if (columns != 0) columns += wide;
  carry_slopes += row;
  product += padded;
  straight += padded;
}
