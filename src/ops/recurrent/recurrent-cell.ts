/**
 * What the cells of a recurrent network are, in numbers: their gates and states, and which inputs, outputs and parts the
 * recurrent op has for them. The op's record, its reference and its kernels on both backends take the layout from here.
 *
 * Gates lie side by side in one row of `gates · units`: i, f, g, o for an LSTM; z, r, h for a GRU; one for a simple cell.
 */
import type { cellActivations, cells } from '../../generated/wasm/constants.ts';
import type { TensorType } from '../../graph/op.ts';

export { cellActivations } from '../../generated/wasm/constants.ts';

export type Cell = (typeof cells)[number];

/** Each slope follows from the value alone. */
export type CellActivation = (typeof cellActivations)[number];

// A type, not an interface: attributes are index-signature records.
export type RecurrentAttributes = {
  readonly cell: Cell;
  /** Of the candidate, and of an LSTM's output. */
  readonly activation: CellActivation;
  /** Of the gates; a simple cell has none. */
  readonly recurrentActivation: CellActivation;
  /** Of a GRU: whether the reset gate follows the recurrent product; there is a bias in between then. */
  readonly resetAfter: boolean;
  /** Whether a mask of recurrent dropout is among the inputs. */
  readonly hasDropout: boolean;
  /** Whether a mask of steps is among the inputs. */
  readonly hasMask: boolean;
};

export const gateCounts: Readonly<Record<Cell, number>> = { simple: 1, lstm: 4, gru: 3 };

export interface RecurrentSizes {
  readonly steps: number;
  readonly batch: number;
  readonly units: number;
  readonly gates: number;
}

/** Read off the kernel [units, gates · units] and a tensor [steps, batch, gates · units]. */
export function recurrentSizes(sequence: TensorType, kernel: TensorType): RecurrentSizes {
  const [steps, batch] = sequence.shape as [number, number];
  const [units] = kernel.shape as [number, number];
  return { steps, batch, units, gates: kernel.shape[1]! / units };
}

/** Where each operand of the recurrent op stands among its inputs; undefined for one that it does not have. */
export interface RecurrentInputs {
  /** [steps, batch, gates · units]: x · kernel + bias, of all steps. */
  readonly projected: 0;
  /** [units, gates · units] */
  readonly kernel: 1;
  /** [batch, units] */
  readonly hidden: 2;
  /** LSTM: [batch, units] */
  readonly carry: number | undefined;
  /** GRU with `resetAfter`: [units], added to the candidate's recurrent product. */
  readonly bias: number | undefined;
  /** [batch, units]: what the hidden state is multiplied by before the recurrent product, the same at each step. */
  readonly dropout: number | undefined;
  /** [steps, batch] of 0 and 1: at 0 the state stays as it was. */
  readonly mask: number | undefined;
}

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

/** Likewise of the recurrent op's gradient. */
export interface RecurrentGradientInputs {
  /** [steps + 1 (+ 1), batch, units]: the gradient with respect to the op's output. */
  readonly upstream: 0;
  /** The op's output. */
  readonly states: 1;
  /** [units, gates · units] */
  readonly kernel: 2;
  /** LSTM: part 0 of the op, [steps + 1, batch, units]. */
  readonly cells: number | undefined;
  /** LSTM and GRU: the gates' values, [steps, batch, gates · units]. */
  readonly gates: number | undefined;
  /** GRU with `resetAfter`: the candidate's recurrent product and bias, [steps, batch, units]. */
  readonly inner: number | undefined;
  readonly dropout: number | undefined;
  readonly mask: number | undefined;
}

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
