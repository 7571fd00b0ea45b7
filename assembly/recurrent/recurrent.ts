// A recurrent cell over all steps of a sequence. A block of rows (samples of the batch) traverses all steps independently: rows
// do not interact, so threads split the rows and never wait for each other, and the bits of a result do not depend on the thread.
//
// At each step, for eight units at a time, the tiles of a product (recurrent-product.ts) add h·U to the projected inputs gate by
// gate, into z. The activations and the elementwise arithmetic of the cell follow while z is in the L1 cache.
//
// 100 steps of an LSTM of 128 units, 128 samples (1.7 GFLOP), Node 20 with fused multiply-adds, milliseconds of one core: 42; a
// plain product of this size takes 32.5; the activations take 7, waiting for memory 4. If gates and carries are stored for the
// gradient, it takes 46: storing them costs 4 ms, and recomputing them would cost 42 ms of a training step of about 150.
import { Cell } from '../constants';
import { activate_run, get, multiply_run, put, works } from './recurrent-function';
import { BLOCK_ROWS, block_count, panel_product } from './recurrent-product';
import { tile_rows } from '../product/matmul-micro';
import { part_begin, part_end, take } from '../runtime/part';
import { add, fma, mul, one, sub } from '../simd';
import { Address, OptionalAddress } from '../words';


// State of the current call: sizes and the addresses of its operands.
let units: u32 = 0;
let gates: u32 = 0;
let act: u32 = 0;
let gate_act: u32 = 0;
let panels: usize = 0;
let bias: usize = 0;
/** Bytes of a row of units, and of a row of all gates. */
let row: usize = 0;
let wide: usize = 0;

// State of the current block of rows and the current step.
let rows: u32 = 0;
let projected: usize = 0;
let before: usize = 0;
let after: usize = 0;
/** The left operand of the recurrent product: `before`, or its product with the dropout mask. */
let seen: usize = 0;
let carry_before: usize = 0;
let carry_after: usize = 0;
/** 0 if the gate values are not stored. */
let values: usize = 0;
let inner: usize = 0;
/** Address of the mask values of the rows; 0 if there is no mask. */
let mask: usize = 0;
/** f32[gates][rows][8] */
let z: usize = 0;

/**
 * Reads one word of every cache line of the inputs of the step in order. This triggers hardware prefetching; the tiles do not,
 * because they start at six rows that are far apart. It saves 2 ms of 48. It returns a value, because unused loads would be
 * eliminated.
 */
function fetch_ahead(p: usize, bytes: usize): u32 {
  let bits: u32 = 0;
  for (const end = p + bytes; p < end; p += 64) bits ^= load<u32>(p);
  return bits;
}

/** Copies `width` < 8 floats of each row into rows of eight, padded with zeros. */
function pad_rows(to: usize, from: usize, stride: usize, width: u32): void {
  for (let i: u32 = 0; i < rows; i++, to += 32, from += stride) {
    memory.fill(to, 0, 32);
    for (let j: u32 = 0; j < width; j++) store<f32>(to + (<usize>j << 2), load<f32>(from + (<usize>j << 2)));
  }
}

/** z[gate] = start + a·U for units 8·block … 8·block + 7, before the activation. */
function gate_sums(gate: u32, block: u32, a: usize, start: usize, stride: usize): void {
  const width = min<u32>(units - (block << 3), 8), to = z + <usize>gate * (<usize>rows << 5);
  start += <usize>block << 5;
  if (width < 8) {
    pad_rows(to, start, stride, width);
    start = to;
    stride = 32;
  }
  panel_product(rows, units, a, row, panels + (<usize>((block * gates + gate) * units) << 5), start, stride, to, 32);
}

/** z[gate] = activation(projected + a·U) */
@inline
function gate_values(gate: u32, block: u32, a: usize, activation: u32): void {
  gate_sums(gate, block, a, projected + <usize>gate * row, wide);
  activate_run(z + <usize>gate * (<usize>rows << 5), rows << 3, activation);
}

/**
 * c = f·c + i·g for `count` units, from their gates at z, `side` bytes apart. c replaces i in z. The gates are stored at `keep`,
 * unless it is 0. If the row is masked, c stays unchanged.
 */
@inline
function carry_lanes(at: usize, side: usize, from: usize, to: usize, does: bool, keep: usize, apart: usize, count: u32): void {
  const i = v128.load(at), f = v128.load(at + side), g = v128.load(at + 2 * side);
  const c = get(from, count);
  const next = does ? fma(f, c, mul(i, g)) : c;
  put(to, next, count);
  v128.store(at, next);
  if (keep == 0) return;
  put(keep, i, count);
  put(keep + apart, f, count);
  put(keep + 2 * apart, g, count);
  put(keep + 3 * apart, v128.load(at + 3 * side), count);
}

/** The carries of `width` ≤ 8 units. */
function carries(block: u32, width: u32): void {
  const side = <usize>rows << 5, stride = row, apart = row, wide_stride = values == 0 ? 0 : wide;
  let at = z, from = carry_before + (<usize>block << 5), to = carry_after + (<usize>block << 5);
  let keep = values == 0 ? 0 : values + (<usize>block << 5), place = mask;
  for (const end = z + side; at < end; at += 32, from += stride, to += stride, keep += wide_stride) {
    const does = works(place);
    if (place != 0) place += 4;
    if (width == 8) {
      carry_lanes(at, side, from, to, does, keep, apart, 4);
      carry_lanes(at + 16, side, from + 16, to + 16, does, keep == 0 ? 0 : keep + 16, apart, 4);
    } else {
      for (let left = width, half: usize = 0; left > 0; half += 16) {
        const count = min<u32>(left, 4);
        carry_lanes(at + half, side, from + half, to + half, does, keep == 0 ? 0 : keep + half, apart, count);
        left -= count;
      }
    }
  }
}

/**
 * h of `width` units: the values at z times the values `side` bytes further, or the values at z alone if `side` is 0. In masked
 * rows h stays unchanged.
 */
function states(block: u32, width: u32, side: usize): void {
  const stride = row;
  let from = before + (<usize>block << 5), to = after + (<usize>block << 5), place = mask;
  for (let at = z, end = z + (<usize>rows << 5); at < end; at += 32, from += stride, to += stride) {
    const does = works(place);
    if (place != 0) place += 4;
    if (width == 8 && does) {
      const low = v128.load(at), high = v128.load(at, 16);
      v128.store(to, side == 0 ? low : mul(low, v128.load(at + side)));
      v128.store(to, side == 0 ? high : mul(high, v128.load(at + side, 16)), 16);
    } else {
      for (let left = width, half: usize = 0; left > 0; half += 16) {
        const count = min<u32>(left, 4), value = v128.load(at + half);
        const next = side == 0 ? value : mul(value, v128.load(at + half + side));
        put(to + half, does ? next : get(from + half, count), count);
        left -= count;
      }
    }
  }
}

function lstm_block(block: u32): void {
  const width = min<u32>(units - (block << 3), 8);
  gate_values(0, block, seen, gate_act);
  gate_values(1, block, seen, gate_act);
  gate_values(2, block, seen, act);
  gate_values(3, block, seen, gate_act);
  carries(block, width);
  activate_run(z, rows << 3, act);
  states(block, width, 3 * (<usize>rows << 5));
}

function simple_block(block: u32): void {
  gate_values(0, block, seen, act);
  states(block, min<u32>(units - (block << 3), 8), 0);
}

/** h = z·h + (1 − z)·ĥ of eight units, with z and ĥ in their slots of z. */
function gru_states(block: u32): void {
  const side = <usize>rows << 5, width = min<u32>(units - (block << 3), 8);
  for (let i: u32 = 0, at = z, from = <usize>block << 5; i < rows; i++, at += 32, from += row) {
    const does = works(mask == 0 ? 0 : mask + (<usize>i << 2));
    const keep = values == 0 ? 0 : values + <usize>i * wide + (<usize>block << 5);
    for (let left = width, half: usize = 0; left > 0; half += 16) {
      const count = min<u32>(left, 4), h = get(before + from + half, count);
      const update = v128.load(at + half), candidate = v128.load(at + half + 2 * side);
      const next = fma(update, h, mul(sub(one(), update), candidate));
      put(after + from + half, does ? next : h, count);
      if (keep != 0) {
        put(keep + half, update, count);
        put(keep + half + 2 * row, candidate, count);
      }
      left -= count;
    }
  }
}

/** Reset gate after the product: all values of a unit are available at once. */
function gru_block(block: u32): void {
  gate_values(0, block, seen, gate_act);
  gate_values(1, block, seen, gate_act);
  gate_sums(2, block, seen, bias, 0);
  const side = <usize>rows << 5, width = min<u32>(units - (block << 3), 8);
  for (let i: u32 = 0, at = z, from = <usize>block << 5; i < rows; i++, at += 32, from += row) {
    const start = projected + <usize>i * wide + 2 * row + (<usize>block << 5);
    const keep = values == 0 ? 0 : values + <usize>i * wide + row + (<usize>block << 5);
    for (let left = width, half: usize = 0; left > 0; half += 16) {
      const count = min<u32>(left, 4);
      const r = v128.load(at + half + side), product = v128.load(at + half + 2 * side);
      v128.store(at + half + 2 * side, fma(r, product, get(start + half, count)));
      if (keep != 0) {
        put(keep + half, r, count);
        put(inner + from + half, product, count);
      }
      left -= count;
    }
  }
  activate_run(z + 2 * side, rows << 3, act);
  gru_states(block);
}

/** Runs before any candidate: stores r·h of eight units in `reset`, f32[rows][units]. */
function reset_block(block: u32, reset: usize): void {
  gate_values(1, block, seen, gate_act);
  const side = <usize>rows << 5, width = min<u32>(units - (block << 3), 8);
  for (let i: u32 = 0, at = z + side, from = <usize>block << 5; i < rows; i++, at += 32, from += row) {
    for (let left = width, half: usize = 0; left > 0; half += 16) {
      const count = min<u32>(left, 4), r = v128.load(at + half);
      put(reset + from + half, mul(r, get(seen + from + half, count)), count);
      if (values != 0) put(values + <usize>i * wide + row + (<usize>block << 5) + half, r, count);
      left -= count;
    }
  }
}

/** The words of `recurrent`. */
@unmanaged
export class RecurrentWords {
  /** f32[steps][batch][gates·units] */
  projected: Address;
  /** The output of `recurrent_pack`. */
  panels: Address;
  /** f32[batch][units] */
  hidden: Address;
  /** f32[batch][units], for an LSTM. */
  carry: OptionalAddress;
  /** f32[units], the bias of the recurrent product of the candidate: for a GRU whose reset gate follows the product. */
  bias: OptionalAddress;
  /** f32[batch][units] */
  dropout: OptionalAddress;
  /** f32[steps][batch] */
  mask: OptionalAddress;
  /** f32[steps + 1][batch][units]; for an LSTM followed by the last carry. */
  states: Address;
  /** f32[steps + 1][batch][units]: all carries, for an LSTM. */
  cells: OptionalAddress;
  /** f32[steps][batch][gates·units]: the values of the gates. */
  values: OptionalAddress;
  /** f32[steps][batch][units]: the recurrent product with `bias`, if the gates are stored. */
  inner: OptionalAddress;
  /** f32[batch][gates][8], scratch memory. */
  z: Address;
  /** f32[batch][units], scratch memory, used with dropout. */
  seen: OptionalAddress;
  /** f32[batch][units], scratch memory, for a GRU whose reset gate comes before the product. */
  reset: OptionalAddress;
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

export function recurrent(words: RecurrentWords): void {
  const steps = words.steps, batch = words.batch, cell = words.cell;
  units = words.units;
  gates = cell == Cell.simple ? 1 : cell == Cell.lstm ? 4 : 3;
  const work = <f64>(steps + 1) * <f64>batch * <f64>units * <f64>gates * (2 + 0.04 * <f64>(units + 8));
  if (!take(batch, tile_rows, work)) return;
  panels = words.panels;
  bias = words.bias;
  act = words.activation;
  gate_act = words.gateActivation;
  row = <usize>units << 2;
  wide = row * gates;
  const last = part_end;
  for (let first = part_begin; first < last; first += BLOCK_ROWS) {
    rows = min(last - first, BLOCK_ROWS);
    walk(words, first, steps, batch, cell);
  }
}

/** Processes all steps of rows `first` … `first` + `rows`. */
function walk(words: RecurrentWords, first: u32, steps: u32, batch: u32, cell: u32): void {
  const blocks = block_count(units), at = <usize>first * row, plane = <usize>batch * row;
  const dropout = words.dropout, dropped = words.seen + at, reset = words.reset + at;
  const block_bytes = <usize>rows * row;
  z = words.z + (<usize>(first * gates) << 5);
  projected = words.projected + <usize>first * wide;
  after = words.states + at;
  values = words.values;
  if (values != 0) values += <usize>first * wide;
  inner = words.inner + at;
  mask = words.mask;
  if (mask != 0) mask += <usize>first << 2;
  memory.copy(after, words.hidden + at, block_bytes);
  // If the carries are not stored, there is a single one, after the last state.
  const cells = words.cells, last_carry = after + <usize>(steps + 1) * plane;
  carry_after = cells != 0 ? cells + at : last_carry;
  if (cell == Cell.lstm) memory.copy(carry_after, words.carry + at, block_bytes);
  for (let step: u32 = 0; step < steps; step++) {
    before = after;
    after += plane;
    carry_before = carry_after;
    if (cells != 0) carry_after += plane;
    seen = before;
    if (dropout != 0) {
      multiply_run(dropped, before, dropout + at, rows * units);
      seen = dropped;
    }
    store<u32>(z, fetch_ahead(projected, <usize>rows * wide));
    if (cell == Cell.simple) for (let block: u32 = 0; block < blocks; block++) simple_block(block);
    else if (cell == Cell.lstm) for (let block: u32 = 0; block < blocks; block++) lstm_block(block);
    else if (bias != 0) for (let block: u32 = 0; block < blocks; block++) gru_block(block);
    else {
      for (let block: u32 = 0; block < blocks; block++) reset_block(block, reset);
      for (let block: u32 = 0; block < blocks; block++) {
        gate_values(0, block, seen, gate_act);
        gate_values(2, block, reset, act);
        gru_states(block);
      }
    }
    projected += <usize>batch * wide;
    if (values != 0) values += <usize>batch * wide;
    inner += plane;
    if (mask != 0) mask += <usize>batch << 2;
  }
  if (cell == Cell.lstm && cells != 0) memory.copy(last_carry, carry_after, block_bytes);
}
