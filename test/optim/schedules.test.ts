import { describe, expect, test } from 'vitest';
import { ReferenceBackend } from '../../src/backends/reference/index.ts';
import { Engine } from '../../src/engine.ts';
import { increment } from '../../src/ops/state/counter.ts';
import { variable } from '../../src/ops/define.ts';
import {
  cosineDecay,
  exponentialDecay,
  inverseTimeDecay,
  linearWarmup,
  piecewiseConstant,
  polynomialDecay,
  scheduleFromConfig,
} from '../../src/optim/schedules.ts';
import type { Schedule } from '../../src/optim/schedules.ts';
import { messageOf } from '../nn/support.ts';

const decay = { initialLearningRate: 0.1, decaySteps: 10, decayRate: 0.5 };
const cosine = { initialLearningRate: 0.1, decaySteps: 20, alpha: 0.1 };
const polynomial = { initialLearningRate: 0.1, decaySteps: 10, endLearningRate: 0.01 };

/** Each schedule with the same formula as plain code. */
const schedules: readonly (readonly [string, Schedule, (step: number) => number])[] = [
  ['exponential', exponentialDecay(decay), (step) => 0.1 * 0.5 ** (step / 10)],
  [
    'exponential, in stairs',
    exponentialDecay({ ...decay, staircase: true }),
    (step) => 0.1 * 0.5 ** Math.floor(step / 10),
  ],
  ['inverse time', inverseTimeDecay(decay), (step) => 0.1 / (1 + (0.5 * step) / 10)],
  [
    'inverse time, in stairs',
    inverseTimeDecay({ ...decay, staircase: true }),
    (step) => 0.1 / (1 + 0.5 * Math.floor(step / 10)),
  ],
  [
    'cosine',
    cosineDecay(cosine),
    (step) => 0.1 * (0.9 * 0.5 * (1 + Math.cos((Math.PI * Math.min(step, 20)) / 20)) + 0.1),
  ],
  [
    'cosine after a warm-up',
    cosineDecay({ initialLearningRate: 0, warmupSteps: 5, warmupTarget: 0.2, decaySteps: 20 }),
    (step) => (step < 5 ? 0.04 * step : 0.1 * (1 + Math.cos((Math.PI * Math.min(step - 5, 20)) / 20))),
  ],
  ['a straight line', polynomialDecay(polynomial), (step) => 0.09 * (1 - Math.min(step, 10) / 10) + 0.01],
  [
    'a parabola',
    polynomialDecay({ ...polynomial, power: 2 }),
    (step) => 0.09 * (1 - Math.min(step, 10) / 10) ** 2 + 0.01,
  ],
  [
    'a straight line in cycles',
    polynomialDecay({ ...polynomial, cycle: true }),
    (step) => 0.09 * (1 - step / (10 * Math.max(1, Math.ceil(step / 10)))) + 0.01,
  ],
  [
    'pieces',
    piecewiseConstant({ boundaries: [3, 8], values: [0.3, 0.2, 0.1] }),
    (step) => (step <= 3 ? 0.3 : step <= 8 ? 0.2 : 0.1),
  ],
  ['one piece', piecewiseConstant({ boundaries: [], values: [0.3] }), () => 0.3],
  ['a warm-up to a rate', linearWarmup({ warmupSteps: 4, after: 0.2 }), (step) => (step < 4 ? 0.05 * (step + 1) : 0.2)],
  [
    'a warm-up to a schedule',
    linearWarmup({ warmupSteps: 4, after: exponentialDecay(decay) }),
    (step) => (step < 4 ? 0.025 * (step + 1) : 0.1 * 0.5 ** ((step - 4) / 10)),
  ],
];

test.each(schedules)('%s: on the host', (_, schedule, formula) => {
  for (let step = 0; step < 40; step++) expect(schedule.valueAt(step)).toBeCloseTo(formula(step), 12);
});

test.each(schedules)('%s: in a program', async (_, schedule, formula) => {
  const engine = new Engine(new ReferenceBackend());
  const iterations = variable([], { name: 'iterations', dtype: 'int32' });
  const rate = schedule.build(iterations);
  expect([rate.shape, rate.dtype]).toEqual([[], 'float32']);
  const executable = await engine.compile({ outputs: { rate }, updates: [[iterations, increment(iterations)]] });
  for (let step = 0; step < 30; step++) {
    executable.run();
    expect((await executable.read('rate'))[0]).toBeCloseTo(formula(step), 6);
  }
});

test.each(schedules)('%s: comes back from its config as JSON', (_, schedule) => {
  const saved = JSON.parse(JSON.stringify({ name: schedule.name, config: schedule.config })) as Schedule;
  const copy = scheduleFromConfig(saved);
  expect({ name: copy.name, config: copy.config }).toEqual(saved);
  for (const step of [0, 3, 7, 25]) expect(copy.valueAt(step)).toBe(schedule.valueAt(step));
});

describe('errors', () => {
  test('options', () => {
    expect(messageOf(() => exponentialDecay({ ...decay, decaySteps: 0 }))).toMatchInlineSnapshot(
      `"ValueError: exponentialDecay: decaySteps must be an integer ≥ 1, not 0"`,
    );
    expect(messageOf(() => cosineDecay({ ...cosine, warmupSteps: 3 }))).toMatchInlineSnapshot(
      `"ValueError: cosineDecay: warmupTarget must be given together with warmupSteps, and only then, not undefined"`,
    );
    expect(messageOf(() => piecewiseConstant({ boundaries: [5, 5], values: [1, 2, 3] }))).toMatchInlineSnapshot(
      `"ValueError: piecewiseConstant: boundaries must be growing integers ≥ 0, not [5, 5]"`,
    );
    expect(messageOf(() => piecewiseConstant({ boundaries: [5], values: [1] }))).toMatchInlineSnapshot(
      `"ValueError: piecewiseConstant: values must be 2 rates, one more than boundaries, not [1]"`,
    );
    expect(messageOf(() => linearWarmup({ warmupSteps: 1, after: -1 }))).toMatchInlineSnapshot(
      `"ValueError: linearWarmup: after must be a finite number ≥ 0, or a schedule such as cosineDecay({ … }), not -1"`,
    );
    expect(messageOf(() => scheduleFromConfig({ name: 'cosine' as 'cosineDecay', config: {} }))).toMatchInlineSnapshot(
      `"ValueError: schedule: there is no 'cosine'; did you mean 'cosineDecay'?"`,
    );
  });
});
