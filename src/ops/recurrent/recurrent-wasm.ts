/**
 * Lowers the recurrent op and its gradient for wasm. One call packs the recurrent kernel into panels, and a second call
 * iterates over all steps (`assembly/recurrent/recurrent.ts`, `assembly/recurrent/recurrent-gradient.ts`).
 */
import { cellActivations, cells, tileColumns } from '../../generated/wasm/constants.ts';
import { recurrentGradientKernel, recurrentKernel, recurrentPackKernel } from '../../generated/wasm/kernels.ts';
import type { RecurrentWords } from '../../generated/wasm/kernels.ts';
import { call, input, output, scratch } from '../../graph/kernel.ts';
import type { Operand, StepTypes, WasmCall, WasmKernel } from '../../graph/kernel.ts';
import { recurrentGradientInputs, recurrentInputs, recurrentSizes } from './recurrent-cell.ts';
import type { RecurrentAttributes, RecurrentSizes } from './recurrent-cell.ts';

type Step = StepTypes<RecurrentAttributes>;

const roundedUp = (units: number): number => Math.ceil(units / tileColumns) * tileColumns;
/** Bytes that `recurrent_pack` writes: the units are padded to whole tiles. */
const panelBytes = ({ units, gates }: RecurrentSizes): number => 4 * gates * units * roundedUp(units);

const given = (place: number | undefined): Operand | 0 => (place === undefined ? 0 : input(place));

function packed(kernel: number, { units, gates }: RecurrentSizes, isTransposed: boolean): WasmCall {
  return call(recurrentPackKernel, {
    kernel: input(kernel),
    panels: scratch(0),
    units,
    gates,
    transposed: isTransposed,
  });
}

/** Sizes and activations: parameter words of both kernels. */
type Settings = Pick<RecurrentWords, 'steps' | 'batch' | 'units' | 'cell' | 'activation' | 'gateActivation'>;

const settings = ({ steps, batch, units }: RecurrentSizes, attributes: RecurrentAttributes): Settings => ({
  steps,
  batch,
  units,
  cell: cells.indexOf(attributes.cell),
  activation: cellActivations.indexOf(attributes.activation),
  gateActivation: cellActivations.indexOf(attributes.recurrentActivation),
});

const isEarly = ({ cell, resetAfter }: RecurrentAttributes): boolean => cell === 'gru' && !resetAfter;

const forwardSizes = ({ inputs }: Step): RecurrentSizes => recurrentSizes(inputs[0]!, inputs[1]!);

export const recurrentWasm: readonly WasmKernel<RecurrentAttributes>[] = [
  {
    name: 'rows',
    scratch: (step) => {
      const sizes = forwardSizes(step);
      const { batch, units, gates } = sizes;
      const plane = 4 * batch * units;
      const { attributes } = step;
      return [
        panelBytes(sizes),
        4 * batch * gates * tileColumns,
        ...(attributes.hasDropout ? [plane] : []),
        ...(isEarly(attributes) ? [plane] : []),
      ];
    },
    lower: (step) => {
      const { attributes, outputs } = step;
      const sizes = forwardSizes(step);
      const at = recurrentInputs(attributes);
      const isLstm = attributes.cell === 'lstm';
      const keeps = outputs.length > 1;
      const walk = call(recurrentKernel, {
        projected: input(at.projected),
        panels: scratch(0),
        hidden: input(at.hidden),
        carry: given(at.carry),
        bias: given(at.bias),
        dropout: given(at.dropout),
        mask: given(at.mask),
        states: output(0),
        cells: keeps && isLstm ? output(1) : 0,
        values: keeps ? output(isLstm ? 2 : 1) : 0,
        inner: keeps && at.bias !== undefined ? output(2) : 0,
        z: scratch(1),
        seen: attributes.hasDropout ? scratch(2) : 0,
        reset: isEarly(attributes) ? scratch(attributes.hasDropout ? 3 : 2) : 0,
        ...settings(sizes, attributes),
      });
      return [packed(at.kernel, sizes, false), walk];
    },
  },
];

/** Sizes of a gradient step, whose first output covers all time steps. */
const gradientSizes = ({ inputs, outputs, attributes }: Step): RecurrentSizes =>
  recurrentSizes(outputs[0]!, inputs[recurrentGradientInputs(attributes).kernel]!);

export const recurrentGradientWasm: readonly WasmKernel<RecurrentAttributes>[] = [
  {
    name: 'rows',
    scratch: (step) => {
      const sizes = gradientSizes(step);
      const { batch, units, gates } = sizes;
      const { cell, resetAfter } = step.attributes;
      const asked = step.outputs.length > 1;
      const second = cell === 'lstm' ? units : cell === 'gru' && resetAfter ? gates * units : 0;
      return [panelBytes(sizes), 12 * batch * roundedUp(units), ...(second > 0 && !asked ? [4 * batch * second] : [])];
    },
    lower: (step) => {
      const { attributes, outputs } = step;
      const sizes = gradientSizes(step);
      const at = recurrentGradientInputs(attributes);
      const asked = outputs.length > 1;
      const second = asked ? output(2) : scratch(2);
      const walk = call(recurrentGradientKernel, {
        upstream: input(at.upstream),
        states: input(at.states),
        panels: scratch(0),
        cells: given(at.cells),
        values: given(at.gates),
        inner: given(at.inner),
        dropout: given(at.dropout),
        mask: given(at.mask),
        projected: output(0),
        hidden: asked ? output(1) : 0,
        carry: attributes.cell === 'lstm' ? second : 0,
        columns: at.inner === undefined ? 0 : second,
        columnsStride: asked ? 4 * sizes.batch * sizes.gates * sizes.units : 0,
        scratch: scratch(1),
        ...settings(sizes, attributes),
      });
      return [packed(at.kernel, sizes, true), walk];
    },
  },
];
