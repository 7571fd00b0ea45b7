/**
 * Learning rates that change with the step. A schedule is one formula, written as nodes: on the device it is part of
 * the step's program, and the host evaluates the same nodes in float64. Names and formulas are those of Keras.
 */
import { arrayOf, boolean, checkArguments, integer, number, options, required } from '../core/arguments.ts';
import type { ArgumentTable, ArgumentType } from '../core/arguments.ts';
import { lookUp, requireOption } from '../core/check.ts';
import type { Node } from '../graph/node.ts';
import { add, div, minimum, mul, sub } from '../ops/elementwise/arithmetic.ts';
import { cast } from '../ops/elementwise/clip.ts';
import { equal, less, lessEqual } from '../ops/elementwise/compare.ts';
import { cos, pow } from '../ops/elementwise/math.ts';
import { constant } from '../ops/define.ts';
import { ceil, floor } from '../ops/elementwise/rounding.ts';
import { select } from '../ops/elementwise/select.ts';
import { node, rateOrSchedule } from './arguments.ts';
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

/** Checks the arguments of a factory, and completes its options. `formula` may check what several of them are together. */
function schedule<T extends object>(
  name: ScheduleName,
  given: ArrayLike<unknown>,
  types: ArgumentTable,
  defaults: Partial<T>,
  formulaOf: (config: T) => (step: Node) => Node,
): Schedule {
  checkArguments(name, given, { options: required(options(types)) });
  const chosen = Object.entries(given[0] as T).filter(([, value]) => value !== undefined);
  const config = { ...defaults, ...(Object.fromEntries(chosen) as T) };
  const formula = formulaOf(config);
  return {
    name,
    config: Object.fromEntries(Object.entries(config).map(([option, value]) => [option, saved(value)])),
    build: (...call) => {
      checkArguments(`${name}.build`, call, { iterations: node });
      return formula(cast(call[0], 'float32'));
    },
    valueAt: (...call) => {
      checkArguments(`${name}.valueAt`, call, { iteration: required(number(0)) });
      return evaluateScalar(formula(constant(call[0])));
    },
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

const rate = (): ArgumentType => required(number(0));
const decay = (): ArgumentTable => ({ initialLearningRate: rate(), decaySteps: required(integer(1)) });

/** initialLearningRate · decayRate^(step / decaySteps). @throws ValueError for rates < 0 or steps < 1 */
export function exponentialDecay(_options: DecayOptions): Schedule {
  const types = { ...decay(), decayRate: rate(), staircase: boolean };
  return schedule<Required<DecayOptions>>(
    'exponentialDecay',
    arguments,
    types,
    { staircase: false },
    (config) => (step) => {
      const { initialLearningRate, decaySteps, decayRate, staircase } = config;
      const exponent = div(step, decaySteps);
      return mul(initialLearningRate, pow(decayRate, staircase ? floor(exponent) : exponent));
    },
  );
}

/** initialLearningRate / (1 + decayRate · step / decaySteps). @throws ValueError for rates < 0 or steps < 1 */
export function inverseTimeDecay(_options: DecayOptions): Schedule {
  const types = { ...decay(), decayRate: rate(), staircase: boolean };
  return schedule<Required<DecayOptions>>(
    'inverseTimeDecay',
    arguments,
    types,
    { staircase: false },
    (config) => (step) => {
      const { initialLearningRate, decaySteps, decayRate, staircase } = config;
      const periods = div(step, decaySteps);
      return div(initialLearningRate, add(mul(staircase ? floor(periods) : periods, decayRate), 1));
    },
  );
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
export function cosineDecay(_options: CosineDecayOptions): Schedule {
  const types = { ...decay(), alpha: number(0), warmupSteps: integer(0), warmupTarget: number(0) };
  const defaults = { alpha: 0, warmupSteps: 0 };
  return schedule<CosineDecayOptions>('cosineDecay', arguments, types, defaults, (config) => {
    const { initialLearningRate, decaySteps, alpha, warmupSteps, warmupTarget } =
      config as Required<CosineDecayOptions>;
    const isPair = (config.warmupTarget !== undefined) === warmupSteps > 0;
    requireOption(
      'cosineDecay',
      'warmupTarget',
      warmupTarget,
      'given together with warmupSteps, and only then',
      isPair,
    );
    const peak = config.warmupTarget ?? initialLearningRate;
    return (step) => {
      const done = div(minimum(sub(step, warmupSteps), decaySteps), decaySteps);
      const wave = mul(add(cos(mul(done, Math.PI)), 1), 0.5);
      const decayed = mul(add(mul(wave, 1 - alpha), alpha), peak);
      if (warmupSteps === 0) return decayed;
      const slope = (peak - initialLearningRate) / warmupSteps;
      return select(less(step, warmupSteps), add(mul(step, slope), initialLearningRate), decayed);
    };
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
export function polynomialDecay(_options: PolynomialDecayOptions): Schedule {
  const types = { ...decay(), endLearningRate: number(0), power: number(0), cycle: boolean };
  const defaults = { endLearningRate: 0.0001, power: 1, cycle: false };
  return schedule<Required<PolynomialDecayOptions>>(
    'polynomialDecay',
    arguments,
    types,
    defaults,
    (config) => (step) => {
      const { initialLearningRate, decaySteps, endLearningRate, power, cycle } = config;
      const rounds = ceil(div(step, decaySteps));
      const length = cycle ? mul(select(equal(step, 0), 1, rounds), decaySteps) : constant(decaySteps);
      const left = sub(1, div(cycle ? step : minimum(step, decaySteps), length));
      return add(mul(power === 1 ? left : pow(left, power), initialLearningRate - endLearningRate), endLearningRate);
    },
  );
}

export interface PiecewiseConstantOptions {
  /** Growing steps: `values[i]` holds up to and including step `boundaries[i]`. */
  readonly boundaries: readonly number[];
  /** One more than boundaries. */
  readonly values: readonly number[];
}

/** values[0] up to boundaries[0], then values[1], and so on. @throws ValueError unless boundaries grow and values fit */
export function piecewiseConstant(_options: PiecewiseConstantOptions): Schedule {
  const types = {
    boundaries: required(arrayOf(integer(0), 'an array of growing integers ≥ 0')),
    values: required(arrayOf(rate(), 'an array of rates')),
  };
  return schedule<PiecewiseConstantOptions>('piecewiseConstant', arguments, types, {}, ({ boundaries, values }) => {
    const grows = boundaries.every((step, index) => step > (boundaries[index - 1] ?? -1));
    requireOption('piecewiseConstant', 'boundaries', boundaries, 'growing integers ≥ 0', grows);
    const fits = values.length === boundaries.length + 1;
    const wanted = `${boundaries.length + 1} rates, one more than boundaries`;
    requireOption('piecewiseConstant', 'values', values, wanted, fits);
    return (step) =>
      boundaries.reduceRight<Node>(
        (later, boundary, index) => select(lessEqual(step, boundary), values[index]!, later),
        constant(values.at(-1)!),
      );
  });
}

export interface LinearWarmupOptions {
  /** Steps of the rise: step `warmupSteps - 1` has the full rate. */
  readonly warmupSteps: number;
  /** The rate, or the schedule, that follows; it counts its steps from the end of the rise. */
  readonly after: number | Schedule;
}

/** rate · (step + 1) / warmupSteps first, then `after`. @throws ValueError for steps < 1 or a rate < 0 */
export function linearWarmup(_options: LinearWarmupOptions): Schedule {
  const types = { warmupSteps: required(integer(1)), after: required(rateOrSchedule()) };
  return schedule<LinearWarmupOptions>('linearWarmup', arguments, types, {}, ({ warmupSteps, after }) => {
    const full = typeof after === 'number' ? after : after.valueAt(0);
    return (step) => {
      const following = typeof after === 'number' ? constant(after) : after.build(sub(step, warmupSteps));
      return select(less(step, warmupSteps), mul(add(step, 1), full / warmupSteps), following);
    };
  });
}

/** A schedule inside another as JSON. */
function saved(value: unknown): unknown {
  const { name, config, build } = value as Partial<Schedule>;
  return build ? { name, config } : value;
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
