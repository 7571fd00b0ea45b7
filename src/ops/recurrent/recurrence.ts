/**
 * A recurrent network over batches of sequences, for users of the graph and for layers: [batch, steps, …], with named
 * states. Moves time to the front, multiplies all inputs by the kernel in one product, and passes the rest to the
 * recurrent op.
 */
import { boolean, oneOf, options, required } from '../../core/arguments.ts';
import type { ArgumentType } from '../../core/arguments.ts';
import { ShapeError, ValueError } from '../../core/errors.ts';
import { formatShape, sameShape } from '../../core/shape.ts';
import type { Shape } from '../../core/shape.ts';
import type { Node } from '../../graph/node.ts';
import { operand, optionalOperand, optionalOperands } from '../arguments.ts';
import type { TensorLike } from '../arguments.ts';
import { add } from '../elementwise/arithmetic.ts';
import { broadcastTo } from '../shape/broadcast.ts';
import { cast } from '../elementwise/clip.ts';
import { concatenate } from '../shape/concatenate.ts';
import { matmul } from '../product/matmul.ts';
import { checked, constant, requireRank } from '../define.ts';
import { cellActivations, gateCounts } from './recurrent-cell.ts';
import type { Cell, CellActivation, RecurrentAttributes } from './recurrent-cell.ts';
import { recurrent } from './recurrent.ts';
import { reshape } from '../shape/reshape.ts';
import { reverse } from '../shape/reverse.ts';
import { slice } from '../shape/slice.ts';
import { transpose } from '../shape/transpose.ts';

/** Cell, weights and options of `recurrence`. */
export interface RecurrenceOptions {
  /** The kind of cell: 'simple', 'lstm' or 'gru'. */
  readonly cell: Cell;
  /** float32 [features, gates · units]. Gate order as in Keras: i, f, g, o for an LSTM; z, r, h for a GRU. */
  readonly kernel: Node;
  /** float32 [units, gates · units] */
  readonly recurrentKernel: Node;
  /** float32 [gates · units]; for a GRU with `resetAfter` [2, gates · units]: input biases, then recurrent biases. */
  readonly bias?: Node | undefined;
  /** The activation of the candidate and the output. Default 'tanh'. */
  readonly activation?: CellActivation | undefined;
  /** The activation of the gates. Default 'sigmoid'. */
  readonly recurrentActivation?: CellActivation | undefined;
  /** GRU: applies the reset gate after the recurrent product, as in Keras and PyTorch. Default true. */
  readonly resetAfter?: boolean | undefined;
  /** float32 [batch, units] each: the hidden state and, for an LSTM, the carry. Default zeros. */
  readonly initialState?: readonly Node[] | undefined;
  /** [batch, steps] of 0 and 1, any dtype. The state does not change at steps where the mask is 0. */
  readonly mask?: Node | undefined;
  /** float32 [batch, units]: a dropout mask that multiplies the hidden state before each recurrent product. */
  readonly recurrentDropout?: Node | undefined;
  /** Processes the steps from last to first. The outputs are in the order of processing. Default false. */
  readonly goBackwards?: boolean | undefined;
}

/** The outputs and final states of a recurrent network. */
export interface Recurrence {
  /** float32 [batch, steps, units]: the hidden state after each step. */
  readonly outputs: Node;
  /** float32 [batch, units] each: the hidden state after the last step and, for an LSTM, the carry. */
  readonly states: readonly Node[];
}

const activationName: ArgumentType = {
  expected: "'linear', 'relu', 'sigmoid', 'tanh' or 'hardSigmoid'",
  accepts: (value) => cellActivations.includes(value as CellActivation),
};

/** Swaps the first two axes of x, and reverses time if `goBackwards`. */
function byTime(x: Node, goBackwards: boolean): Node {
  const turned = transpose(x, [1, 0, ...x.shape.slice(2).map((_, axis) => axis + 2)]);
  return goBackwards ? reverse(turned, 0) : turned;
}

function requireShape(what: string, { shape }: Node, expected: Shape): void {
  if (sameShape(shape, expected)) return;
  throw new ShapeError(`recurrence: ${what} must be ${formatShape(expected)}, not ${formatShape(shape)}`);
}

/**
 * Runs a recurrent cell (simple, LSTM or GRU) over whole sequences. Results that are not used are not computed.
 *
 * @param x float32 [batch, steps, features]
 * @param options the cell, its weights, and options
 * @returns the outputs of all steps and the final states
 * @throws ShapeError for weights, states or masks of other shapes; the message names them
 * @throws ValueError for an unknown cell or activation, or a wrong number of initial states
 * @example const { outputs, states } = recurrence(x, { cell: 'gru', kernel, recurrentKernel, bias });
 */
export const recurrence: (x: TensorLike, options: RecurrenceOptions) => Recurrence = /* @__PURE__ */ checked(
  'recurrence',
  {
    x: operand,
    options: /* @__PURE__ */ required(
      /* @__PURE__ */ options({
        cell: /* @__PURE__ */ required(/* @__PURE__ */ oneOf('simple', 'lstm', 'gru')),
        kernel: operand,
        recurrentKernel: operand,
        bias: optionalOperand,
        activation: activationName,
        recurrentActivation: activationName,
        resetAfter: boolean,
        initialState: optionalOperands,
        mask: optionalOperand,
        recurrentDropout: optionalOperand,
        goBackwards: boolean,
      }),
    ),
  },
  (x: Node, options: RecurrenceOptions): Recurrence => {
    const { cell, kernel, recurrentKernel, bias, mask, recurrentDropout, goBackwards = false } = options;
    const { resetAfter = true, activation = 'tanh', recurrentActivation = 'sigmoid' } = options;
    requireRank('recurrence', 'the input', x.shape, 3);
    requireRank('recurrence', 'the recurrent kernel', recurrentKernel.shape, 2);
    const [batch, steps, features] = x.shape as [number, number, number];
    const [units] = recurrentKernel.shape as [number];
    const columns = gateCounts[cell] * units;
    const twoBiases = cell === 'gru' && resetAfter;
    requireShape('the kernel', kernel, [features, columns]);
    requireShape('the recurrent kernel', recurrentKernel, [units, columns]);
    if (bias) requireShape('the bias', bias, twoBiases ? [2, columns] : [columns]);
    if (mask) requireShape('the mask', mask, [batch, steps]);

    const product = matmul(reshape(byTime(x, goBackwards), [steps * batch, features]), kernel);
    const { before, between } = biases(bias, twoBiases, units);
    const projected = reshape(before ? add(product, before) : product, [steps, batch, columns]);
    const zeros = broadcastTo(constant(0), [batch, units]);
    const states = options.initialState ?? (cell === 'lstm' ? [zeros, zeros] : [zeros]);
    if (states.length !== (cell === 'lstm' ? 2 : 1)) {
      throw new ValueError(
        `recurrence: ${cell} has ${cell === 'lstm' ? 'two states, hidden and carry' : 'one state'}, not ${states.length}`,
      );
    }
    const attributes: RecurrentAttributes = {
      cell,
      activation,
      recurrentActivation,
      resetAfter: twoBiases,
      hasDropout: recurrentDropout !== undefined,
      hasMask: mask !== undefined,
    };
    const all = recurrent(
      [
        projected,
        recurrentKernel,
        ...states,
        ...(twoBiases ? [between ?? broadcastTo(constant(0), [units])] : []),
        ...(recurrentDropout ? [recurrentDropout] : []),
        ...(mask ? [byTime(cast(mask, 'float32'), goBackwards)] : []),
      ],
      attributes,
    );
    const plane = (index: number): Node => reshape(slice(all, [index, 0, 0], [1, batch, units]), [batch, units]);
    return {
      outputs: transpose(slice(all, [1, 0, 0], [steps, batch, units]), [1, 0, 2]),
      states: cell === 'lstm' ? [plane(steps), plane(steps + 1)] : [plane(steps)],
    };
  },
);

/**
 * `before` is added to the input product. `between` is added to the candidate's recurrent product, for a GRU with
 * `resetAfter`.
 */
function biases(
  bias: Node | undefined,
  twoBiases: boolean,
  units: number,
): { readonly before: Node | undefined; readonly between: Node | undefined } {
  if (!bias || !twoBiases) return { before: bias, between: undefined };
  const row = (index: number, from: number, count: number): Node =>
    reshape(slice(bias, [index, from], [1, count]), [count]);
  // The gates z and r add both biases to the same sum, so the biases are added up here.
  const gates = add(row(0, 0, 2 * units), row(1, 0, 2 * units));
  return { before: concatenate([gates, row(0, 2 * units, units)], 0), between: row(1, 2 * units, units) };
}
