/** From lists of numbers of any length to one tensor: what a tokenizer gives, in the form that `fit` takes. */
import { checkArguments, integer, oneOf, options, required } from '../core/arguments.ts';
import type { ArgumentType } from '../core/arguments.ts';
import { describe } from '../core/describe.ts';
import { ValueError } from '../core/errors.ts';
import { checkShape, sizeOf } from '../core/shape.ts';
import { HostTensor } from '../data/tensor.ts';

export interface PadSequencesOptions {
  /** Of every row. Default: the longest sequence's. */
  readonly length?: number;
  /** Where a shorter sequence is filled: before it or after it. Default `pre`. */
  readonly padding?: 'pre' | 'post';
  /** Where a longer sequence loses its numbers: at its beginning or its end. Default `pre`. */
  readonly truncating?: 'pre' | 'post';
  /** What is filled in. Default 0, which a tokenizer gives to no token. */
  readonly value?: number;
}

/**
 * Sequences of whole numbers as rows of one length. Defaults as in Keras's `pad_sequences`.
 *
 * @returns int32 [sequences, length]; an empty sequence is a row of `value`
 * @throws ValueError for numbers that are no int32, and for settings that are none
 */
export function padSequences(sequences: readonly ArrayLike<number>[], chosen: PadSequencesOptions = {}): HostTensor {
  checkArguments('padSequences', arguments, {
    sequences: required(lists),
    options: options({
      length: integer(0),
      padding: oneOf('pre', 'post'),
      truncating: oneOf('pre', 'post'),
      value: int32,
    }),
  });
  const { length, padding = 'pre', truncating = 'pre', value = 0 } = chosen;
  for (let row = 0; row < sequences.length; row++) checkSequence(sequences[row]!, row); // holes too
  const columns = length ?? sequences.reduce((longest, sequence) => Math.max(longest, sequence.length), 0);
  const shape = checkShape('padSequences', [sequences.length, columns]);
  const rows = new Int32Array(sizeOf(shape)).fill(value);
  sequences.forEach((sequence, row) => {
    const count = Math.min(sequence.length, columns);
    const from = truncating === 'pre' ? sequence.length - count : 0;
    const to = row * columns + (padding === 'pre' ? columns - count : 0);
    for (let index = 0; index < count; index++) rows[to + index] = sequence[from + index]!;
  });
  return new HostTensor(rows, shape);
}

const lists: ArgumentType = { expected: 'an array of lists of numbers', accepts: Array.isArray };

const int32: ArgumentType = { expected: 'an int32', accepts: (value) => isInt32(value as number) };

function isInt32(value: number): boolean {
  return typeof value === 'number' && (value | 0) === value;
}

function checkSequence(sequence: ArrayLike<number>, row: number): void {
  if (typeof sequence !== 'object' || sequence === null || !Number.isInteger(sequence.length)) {
    throw new ValueError(
      `padSequences: sequences[${row}] must be a list of numbers, not ${describe(sequence)}: give one list for each row`,
    );
  }
  for (let index = 0; index < sequence.length; index++) {
    if (isInt32(sequence[index]!)) continue;
    throw new ValueError(
      `padSequences: sequences[${row}][${index}] is ${describe(sequence[index])}, expected a whole number in the range of int32`,
    );
  }
}
