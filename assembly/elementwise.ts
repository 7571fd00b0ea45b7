// A fused chain of element-wise operations, interpreted tile by tile: 256 floats at a time pass through all instructions
// while they lie in the first-level cache, so a chain reads each input once and writes each output once. For the chains that
// src/backends/wasm/chains.ts does not compile. Inputs are loaded by elementwise-load.ts, tiles computed by elementwise-tiles.ts.
//
// word 0  n, elements of every output
// word 1  inputs (up to 32 registers in all)
// word 2  outputs
// word 3  instructions
// then for each input, which becomes register 0, 1, …
//   pointer, kind, dtype (0 float32, 1 int32, 2 uint8; values become float32), and by kind
//   0 contiguous  -                                         element i is x[i]
//   1 scalar      -                                         x[0]
//   2 periodic    period                                    x[i mod period]
//   3 repeated    repeat                                    x[i div repeat]
//   4 general     rank (1–8), dims[rank], strides[rank]     strides in elements, 0 broadcasts, may be negative
// then for each output
//   pointer, register, dtype (0 float32, 1 int32: truncated, saturating, NaN becomes 0)
// then for each instruction, five words
//   opcode, destination register, a, b, c
//   a, b and c are registers; word c is a float32 immediate for LEAKY_RELU and ELU (alpha) and CONSTANT (value);
//   CLIP has float32 immediates low in b and high in c
//
// A destination is never an input's register, and nothing else writes a register that CONSTANT writes.
// An output may lie exactly on a contiguous float32 or int32 input, and must not overlap any other.
import { ADD, CLIP, CONSTANT, SELECT } from './opcodes';
import { fill_tile, run_tile } from './elementwise-tiles';
import {
  CONTIGUOUS, FLOAT32, GENERAL, INT32, PERIODIC, REPEATED, SCALAR, load_element, load_general, load_periodic,
  load_repeated, load_run,
} from './elementwise-load';
import { part_begin, part_end, take } from './share';
import { store_tail } from './simd';
import { SPREAD_ROWS, spread_row, table, tile_register } from './workspace';

const TILE: u32 = 256;
const INSTRUCTION_BYTES: usize = 20;
const OUTPUT_BYTES: usize = 12;

// The table in the workspace: where each register lies for this tile, what it is, and an index for strided inputs.

/** Address of register r for the current tile. */
@inline
function address(r: u32): usize {
  return table() + (<usize>r << 2);
}

/** What `address` may be moved to: an input's spread row, or an output's pointer; 0 if the register stays in its tile. */
@inline
function home(r: u32): usize {
  return table() + 128 + (<usize>r << 2);
}

@inline
function odometer(): usize {
  return table() + 256;
}

/** Bytes of an input's words. */
function input_bytes(words: usize): usize {
  const kind = load<u32>(words, 4);
  if (kind == GENERAL) return 16 + (<usize>load<u32>(words, 12) << 3);
  return kind == PERIODIC || kind == REPEATED ? 16 : 12;
}

@inline
function reads(instruction: usize, register: u32): bool {
  const code = load<u32>(instruction);
  if (code == CONSTANT) return false;
  if (load<u32>(instruction, 8) == register) return true;
  if (code < ADD || code >= CLIP) return false;
  if (load<u32>(instruction, 12) == register) return true;
  return code == SELECT && load<u32>(instruction, 16) == register;
}

/**
 * Whether the output may be computed in place: its register comes from an instruction, is no constant, and no contiguous
 * input that lies on the same memory is read after the first instruction that writes it.
 */
function is_direct(output: usize, inputs: usize, input_count: u32, code: usize, end: usize): bool {
  const pointer = load<usize>(output);
  const register = load<u32>(output, 4);
  if (register < input_count || load<u32>(output, 8) != FLOAT32) return false;
  while (code < end && load<u32>(code, 4) != register) code += INSTRUCTION_BYTES;
  if (code == end || load<u32>(code) == CONSTANT) return false;
  let words = inputs;
  for (let i: u32 = 0; i < input_count; i++) {
    if (load<usize>(words) == pointer) {
      for (let later = code + INSTRUCTION_BYTES; later < end; later += INSTRUCTION_BYTES) {
        if (reads(later, i)) return false;
      }
    }
    words += input_bytes(words);
  }
  return true;
}

/** Makes input i, elements first … first + count, available at address(i). */
@inline
function load_input(i: u32, words: usize, first: u32, count: u32): void {
  const x = load<usize>(words);
  const kind = load<u32>(words, 4);
  const dtype = load<u32>(words, 8);
  if (kind == SCALAR) return; // filled before the first tile
  const tile = tile_register(i);
  // A tail of one to three elements is copied: lanes beyond it must not be read from the operand.
  const in_place = dtype == FLOAT32 && (count & 3) == 0;
  if (kind == CONTIGUOUS) {
    if (in_place) {
      store<usize>(address(i), x + (<usize>first << 2));
      return;
    }
    load_run(tile, x, first, count, dtype);
  } else if (kind == PERIODIC) {
    const period = load<u32>(words, 12);
    const spread = load<usize>(home(i));
    const position = first % period;
    if (spread != 0) {
      store<usize>(address(i), spread + (<usize>position << 2));
      return;
    }
    if (in_place && position + count <= period) {
      store<usize>(address(i), x + (<usize>position << 2));
      return;
    }
    load_periodic(tile, x, first, count, period, dtype);
  } else if (kind == REPEATED) {
    load_repeated(tile, x, first, count, load<u32>(words, 12), dtype);
  } else {
    load_general(tile, x, first, count, words + 12, dtype, odometer());
  }
  store<usize>(address(i), tile);
}

function store_output(pointer: usize, from: usize, dtype: u32, first: u32, count: u32): void {
  let d = pointer + (<usize>first << 2);
  for (; count >= 4; count -= 4, d += 16, from += 16) {
    const v = v128.load(from);
    v128.store(d, dtype == INT32 ? i32x4.trunc_sat_f32x4_s(v) : v);
  }
  if (count > 0) {
    const v = v128.load(from);
    store_tail(d, dtype == INT32 ? i32x4.trunc_sat_f32x4_s(v) : v, count);
  }
}

export function elementwise(args: usize): void {
  const n = load<u32>(args);
  const input_count = load<u32>(args, 4);
  const output_count = load<u32>(args, 8);
  const instructions = load<u32>(args, 12);
  // Whole cache lines to each thread, and only the last part ends in a piece of a vector.
  if (!take(n, 64, <f64>n * (0.1 * <f64>(input_count + output_count) + 0.3 * <f64>instructions))) return;
  const inputs = args + 16;

  let words = inputs;
  let spread_count: u32 = 0;
  for (let i: u32 = 0; i < input_count; i++) {
    const kind = load<u32>(words, 4);
    store<usize>(address(i), tile_register(i));
    store<usize>(home(i), 0);
    if (kind == SCALAR) {
      fill_tile(tile_register(i), load_element(load<usize>(words), 0, load<u32>(words, 8)), TILE << 2);
    } else if (kind == PERIODIC && load<u32>(words, 12) <= TILE && n > load<u32>(words, 12) && spread_count < SPREAD_ROWS) {
      const period = load<u32>(words, 12);
      const spread = spread_row(spread_count++);
      load_periodic(spread, load<usize>(words), 0, min(n, period + TILE), period, load<u32>(words, 8));
      store<usize>(home(i), spread);
    }
    words += input_bytes(words);
  }
  const outputs = words;
  const code = outputs + <usize>output_count * OUTPUT_BYTES;
  const end = code + <usize>instructions * INSTRUCTION_BYTES;
  for (let at = code; at < end; at += INSTRUCTION_BYTES) {
    const d = load<u32>(at, 4);
    store<usize>(address(d), tile_register(d));
    store<usize>(home(d), 0);
    if (load<u32>(at) == CONSTANT) fill_tile(tile_register(d), load<f32>(at, 16), TILE << 2);
  }
  for (let o = outputs; o < code; o += OUTPUT_BYTES) {
    const register = load<u32>(o, 4);
    if (is_direct(o, inputs, input_count, code, end)) store<usize>(home(register), load<usize>(o));
  }

  let first = part_begin;
  const last = part_end;
  while (first < last) {
    // Whole groups of four first; the last one to three elements are a tile of their own.
    const left = last - first;
    const count = left < 4 ? left : min(left & ~3, TILE);
    const bytes = <usize>((count + 3) & ~3) << 2;
    const whole = (count & 3) == 0;

    words = inputs;
    for (let i: u32 = 0; i < input_count; i++) {
      load_input(i, words, first, count);
      words += input_bytes(words);
    }
    for (let o = outputs; o < code; o += OUTPUT_BYTES) {
      const register = load<u32>(o, 4);
      if (register < input_count) continue;
      const direct = load<usize>(home(register));
      store<usize>(address(register), whole && direct != 0 ? direct + (<usize>first << 2) : tile_register(register));
    }
    for (let at = code; at < end; at += INSTRUCTION_BYTES) {
      const op = load<u32>(at);
      if (op == CONSTANT) continue;
      let b = <usize>load<u32>(at, 12);
      let c = <usize>load<u32>(at, 16);
      if (op >= ADD && op < CLIP) b = load<usize>(address(<u32>b));
      if (op == SELECT) c = load<usize>(address(<u32>c));
      run_tile(op, load<usize>(address(load<u32>(at, 4))), load<usize>(address(load<u32>(at, 8))), b, c, bytes);
    }
    for (let o = outputs; o < code; o += OUTPUT_BYTES) {
      const register = load<u32>(o, 4);
      const pointer = load<usize>(o);
      const from = load<usize>(address(register));
      if (from != pointer + (<usize>first << 2)) store_output(pointer, from, load<u32>(o, 8), first, count);
    }
    first += count;
  }
}
