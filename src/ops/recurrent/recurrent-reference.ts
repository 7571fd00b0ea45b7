/**
 * Float64 references of the recurrent cells and their gradients, one sample at a time, for tests of `recurrent.ts` and
 * every kernel. The formulas follow Hochreiter and Schmidhuber 1997 with the forget gate of Gers et al. 2000, and Cho et
 * al. 2014, in the form of Keras.
 */
import type { ReferenceContext } from '../../graph/op.ts';
import { gateCounts, recurrentGradientInputs, recurrentInputs, recurrentSizes } from './recurrent-cell.ts';
import type { CellActivation, RecurrentAttributes } from './recurrent-cell.ts';
import { sigmoid } from '../elementwise/reference-math.ts';

type Context = ReferenceContext<RecurrentAttributes>;

const functions: Readonly<Record<CellActivation, (x: number) => number>> = {
  linear: (x) => x,
  relu: (x) => (x < 0 ? 0 : x), // propagates NaN
  sigmoid,
  tanh: Math.tanh,
  hardSigmoid: (x) => Math.min(Math.max(x / 6 + 0.5, 0), 1),
};

/** The derivative of each activation as a function of its output y. */
const slopes: Readonly<Record<CellActivation, (y: number) => number>> = {
  linear: () => 1,
  relu: (y) => (y > 0 ? 1 : 0),
  sigmoid: (y) => y * (1 - y),
  tanh: (y) => 1 - y * y,
  hardSigmoid: (y) => (y > 0 && y < 1 ? 1 / 6 : 0),
};

/** Reference of the `recurrent` op. */
export function referenceRecurrent({ attributes, inputs, inputTypes, outputs }: Context): void {
  const { steps, batch, units, gates } = recurrentSizes(inputTypes[0]!, inputTypes[1]!);
  const at = recurrentInputs(attributes);
  const [projected, kernel, hidden] = inputs as [Float64Array, Float64Array, Float64Array];
  const given = (place: number | undefined): Float64Array | undefined =>
    place === undefined ? undefined : inputs[place];
  const [carry, bias, dropout, mask] = [at.carry, at.bias, at.dropout, at.mask].map(given);
  const { cell, resetAfter } = attributes;
  const act = functions[attributes.activation];
  const gate = functions[attributes.recurrentActivation];
  const plane = batch * units;
  const width = gates * units;
  const [states, ...kept] = outputs as [Float64Array, ...Float64Array[]];
  const cells = cell === 'lstm' ? kept[0] : undefined;
  const values = cell === 'lstm' ? kept[1] : kept[0];
  const inner = cell === 'gru' && resetAfter ? kept[1] : undefined;
  states.set(hidden);
  const c = carry?.slice();
  if (c) cells?.set(c);
  for (let step = 0; step < steps; step++) {
    const before = states.subarray(step * plane, (step + 1) * plane);
    for (let sample = 0; sample < batch; sample++) {
      const seen = (unit: number): number => before[sample * units + unit]! * (dropout?.[sample * units + unit] ?? 1);
      const recurrent = (column: number, weigh = (_: number): number => 1): number => {
        let sum = 0;
        for (let unit = 0; unit < units; unit++) sum += seen(unit) * weigh(unit) * kernel[unit * width + column]!;
        return sum;
      };
      const row = (step * batch + sample) * width;
      const sum = (column: number): number => projected[row + column]! + recurrent(column);
      const works = mask === undefined || mask[step * batch + sample] !== 0;
      const reset = (unit: number): number => gate(sum(units + unit));
      for (let unit = 0; unit < units; unit++) {
        const place = sample * units + unit;
        const keep = (number: number, value: number): void => {
          if (values) values[row + number * units + unit] = value;
        };
        let next: number;
        if (cell === 'simple') next = act(sum(unit));
        else if (cell === 'lstm') {
          const [i, f, o] = [gate(sum(unit)), gate(sum(units + unit)), gate(sum(3 * units + unit))];
          const g = act(sum(2 * units + unit));
          if (works) c![place] = f * c![place]! + i * g;
          next = o * act(c![place]!);
          [i, f, g, o].forEach((value, number) => keep(number, value));
          if (cells) cells[(step + 1) * plane + place] = c![place]!;
        } else {
          const [z, r] = [gate(sum(unit)), reset(unit)];
          const product = resetAfter ? recurrent(2 * units + unit) + bias![unit]! : recurrent(2 * units + unit, reset);
          const h = act(projected[row + 2 * units + unit]! + (resetAfter ? r * product : product));
          next = z * before[place]! + (1 - z) * h;
          [z, r, h].forEach((value, number) => keep(number, value));
          if (inner) inner[(step * batch + sample) * units + unit] = product;
        }
        states[(step + 1) * plane + place] = works ? next : before[place]!;
      }
    }
  }
  if (c) states.set(c, (steps + 1) * plane);
}

/** Reference of the `recurrentGradient` op. */
export function referenceRecurrentGradient({ attributes, inputs, inputTypes, outputs }: Context): void {
  const at = recurrentGradientInputs(attributes);
  const [upstream, states, kernel] = inputs as [Float64Array, Float64Array, Float64Array];
  const given = (place: number | undefined): Float64Array | undefined =>
    place === undefined ? undefined : inputs[place];
  const [cells, values, inner, dropout, mask] = [at.cells, at.gates, at.inner, at.dropout, at.mask].map(given);
  const { cell, resetAfter } = attributes;
  const [, batch, units] = inputTypes[1]!.shape as [number, number, number];
  const steps = inputTypes[1]!.shape[0]! - (cell === 'lstm' ? 2 : 1);
  const gates = gateCounts[cell];
  const slope = slopes[attributes.activation];
  const gateSlope = slopes[attributes.recurrentActivation];
  const act = functions[attributes.activation];
  const plane = batch * units;
  const width = gates * units;
  const [projected, ...kept] = outputs as [Float64Array, ...Float64Array[]];
  const dh = upstream.slice(steps * plane, (steps + 1) * plane);
  const dc = cell === 'lstm' ? upstream.slice((steps + 1) * plane) : undefined;
  const recurrent = cell === 'gru' && resetAfter ? kept[1] : undefined;
  for (let step = steps - 1; step >= 0; step--) {
    const before = states.subarray(step * plane, (step + 1) * plane);
    for (let sample = 0; sample < batch; sample++) {
      const row = (step * batch + sample) * width;
      const places = Array.from({ length: units }, (_, unit) => sample * units + unit);
      const value = (number: number, unit: number): number => values![row + number * units + unit]!;
      // `columns`: the gradient of each column of the recurrent product. `straight`: the state's gradient that bypasses it.
      const columns = new Float64Array(width);
      const straight = new Float64Array(units);
      const works = mask === undefined || mask[step * batch + sample] !== 0;
      projected.fill(0, row, row + width);
      recurrent?.fill(0, row, row + width);
      places.forEach((place, unit) => {
        if (!works) return void (straight[unit] = dh[place]!);
        const set = (number: number, gradient: number, throughProduct = gradient): void => {
          projected[row + number * units + unit] = gradient;
          columns[number * units + unit] = throughProduct;
          if (recurrent) recurrent[row + number * units + unit] = throughProduct;
        };
        if (cell === 'simple') set(0, dh[place]! * slope(states[(step + 1) * plane + place]!));
        else if (cell === 'lstm') {
          const [i, f, g, o] = [value(0, unit), value(1, unit), value(2, unit), value(3, unit)];
          const shown = act(cells![(step + 1) * plane + place]!);
          const through = dc![place]! + dh[place]! * o * slope(shown);
          set(0, through * g * gateSlope(i));
          set(1, through * cells![step * plane + place]! * gateSlope(f));
          set(2, through * i * slope(g));
          set(3, dh[place]! * shown * gateSlope(o));
          dc![place] = through * f;
        } else {
          const [z, r, h] = [value(0, unit), value(1, unit), value(2, unit)];
          const candidate = dh[place]! * (1 - z) * slope(h);
          straight[unit] = dh[place]! * z;
          set(0, dh[place]! * (before[place]! - h) * gateSlope(z));
          set(2, candidate, resetAfter ? candidate * r : candidate);
          if (resetAfter) set(1, candidate * inner![(step * batch + sample) * units + unit]! * gateSlope(r));
        }
      });
      const throughKernel = (unit: number, from: number, to: number): number => {
        let sum = 0;
        for (let column = from; column < to; column++) sum += columns[column]! * kernel[unit * width + column]!;
        return sum * (dropout?.[sample * units + unit] ?? 1);
      };
      const early = cell === 'gru' && !resetAfter && works;
      if (early) {
        // The candidate multiplies r · h, so its gradient is needed before the gradient of the reset gate.
        places.forEach((place, unit) => {
          const through = throughKernel(unit, 2 * units, width);
          const r = value(1, unit);
          straight[unit]! += through * r;
          projected[row + units + unit] = columns[units + unit] = through * before[place]! * gateSlope(r);
        });
      }
      places.forEach((place, unit) => {
        const through = works ? throughKernel(unit, 0, early ? 2 * units : width) : 0;
        dh[place] = upstream[step * plane + place]! + straight[unit]! + through;
      });
    }
  }
  kept[0]?.set(dh);
  if (dc) kept[1]?.set(dc);
}
