/**
 * Dispatches of the recurrent op on WebGPU: one per time step, or two for a GRU whose reset gate precedes the recurrent
 * product. The steps differ only in their uniforms, so all share a pipeline. The product is in `recurrent-tile-wgsl.ts`,
 * and the gradient in `recurrent-gradient-wgsl.ts`.
 */
import { recurrent as shader } from '../../generated/shaders/recurrent.ts';
import { input, output, scratch } from '../../graph/kernel.ts';
import type { Dispatch, GpuKernel, Operand, StepTypes } from '../../graph/kernel.ts';
import { foldedGrid } from '../dispatch.ts';
import { recurrentInputs, recurrentSizes } from './recurrent-cell.ts';
import type { CellActivation, RecurrentAttributes } from './recurrent-cell.ts';
import { between, productBlocks, productGrid } from './recurrent-tile-wgsl.ts';
import type { Product } from './recurrent-tile-wgsl.ts';

type Step = StepTypes<RecurrentAttributes>;

/** Bytes of a placeholder buffer, for a binding that the cell does not use. */
export const untouched = 4;

/** Workgroup size of the entry points that copy. */
const copyThreads = 64;

/** The grid of an entry point that copies `count` elements. */
export const copyGrid = (count: number): Dispatch['grid'] => foldedGrid(Math.ceil(count / copyThreads));

/** Selects an entry point's bindings by name; `names` is separated by spaces. */
export function pick(all: Readonly<Record<string, Operand>>, names: string): Dispatch['bindings'] {
  return Object.fromEntries(names.split(' ').map((name) => [name, all[name]!]));
}

/** Activations in WGSL, and their derivatives as functions of the output y. */
export const activationText: Readonly<Record<CellActivation, readonly [value: string, slope: string]>> = {
  linear: ['x', '1.'],
  relu: ['relu(x)', 'relu_slope(y)'],
  sigmoid: ['sigmoid(x)', 'sigmoid_slope(y)'],
  tanh: ['tanh_safe(x)', 'tanh_slope(y)'],
  hardSigmoid: ['hard_sigmoid(x)', 'hard_slope(y)'],
};

/** Pipeline constants of a cell. */
export function cellConstants(attributes: RecurrentAttributes): Readonly<Record<string, number>> {
  return {
    has_dropout: Number(attributes.hasDropout),
    is_lstm: Number(attributes.cell === 'lstm'),
  };
}

/** Whether the step also outputs the values stored for the gradient. */
const isKept = ({ outputs }: Step): boolean => outputs.length > 1;

/**
 * Operands of the gates and the second stored value: outputs or scratch. A GRU with an early reset gate always needs
 * `r · h` and z.
 */
function memory(step: Step): { readonly s: Operand; readonly gates: Operand; readonly scratch: readonly number[] } {
  const { cell, resetAfter } = step.attributes;
  const { batch, units } = recurrentSizes(step.inputs[0]!, step.inputs[1]!);
  const kept = isKept(step);
  if (kept && cell === 'lstm') return { s: output(1), gates: output(2), scratch: [] };
  if (kept && resetAfter) return { s: output(2), gates: output(1), scratch: [] };
  const plane = cell === 'gru' && !resetAfter ? Math.max(untouched, 4 * batch * units) : untouched;
  if (kept) return { s: scratch(0), gates: output(1), scratch: [plane] };
  return { s: scratch(0), gates: scratch(1), scratch: [plane, 3 * plane] };
}

function lower(step: Step, inQuads: boolean): readonly Dispatch[] {
  const { attributes } = step;
  const { cell, resetAfter } = attributes;
  const sizes = recurrentSizes(step.inputs[0]!, step.inputs[1]!);
  const { steps, batch, units, gates } = sizes;
  const at = recurrentInputs(attributes);
  const keep = Number(isKept(step));
  const { s, gates: ofGates } = memory(step);
  // Unused bindings must still be bound to a buffer.
  const all: Readonly<Record<string, Operand>> = {
    projected: input(at.projected),
    kernel: input(at.kernel),
    hidden: input(at.hidden),
    carry: input(at.carry ?? at.hidden),
    bias: input(at.bias ?? at.kernel),
    dropout: input(at.dropout ?? at.kernel),
    mask: input(at.mask ?? at.kernel),
    q: output(0),
    gates: ofGates,
    s,
  };
  const [act] = activationText[attributes.activation];
  const [gate] = activationText[attributes.recurrentActivation];
  const constants = cellConstants(attributes);
  const uniforms = { units, batch, steps, width: gates * units, keep, has_mask: Number(attributes.hasMask) };
  /** Returns a function that creates the dispatch of `entry` for a time step. */
  const timed = (entry: string, names: string, together: number, candidate = false): ((time: number) => Dispatch) => {
    const product: Product = { isGradient: false, gates: together, left: candidate ? 's' : 'q' };
    const same = {
      shader,
      entry,
      blocks: { ...productBlocks(entry, sizes, product, inQuads), act, gate },
      bindings: pick(all, `projected kernel dropout q ${names}`),
      constants: candidate ? { ...constants, has_dropout: 0 } : constants, // r · h already includes dropout
      grid: productGrid(sizes, product, inQuads),
    };
    const numbers = { ...uniforms, column: candidate ? 2 * units : 0, between: between(sizes, product) };
    return (time) => ({ ...same, uniforms: { ...numbers, step: time, kept_step: keep * time } });
  };
  const early = cell === 'gru' && !resetAfter;
  const entries = early
    ? [timed('recurrent_gru_gates', 'gates s', 2), timed('recurrent_gru_candidate', 'mask gates s', 1, true)]
    : cell === 'gru'
      ? [timed('recurrent_gru', 'bias mask gates s', 3)]
      : cell === 'lstm'
        ? [timed('recurrent_lstm', 'mask gates s', 4)]
        : [timed('recurrent_simple', 'mask', 1)];
  const start: Dispatch = {
    shader,
    entry: 'recurrent_start',
    bindings: pick(all, 'hidden carry q s'),
    constants,
    uniforms,
    grid: copyGrid(batch * units),
  };
  return [start, ...Array.from({ length: steps }, (_, time) => entries.map((entry) => entry(time))).flat()];
}

export const recurrentGpu: readonly GpuKernel<RecurrentAttributes>[] = [
  {
    name: 'quads',
    requires: ({ device }) => !!device?.softwareQuads,
    scratch: (step) => memory(step).scratch,
    lower: (step) => lower(step, true),
  },
  { name: 'plain', scratch: (step) => memory(step).scratch, lower: (step) => lower(step, false) },
];
