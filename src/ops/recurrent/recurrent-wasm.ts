/**
 * How the recurrent op and its gradient are called on WebAssembly: the recurrent kernel is packed into panels once, then one
 * call walks all steps (`assembly/recurrent/recurrent.ts`, `assembly/recurrent/recurrent-gradient.ts`).
 */
import { recurrentWasm as recurrentModule } from '../../generated/wasm/recurrent.ts';
import { input, output, scratch } from '../../graph/kernel.ts';
import type { StepTypes, WasmCall, WasmKernel, Word } from '../../graph/kernel.ts';
import { cellActivations, recurrentGradientInputs, recurrentInputs, recurrentSizes } from './recurrent-cell.ts';
import type { Cell, RecurrentAttributes, RecurrentSizes } from './recurrent-cell.ts';

type Step = StepTypes<RecurrentAttributes>;

const cells: readonly Cell[] = ['simple', 'lstm', 'gru'];
const modules = [recurrentModule];

const roundedUp = (units: number): number => Math.ceil(units / 8) * 8;
/** What `recurrent_pack` writes: units in blocks of eight. */
const panelBytes = ({ units, gates }: RecurrentSizes): number => 4 * gates * units * roundedUp(units);

const given = (place: number | undefined): Word => (place === undefined ? 0 : input(place));

function packed(kernel: number, { units, gates }: RecurrentSizes, isTransposed: boolean): WasmCall {
  const words = [input(kernel), scratch(0), units, gates, Number(isTransposed)];
  return { entry: 'recurrent_pack', modules, words };
}

/** Sizes and functions: the last words of both kernels. */
const settings = ({ steps, batch, units }: RecurrentSizes, attributes: RecurrentAttributes): number[] => [
  steps,
  batch,
  units,
  cells.indexOf(attributes.cell),
  cellActivations.indexOf(attributes.activation),
  cellActivations.indexOf(attributes.recurrentActivation),
];

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
        32 * batch * gates,
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
      const words = [
        input(at.projected),
        scratch(0),
        input(at.hidden),
        given(at.carry),
        given(at.bias),
        given(at.dropout),
        given(at.mask),
        output(0),
        keeps && isLstm ? output(1) : 0,
        keeps ? output(isLstm ? 2 : 1) : 0,
        keeps && at.bias !== undefined ? output(2) : 0,
        scratch(1),
        attributes.hasDropout ? scratch(2) : 0,
        isEarly(attributes) ? scratch(attributes.hasDropout ? 3 : 2) : 0,
        ...settings(sizes, attributes),
      ];
      return [packed(at.kernel, sizes, false), { entry: 'recurrent', modules, words }];
    },
  },
];

/** Of the gradient's step, whose first output is a gradient of all steps. */
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
      const words = [
        input(at.upstream),
        input(at.states),
        scratch(0),
        given(at.cells),
        given(at.gates),
        given(at.inner),
        given(at.dropout),
        given(at.mask),
        output(0),
        asked ? output(1) : 0,
        attributes.cell === 'lstm' ? second : 0,
        at.inner === undefined ? 0 : second,
        asked ? 4 * sizes.batch * sizes.gates * sizes.units : 0,
        scratch(1),
        ...settings(sizes, attributes),
      ];
      return [packed(at.kernel, sizes, true), { entry: 'recurrent_gradient', modules, words }];
    },
  },
];
