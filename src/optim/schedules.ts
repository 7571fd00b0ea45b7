/**
 * Learning rates that change with the step. A schedule is one formula, written as nodes: on the device it is part of
 * the step's program, and the host evaluates the same nodes in float64. Names and formulas are those of Keras.
 */
import { lookUp, requireNumber, requireOption } from '../core/check.ts';
import type { Node } from '../graph/node.ts';
import { add, div, minimum, mul, sub } from '../ops/arithmetic.ts';
import { cast } from '../ops/clip.ts';
import { equal, less, lessEqual } from '../ops/compare.ts';
import { cos, pow } from '../ops/math.ts';
import { constant, requireInteger } from '../ops/op.ts';
import { ceil, floor } from '../ops/rounding.ts';
import { select } from '../ops/select.ts';
import { evaluateScalar } from './evaluate-scalar.ts';

export interface Schedule {
  readonly name: ScheduleName;
  /** The options that make it again, as JSON. */
  readonly config: Readonly<Record<string, unknown>>;
  /** float32 []: the rate of the step that `iterations` (int32 [], steps done before) counts. */
  build(iterations: Node): Node;
  /** The same on the host, in float64. */
  valueAt(iteration: number): number;
}

export type ScheduleName =
  'exponentialDecay' | 'cosineDecay' | 'polynomialDecay' | 'piecewiseConstant' | 'inverseTimeDecay' | 'linearWarmup';

function schedule(name: ScheduleName, config: Schedule['config'], formula: (step: Node) => Node): Schedule {
  return {
    name,
    config,
    build: (iterations) => formula(cast(iterations, 'float32')),
    valueAt: (iteration) => evaluateScalar(formula(constant(iteration))),
  };
}

export interface DecayOptions {
  readonly initialLearningRate: number;
  /** Steps after which the rate is multiplied by `decayRate` once. */
  readonly decaySteps: number;
  readonly decayRate: number;
  /** True decays at once every `decaySteps` steps instead of a little at each. Default false. */
  readonly staircase?: boolean;
}

function checkRates(where: string, rate: number, steps: number): void {
  requireNumber(where, 'initialLearningRate', rate, 0);
  requireInteger(where, 'decaySteps', steps, 1);
}

/** initialLearningRate · decayRate^(step / decaySteps). @throws ValueError for rates < 0 or steps < 1 */
export function exponentialDecay(options: DecayOptions): Schedule {
  const { initialLearningRate, decaySteps, decayRate, staircase = false } = options;
  checkRates('exponentialDecay', initialLearningRate, decaySteps);
  requireNumber('exponentialDecay', 'decayRate', decayRate, 0);
  const config = { initialLearningRate, decaySteps, decayRate, staircase };
  return schedule('exponentialDecay', config, (step) => {
    const exponent = div(step, decaySteps);
    return mul(initialLearningRate, pow(decayRate, staircase ? floor(exponent) : exponent));
  });
}

/** initialLearningRate / (1 + decayRate · step / decaySteps). @throws ValueError for rates < 0 or steps < 1 */
export function inverseTimeDecay(options: DecayOptions): Schedule {
  const { initialLearningRate, decaySteps, decayRate, staircase = false } = options;
  checkRates('inverseTimeDecay', initialLearningRate, decaySteps);
  requireNumber('inverseTimeDecay', 'decayRate', decayRate, 0);
  const config = { initialLearningRate, decaySteps, decayRate, staircase };
  return schedule('inverseTimeDecay', config, (step) => {
    const periods = div(step, decaySteps);
    return div(initialLearningRate, add(mul(staircase ? floor(periods) : periods, decayRate), 1));
  });
}

export interface CosineDecayOptions {
  readonly initialLearningRate: number;
  /** Steps of the decay, without the warm-up. */
  readonly decaySteps: number;
  /** The share of the rate that is left at the end. Default 0. */
  readonly alpha?: number;
  /** Steps that go straight up from initialLearningRate to warmupTarget first. Default 0. */
  readonly warmupSteps?: number;
  /** The rate that the decay starts from after a warm-up. */
  readonly warmupTarget?: number;
}

/**
 * Half a cosine wave down to alpha · rate (Loshchilov, Hutter 2016: SGDR), after a linear warm-up if one is asked for.
 *
 * @throws ValueError for rates < 0, steps < 1, or a warm-up with only one of its two options
 */
export function cosineDecay(options: CosineDecayOptions): Schedule {
  const { initialLearningRate, decaySteps, alpha = 0, warmupSteps = 0, warmupTarget } = options;
  checkRates('cosineDecay', initialLearningRate, decaySteps);
  requireNumber('cosineDecay', 'alpha', alpha, 0);
  requireInteger('cosineDecay', 'warmupSteps', warmupSteps, 0);
  const isPair = (warmupTarget !== undefined) === warmupSteps > 0;
  requireOption('cosineDecay', 'warmupTarget', warmupTarget, 'given together with warmupSteps, and only then', isPair);
  if (warmupTarget !== undefined) requireNumber('cosineDecay', 'warmupTarget', warmupTarget, 0);
  const peak = warmupTarget ?? initialLearningRate;
  const config = {
    initialLearningRate,
    decaySteps,
    alpha,
    warmupSteps,
    ...(warmupTarget !== undefined && { warmupTarget }),
  };
  return schedule('cosineDecay', config, (step) => {
    const done = div(minimum(sub(step, warmupSteps), decaySteps), decaySteps);
    const wave = mul(add(cos(mul(done, Math.PI)), 1), 0.5);
    const decayed = mul(add(mul(wave, 1 - alpha), alpha), peak);
    if (warmupSteps === 0) return decayed;
    const slope = (peak - initialLearningRate) / warmupSteps;
    return select(less(step, warmupSteps), add(mul(step, slope), initialLearningRate), decayed);
  });
}

export interface PolynomialDecayOptions {
  readonly initialLearningRate: number;
  readonly decaySteps: number;
  /** Default 0.0001. */
  readonly endLearningRate?: number;
  /** Default 1: a straight line. */
  readonly power?: number;
  /** True starts over on a longer way each time the end is reached. Default false: the rate stays at the end. */
  readonly cycle?: boolean;
}

/** (initial − end) · (1 − step / decaySteps)^power + end. @throws ValueError for rates or powers < 0, or steps < 1 */
export function polynomialDecay(options: PolynomialDecayOptions): Schedule {
  const { initialLearningRate, decaySteps, endLearningRate = 0.0001, power = 1, cycle = false } = options;
  checkRates('polynomialDecay', initialLearningRate, decaySteps);
  requireNumber('polynomialDecay', 'endLearningRate', endLearningRate, 0);
  requireNumber('polynomialDecay', 'power', power, 0);
  const config = { initialLearningRate, decaySteps, endLearningRate, power, cycle };
  return schedule('polynomialDecay', config, (step) => {
    const rounds = ceil(div(step, decaySteps));
    const length = cycle ? mul(select(equal(step, 0), 1, rounds), decaySteps) : constant(decaySteps);
    const left = sub(1, div(cycle ? step : minimum(step, decaySteps), length));
    return add(mul(power === 1 ? left : pow(left, power), initialLearningRate - endLearningRate), endLearningRate);
  });
}

export interface PiecewiseConstantOptions {
  /** Growing steps: `values[i]` holds up to and including step `boundaries[i]`. */
  readonly boundaries: readonly number[];
  /** One more than boundaries. */
  readonly values: readonly number[];
}

/** values[0] up to boundaries[0], then values[1], and so on. @throws ValueError unless boundaries grow and values fit */
export function piecewiseConstant({ boundaries, values }: PiecewiseConstantOptions): Schedule {
  const grows = boundaries.every((step, index) => Number.isInteger(step) && step > (boundaries[index - 1] ?? -1));
  requireOption('piecewiseConstant', 'boundaries', boundaries, 'growing integers ≥ 0', grows);
  const fits = values.length === boundaries.length + 1;
  requireOption(
    'piecewiseConstant',
    'values',
    values,
    `${boundaries.length + 1} rates, one more than boundaries`,
    fits,
  );
  for (const value of values) requireNumber('piecewiseConstant', 'each value', value, 0);
  return schedule('piecewiseConstant', { boundaries, values }, (step) =>
    boundaries.reduceRight<Node>(
      (later, boundary, index) => select(lessEqual(step, boundary), values[index]!, later),
      constant(values.at(-1)!),
    ),
  );
}

export interface LinearWarmupOptions {
  /** Steps of the rise: step `warmupSteps - 1` has the full rate. */
  readonly warmupSteps: number;
  /** The rate, or the schedule, that follows; it counts its steps from the end of the rise. */
  readonly after: number | Schedule;
}

/** rate · (step + 1) / warmupSteps first, then `after`. @throws ValueError for steps < 1 or a rate < 0 */
export function linearWarmup({ warmupSteps, after }: LinearWarmupOptions): Schedule {
  requireInteger('linearWarmup', 'warmupSteps', warmupSteps, 1);
  if (typeof after === 'number') requireNumber('linearWarmup', 'after', after, 0);
  const full = typeof after === 'number' ? after : after.valueAt(0);
  const config = { warmupSteps, after: typeof after === 'number' ? after : { name: after.name, config: after.config } };
  return schedule('linearWarmup', config, (step) => {
    const following = typeof after === 'number' ? constant(after) : after.build(sub(step, warmupSteps));
    return select(less(step, warmupSteps), mul(add(step, 1), full / warmupSteps), following);
  });
}

type Saved = Pick<Schedule, 'name' | 'config'>;

const schedules: Readonly<Record<ScheduleName, (config: never) => Schedule>> = {
  exponentialDecay,
  cosineDecay,
  polynomialDecay,
  piecewiseConstant,
  inverseTimeDecay,
  linearWarmup: ({ after, ...rest }: { warmupSteps: number; after: number | Saved }) =>
    linearWarmup({ ...rest, after: typeof after === 'number' ? after : scheduleFromConfig(after) }),
};

/** The schedule that was saved as its name and config. Throws `ValueError` for an unknown name or a bad setting. */
export function scheduleFromConfig({ name, config }: Saved): Schedule {
  return lookUp('schedule', name, schedules)(config as never);
}
