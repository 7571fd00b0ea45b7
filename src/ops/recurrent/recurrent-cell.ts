/**
 * Definitions of the recurrent cells: the number of gates and states, and the layout of the recurrent op's inputs,
 * outputs and parts. The op record, the reference and the kernels of both backends use them.
 *
 * Gates are adjacent in one row of `gates · units`: i, f, g, o for an LSTM; z, r, h for a GRU; one for a simple cell.
 */
import type { cellActivations, cells } from '../../generated/wasm/constants.ts';
import type { TensorType } from '../../graph/op.ts';

export { cellActivations } from '../../generated/wasm/constants.ts';

/** The kinds of recurrent cells: 'simple', 'lstm' and 'gru'. */
export type Cell = (typeof cells)[number];

/** Activations whose derivative can be computed from their output alone. */
export type CellActivation = (typeof cellActivations)[number];

// A type, not an interface: attributes are index-signature records.
export type RecurrentAttributes = {
  readonly cell: Cell;
  /** The activation of the candidate, and of an LSTM's output. */
  readonly activation: CellActivation;
  /** The activation of the gates; unused by a simple cell. */
  readonly recurrentActivation: CellActivation;
  /** GRU: applies the reset gate after the recurrent product and its bias. */
  readonly resetAfter: boolean;
  /** Whether the inputs include a recurrent dropout mask. */
  readonly hasDropout: boolean;
  /** Whether the inputs include a mask of steps. */
  readonly hasMask: boolean;
};

/** The number of gates of each cell. */
export const gateCounts: Readonly<Record<Cell, number>> = { simple: 1, lstm: 4, gru: 3 };

/** Sizes of a recurrent op: time steps, samples per batch, units and gates. */
export interface RecurrentSizes {
  readonly steps: number;
  readonly batch: number;
  readonly units: number;
  readonly gates: number;
}

/** Derives the sizes from the kernel [units, gates · units] and a tensor [steps, batch, gates · units]. */
export function recurrentSizes(sequence: TensorType, kernel: TensorType): RecurrentSizes {
  const [steps, batch] = sequence.shape as [number, number];
  const [units] = kernel.shape as [number, number];
  return { steps, batch, units, gates: kernel.shape[1]! / units };
}

/** Input index of each operand of the recurrent op; undefined for absent operands. */
export interface RecurrentInputs {
  /** [steps, batch, gates · units]: x · kernel + bias for all steps. */
  readonly projected: 0;
  /** [units, gates · units] */
  readonly kernel: 1;
  /** [batch, units] */
  readonly hidden: 2;
  /** LSTM: [batch, units] */
  readonly carry: number | undefined;
  /** GRU with `resetAfter`: [units], added to the candidate's recurrent product. */
  readonly bias: number | undefined;
  /** [batch, units]: multiplies the hidden state before the recurrent product; the same at every step. */
  readonly dropout: number | undefined;
  /** [steps, batch] of 0 and 1: the state does not change at 0. */
  readonly mask: number | undefined;
}

/** Returns the input indices for a cell with the given options. */
export function recurrentInputs({ cell, resetAfter, hasDropout, hasMask }: RecurrentAttributes): RecurrentInputs {
  let next = 3;
  const place = (is: boolean): number | undefined => (is ? next++ : undefined);
  return {
    projected: 0,
    kernel: 1,
    hidden: 2,
    carry: place(cell === 'lstm'),
    bias: place(cell === 'gru' && resetAfter),
    dropout: place(hasDropout),
    mask: place(hasMask),
  };
}

/** Input index of each operand of the recurrent op's gradient; undefined for absent operands. */
export interface RecurrentGradientInputs {
  /** [steps + 1 (+ 1), batch, units]: the gradient with respect to the op's output. */
  readonly upstream: 0;
  /** The op's output. */
  readonly states: 1;
  /** [units, gates · units] */
  readonly kernel: 2;
  /** LSTM: part 0 of the op, [steps + 1, batch, units]. */
  readonly cells: number | undefined;
  /** LSTM and GRU: the values of the gates, [steps, batch, gates · units]. */
  readonly gates: number | undefined;
  /** GRU with `resetAfter`: the candidate's recurrent product plus bias, [steps, batch, units]. */
  readonly inner: number | undefined;
  readonly dropout: number | undefined;
  readonly mask: number | undefined;
}

/** Returns the input indices of the gradient for a cell with the given options. */
export function recurrentGradientInputs(attributes: RecurrentAttributes): RecurrentGradientInputs {
  const { cell, resetAfter, hasDropout, hasMask } = attributes;
  let next = 3;
  const place = (is: boolean): number | undefined => (is ? next++ : undefined);
  return {
    upstream: 0,
    states: 1,
    kernel: 2,
    cells: place(cell === 'lstm'),
    gates: place(cell !== 'simple'),
    inner: place(cell === 'gru' && resetAfter),
    dropout: place(hasDropout),
    mask: place(hasMask),
  };
}
