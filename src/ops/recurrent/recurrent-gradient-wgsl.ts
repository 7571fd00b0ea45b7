/**
 * Dispatches of the recurrent op's gradient on WebGPU, from the last step to the first. Each dispatch multiplies the
 * gradient of the following time step by the transposed recurrent kernel and then computes the gradient of its own step.
 * As in `recurrent-wgsl.ts`, all steps share their pipelines.
 */
import { recurrentGradient as shader } from '../../generated/shaders/recurrent-gradient.ts';
import { input, output, scratch } from '../../graph/kernel.ts';
import type { Dispatch, GpuKernel, Operand, StepTypes } from '../../graph/kernel.ts';
import { recurrentGradientInputs } from './recurrent-cell.ts';
import type { RecurrentAttributes, RecurrentSizes } from './recurrent-cell.ts';
import { productBlocks, productGrid } from './recurrent-tile-wgsl.ts';
import type { Product } from './recurrent-tile-wgsl.ts';
import { activationText, cellConstants, copyGrid, pick, untouched } from './recurrent-wgsl.ts';

type Step = StepTypes<RecurrentAttributes>;

function sizesOf({ inputs, outputs }: Step): RecurrentSizes {
  const [steps, batch, width] = outputs[0]!.shape as [number, number, number];
  const units = inputs[2]!.shape[0]!;
  return { steps, batch, units, gates: width / units };
}

/** Size in elements of the buffer carried from step to step, and the offsets of the masks in it. */
function carriedPlaces(step: Step): { readonly dropout: number; readonly mask: number; readonly size: number } {
  const { cell, hasDropout, hasMask } = step.attributes;
  const { steps, batch, units } = sizesOf(step);
  const plane = batch * units;
  const dropout = cell === 'lstm' ? 2 * plane : plane;
  const mask = dropout + (hasDropout ? plane : 0);
  return { dropout, mask, size: mask + (hasMask ? steps * batch : 0) };
}

/** Scratch: the carried buffer; the product's gradient unless it is an output; a placeholder for an LSTM's carry. */
function scratchBytes(step: Step): readonly number[] {
  const { cell, resetAfter } = step.attributes;
  const { steps, batch, units } = sizesOf(step);
  const product = cell === 'gru' && resetAfter && step.outputs.length < 2 ? 12 * steps * batch * units : 0;
  return [4 * carriedPlaces(step).size, product, 0].map((bytes) => Math.max(untouched, bytes));
}

function lower(step: Step, inQuads: boolean): readonly Dispatch[] {
  const { attributes, outputs } = step;
  const { cell, resetAfter } = attributes;
  const sizes = sizesOf(step);
  const { steps, batch, units, gates } = sizes;
  const at = recurrentGradientInputs(attributes);
  const places = carriedPlaces(step);
  const width = gates * units;
  const isAsked = outputs.length > 1;
  const after = cell === 'gru' && resetAfter;
  const early = cell === 'gru' && !resetAfter;
  const all: Readonly<Record<string, Operand>> = {
    upstream: input(at.upstream),
    states: input(at.states),
    kernel: input(at.kernel),
    second: input(at.cells ?? at.inner ?? at.kernel),
    gates: input(at.gates ?? at.kernel),
    dropout: input(at.dropout ?? at.kernel),
    mask: input(at.mask ?? at.kernel),
    m: output(0),
    q: after && isAsked ? output(2) : scratch(1),
    carried: scratch(0),
    hidden: output(1),
    carry: cell === 'lstm' ? output(2) : scratch(2),
  };
  const [act, act_slope] = activationText[attributes.activation];
  const [, gate_slope] = activationText[attributes.recurrentActivation];
  const constants = { ...cellConstants(attributes), reset_after: Number(resetAfter) };
  const masks = { dropout_at: places.dropout, mask_at: places.mask, has_mask: Number(attributes.hasMask) };
  const uniforms = { units, batch, steps, width, ...masks };
  const left = after ? 'q' : 'm';
  // With the reset gate before the product, the candidate's gradient propagates back within its own step.
  const columns = early ? 2 * units : width;
  /** A dispatch of `entry` for a step. It starts with a product over some columns of step `from`, if that exists. */
  const timed = (entry: string, names: string, candidate = false, mostRows?: number) => {
    const product: Product = { isGradient: true, gates: 1, left, ...(mostRows !== undefined && { mostRows }) };
    const same = {
      shader,
      entry,
      blocks: { ...productBlocks(entry, sizes, product, inQuads), act, act_slope, gate_slope },
      bindings: pick(all, names),
      constants,
      grid: productGrid(sizes, product, inQuads),
    };
    const [column, count] = candidate ? [2 * units, units] : [0, columns];
    return (time: number, from: number): Dispatch => ({
      ...same,
      uniforms: {
        ...uniforms,
        step: time,
        from: from * batch * width + column,
        column,
        columns: from < steps ? count : 0,
      },
    });
  };
  const others = { simple: 'states', lstm: 'second gates', gru: 'states second gates q' }[cell];
  const back = timed(`recurrent_gradient_${cell}`, `upstream kernel carried m ${others}`);
  const reset = timed('recurrent_gradient_gru_reset', 'states kernel gates carried m', true);
  const end = timed('recurrent_gradient_end', `kernel carried hidden carry ${left}`, false, 4);
  const gradients: Dispatch[] = [];
  for (let time = steps - 1; time >= 0; time--) {
    gradients.push(back(time, time + 1));
    if (early) gradients.push(reset(time, time));
  }
  const start: Dispatch = {
    shader,
    entry: 'recurrent_gradient_start',
    bindings: pick(all, 'upstream dropout mask carried'),
    constants,
    uniforms,
    grid: copyGrid(Math.max(batch * units, attributes.hasMask ? steps * batch : 0)),
  };
  return [start, ...gradients, ...(isAsked ? [end(0, 0)] : [])];
}

export const recurrentGradientGpu: readonly GpuKernel<RecurrentAttributes>[] = [
  {
    name: 'quads',
    requires: ({ device }) => !!device?.softwareQuads,
    scratch: scratchBytes,
    lower: (step) => lower(step, true),
  },
  { name: 'plain', scratch: scratchBytes, lower: (step) => lower(step, false) },
];
