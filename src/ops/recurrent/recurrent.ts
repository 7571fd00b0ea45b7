/**
 * A recurrent cell over all steps of a sequence is one op, and its gradient is another, so that the program's size does
 * not depend on the sequence length. Before the op, one product multiplies the inputs of all steps by their kernel. After
 * its gradient, one product of hidden states and gradients over all steps and samples gives the gradient of the recurrent
 * kernel.
 *
 * Time is the first axis, so that a step reads and writes contiguous memory. `recurrence.ts` transposes.
 */
import { ShapeError } from '../../core/errors.ts';
import { formatShape, sameShape, sizeOf } from '../../core/shape.ts';
import type { Shape } from '../../core/shape.ts';
import type { Node } from '../../graph/node.ts';
import type { GradientContext, StructuredOp, TensorType } from '../../graph/op.ts';
import { mul } from '../elementwise/arithmetic.ts';
import { concatenate } from '../shape/concatenate.ts';
import { matmul } from '../product/matmul.ts';
import { requireDType, requireRank, structured } from '../define.ts';
import type { OpFunction } from '../define.ts';
import { parts } from '../part.ts';
import { gateCounts, recurrentGradientInputs, recurrentInputs, recurrentSizes } from './recurrent-cell.ts';
import type { RecurrentAttributes } from './recurrent-cell.ts';
import { referenceRecurrent, referenceRecurrentGradient } from './recurrent-reference.ts';
import { recurrentGradientWasm, recurrentWasm } from './recurrent-wasm.ts';
import { recurrentGradientGpu } from './recurrent-gradient-wgsl.ts';
import { recurrentGpu } from './recurrent-wgsl.ts';
import { sum } from '../reduce/reduce.ts';
import { reshape } from '../shape/reshape.ts';
import { slice } from '../shape/slice.ts';

type Attributes = RecurrentAttributes;

/** The number of state planes in the output besides the hidden states: 1 for the final carry of an LSTM. */
const carries = ({ cell }: Attributes): number => Number(cell === 'lstm');

function requireShape(what: string, { shape, dtype }: TensorType, expected: Shape): void {
  requireDType(`recurrent, ${what}`, dtype, 'float32');
  if (sameShape(shape, expected)) return;
  throw new ShapeError(`recurrent: ${what} must be ${formatShape(expected)}, not ${formatShape(shape)}`);
}

function infer(inputs: readonly TensorType[], attributes: Attributes): TensorType {
  const [projected, kernel] = inputs as [TensorType, TensorType];
  requireRank('recurrent', 'the projected inputs', projected.shape, 3);
  requireRank('recurrent', 'the kernel', kernel.shape, 2);
  const [steps, batch] = projected.shape as [number, number];
  const [units] = kernel.shape as [number];
  const columns = gateCounts[attributes.cell] * units;
  const at = recurrentInputs(attributes);
  requireShape('the kernel', kernel, [units, columns]);
  requireShape('the projected inputs', projected, [steps, batch, columns]);
  requireShape('the initial hidden state', inputs[at.hidden]!, [batch, units]);
  if (at.carry !== undefined) requireShape('the initial carry', inputs[at.carry]!, [batch, units]);
  if (at.bias !== undefined) requireShape("the candidate's bias", inputs[at.bias]!, [units]);
  if (at.dropout !== undefined) requireShape('the dropout mask', inputs[at.dropout]!, [batch, units]);
  if (at.mask !== undefined) requireShape('the mask', inputs[at.mask]!, [steps, batch]);
  return { shape: [steps + 1 + carries(attributes), batch, units], dtype: 'float32' };
}

const floats = (...shapes: readonly Shape[]): TensorType[] => shapes.map((shape) => ({ shape, dtype: 'float32' }));

/** Values stored for the gradient. Storing the gates costs less than computing them twice (`docs/performance.md`). */
function keptParts([projected, kernel]: readonly TensorType[], { cell, resetAfter }: Attributes): TensorType[] {
  const { steps, batch, units, gates } = recurrentSizes(projected!, kernel!);
  const values: Shape = [steps, batch, gates * units];
  if (cell === 'simple') return [];
  if (cell === 'lstm') return floats([steps + 1, batch, units], values);
  return resetAfter ? floats(values, [steps, batch, units]) : floats(values);
}

function gradientOfRecurrent({ inputs, attributes, output, upstream }: GradientContext<Attributes>): (Node | null)[] {
  const at = recurrentInputs(attributes);
  const { steps, batch, units, gates } = recurrentSizes(inputs[0]!, inputs[1]!);
  const { cell, resetAfter } = attributes;
  const [kernel, dropout] = [inputs[1]!, at.dropout === undefined ? undefined : inputs[at.dropout]];
  const masks = [at.dropout, at.mask].flatMap((place) => (place === undefined ? [] : [inputs[place]!]));
  const kept = parts(output);
  const projected = recurrentGradient(upstream, output, kernel, [...kept, ...masks], attributes);
  const [hidden, second] = parts(projected) as [Node, Node | undefined];
  const rows = (x: Node): Node => reshape(x, [steps * batch, x.shape[2]!]);
  const before = slice(output, [0, 0, 0], [steps, batch, units]);
  const seen = dropout ? mul(before, dropout) : before;
  const arriving = cell === 'gru' && resetAfter ? second! : projected;
  const product = matmul(rows(seen), rows(arriving), { transposeA: true });
  const gradients: (Node | null)[] = inputs.map(() => null);
  gradients[at.projected] = projected;
  gradients[at.kernel] = product;
  gradients[at.hidden] = hidden;
  if (at.carry !== undefined) gradients[at.carry] = second!;
  if (at.bias !== undefined) gradients[at.bias] = sum(slice(arriving, [0, 0, 2 * units], [-1, -1, units]), [0, 1]);
  if (cell === 'gru' && !resetAfter) {
    // The candidate's recurrent product multiplies r · h instead of h.
    const reset = slice(kept[0]!, [0, 0, units], [-1, -1, units]);
    const candidate = slice(projected, [0, 0, 2 * units], [-1, -1, units]);
    const last = matmul(rows(mul(reset, seen)), rows(candidate), { transposeA: true });
    gradients[at.kernel] = concatenate([slice(product, [0, 0], [units, (gates - 1) * units]), last], 1);
  }
  return gradients;
}

/**
 * The hidden states h₀ … h_T of a recurrent cell, followed by the final carry of an LSTM. `attributes` defines the cell
 * and which inputs are present; `recurrentInputs` defines their order.
 *
 * Simple: h = a(p + h·U). LSTM: c = f·c + i·a(g), h = o·a(c). GRU: h = z·h + (1 − z)·a(…), whose candidate contains
 * r·(h·U + b) or (r·h)·U. The state does not change where the mask is 0. The masks have no gradient.
 *
 * @param inputs float32: projected [steps, batch, gates · units], kernel [units, gates · units], hidden [batch, units], …
 * @returns float32 [steps + 1, batch, units]; for an LSTM [steps + 2, batch, units]
 * @throws ShapeError for inputs of other shapes; DTypeError unless all are float32
 */
export const recurrent: OpFunction<
  [inputs: readonly Node[], attributes: Attributes],
  StructuredOp<Attributes>
> = /* @__PURE__ */ structured<Attributes, [inputs: readonly Node[], attributes: Attributes]>(
  {
    name: 'recurrent',
    infer,
    // Each gate of each step takes `units` multiply-adds; the projected inputs have one element per gate and step.
    cost: ([projected, kernel]) => sizeOf(projected!.shape) * kernel!.shape[0]!,
    parts: keptParts,
    gradient: gradientOfRecurrent,
    kernels: { wasm: recurrentWasm, webgpu: recurrentGpu },
    reference: referenceRecurrent,
  },
  (node, inputs, attributes) => node(inputs, attributes),
);

type GradientArguments = [upstream: Node, states: Node, kernel: Node, others: readonly Node[], attributes: Attributes];

function inferGradient(inputs: readonly TensorType[], attributes: Attributes): TensorType {
  const { states, kernel } = recurrentGradientInputs(attributes);
  const [planes, batch] = inputs[states]!.shape as [number, number];
  return { shape: [planes - 1 - carries(attributes), batch, inputs[kernel]!.shape[1]!], dtype: 'float32' };
}

/**
 * The gradient of `recurrent` with respect to the projected inputs. Its parts are the gradients with respect to the
 * initial hidden state, the initial carry (LSTM) and the recurrent product of each step (GRU with `resetAfter`, where it
 * differs from the gradient of the projected inputs). `others` are the parts and masks of the op, in the order of
 * `recurrentGradientInputs`. Has no gradient itself.
 *
 * @returns float32 [steps, batch, gates · units]
 */
export const recurrentGradient: OpFunction<GradientArguments, StructuredOp<Attributes>> = /* @__PURE__ */ structured<
  Attributes,
  GradientArguments
>(
  {
    name: 'recurrentGradient',
    infer: inferGradient,
    parts: (inputs, attributes) => {
      const { shape } = inferGradient(inputs, attributes);
      const state = [shape[1]!, inputs[2]!.shape[0]!];
      const { cell, resetAfter } = attributes;
      return floats(state, ...(cell === 'lstm' ? [state] : cell === 'gru' && resetAfter ? [shape] : []));
    },
    gradient: null, // second derivatives through time would need a third kernel of this size
    kernels: { wasm: recurrentGradientWasm, webgpu: recurrentGradientGpu },
    reference: referenceRecurrentGradient,
  },
  (node, upstream, states, kernel, others, attributes) => node([upstream, states, kernel, ...others], attributes),
);
