/** Pads or truncates sequences of token ids to one length, so that they form a tensor for `fit`. */
import { checkArguments, integer, oneOf, options, required } from '../core/arguments.ts';
import type { ArgumentType } from '../core/arguments.ts';
import { describe } from '../core/describe.ts';
import { ValueError } from '../core/errors.ts';
import { checkShape, sizeOf } from '../core/shape.ts';
import { HostTensor } from '../data/tensor.ts';

/** Options of `padSequences`. */
export interface PadSequencesOptions {
  /** Length of every row. Default: the length of the longest sequence. */
  readonly length?: number;
  /** Pads shorter sequences at the beginning (`pre`) or at the end (`post`). Default `pre`. */
  readonly padding?: 'pre' | 'post';
  /** Removes values of longer sequences at the beginning (`pre`) or at the end (`post`). Default `pre`. */
  readonly truncating?: 'pre' | 'post';
  /** The padding value. Default 0, the padding id of tokenizers. */
  readonly value?: number;
}

/**
 * Pads or truncates integer sequences to one length. The defaults are those of Keras's `pad_sequences`.
 *
 * @returns int32 [sequences, length]; an empty sequence becomes a row of `value`
 * @throws ValueError for values outside int32 and for invalid options
 * @example
 * padSequences([[1, 2, 3], [4]], { padding: 'post' }).toArray(); // [[1, 2, 3], [4, 0, 0]]
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
  for (let row = 0; row < sequences.length; row++) checkSequence(sequences[row]!, row); // forEach would skip holes
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
