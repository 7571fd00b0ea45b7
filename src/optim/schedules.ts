/**
 * Learning-rate schedules. A schedule is one formula, written as graph nodes: the device computes it as part of the training
 * step, and the host evaluates the same nodes in float64. Names and formulas are those of Keras.
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

/** A learning rate that depends on the step. */
export interface Schedule {
  readonly name: ScheduleName;
  /** The options that recreate the schedule, as JSON-serializable data. */
  readonly config: Readonly<Record<string, unknown>>;
  /**
   * Builds the node of the rate, float32 [].
   *
   * @param iterations int32 []: number of steps completed before this one
   */
  build(iterations: Node): Node;
  /** Computes the rate on the host, in float64. */
  valueAt(iteration: number): number;
}

export type ScheduleName =
  'exponentialDecay' | 'cosineDecay' | 'polynomialDecay' | 'piecewiseConstant' | 'inverseTimeDecay' | 'linearWarmup';

/** Checks the arguments of a factory and fills in defaults. `formulaOf` may check options that depend on each other. */
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
    config: Object.fromEntries(Object.entries(config).map(([option, value]) => [option, serialize(value)])),
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

/** Options of `exponentialDecay` and `inverseTimeDecay`. */
export interface DecayOptions {
  readonly initialLearningRate: number;
  /** Number of steps over which `decayRate` is applied once. */
  readonly decaySteps: number;
  readonly decayRate: number;
  /** True changes the rate only every `decaySteps` steps; false changes it at every step. Default false. */
  readonly staircase?: boolean;
}

const rate = (): ArgumentType => required(number(0));
const decay = (): ArgumentTable => ({ initialLearningRate: rate(), decaySteps: required(integer(1)) });

/**
 * Exponential decay: initialLearningRate · decayRate^(step / decaySteps).
 *
 * @throws ValueError for rates < 0 or steps < 1
 * @example
 * adam({ learningRate: exponentialDecay({ initialLearningRate: 0.01, decaySteps: 1000, decayRate: 0.9 }) });
 */
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

/**
 * Inverse-time decay: initialLearningRate / (1 + decayRate · step / decaySteps).
 *
 * @throws ValueError for rates < 0 or steps < 1
 * @example
 * sgd({ learningRate: inverseTimeDecay({ initialLearningRate: 0.1, decaySteps: 1000, decayRate: 0.5 }) });
 */
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
  /** Number of decay steps, without the warm-up. */
  readonly decaySteps: number;
  /** Final rate as a fraction of the peak rate. Default 0. */
  readonly alpha?: number;
  /** Number of initial steps in which the rate grows linearly from initialLearningRate to warmupTarget. Default 0. */
  readonly warmupSteps?: number;
  /** Rate at the end of the warm-up, from which the decay starts. */
  readonly warmupTarget?: number;
}

/**
 * Cosine decay to alpha · rate (Loshchilov, Hutter 2016: SGDR), after an optional linear warm-up.
 *
 * @throws ValueError for rates < 0, steps < 1, or only one of warmupSteps and warmupTarget
 * @example
 * adam({ learningRate: cosineDecay({ initialLearningRate: 0.001, decaySteps: 10_000, alpha: 0.1 }) });
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
      const increment = (peak - initialLearningRate) / warmupSteps;
      return select(less(step, warmupSteps), add(mul(step, increment), initialLearningRate), decayed);
    };
  });
}

export interface PolynomialDecayOptions {
  readonly initialLearningRate: number;
  readonly decaySteps: number;
  /** Default 0.0001. */
  readonly endLearningRate?: number;
  /** Exponent of the decay. Default 1, a linear decay. */
  readonly power?: number;
  /**
   * True restarts the decay each time it ends, and extends it to the next multiple of `decaySteps`. Default false: the rate
   * stays at endLearningRate.
   */
  readonly cycle?: boolean;
}

/**
 * Polynomial decay: (initial − end) · (1 − step / decaySteps)^power + end.
 *
 * @throws ValueError for rates or powers < 0, or steps < 1
 * @example
 * sgd({ learningRate: polynomialDecay({ initialLearningRate: 0.1, decaySteps: 10_000, power: 2 }) });
 */
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
      const rest = sub(1, div(cycle ? step : minimum(step, decaySteps), length));
      return add(mul(power === 1 ? rest : pow(rest, power), initialLearningRate - endLearningRate), endLearningRate);
    },
  );
}

export interface PiecewiseConstantOptions {
  /** Strictly increasing step numbers: `values[i]` applies up to and including step `boundaries[i]`. */
  readonly boundaries: readonly number[];
  /** The rates; one more than there are boundaries. */
  readonly values: readonly number[];
}

/**
 * Piecewise constant rate: values[0] up to boundaries[0], then values[1], and so on.
 *
 * @throws ValueError unless boundaries increase and there is one more value than boundaries
 * @example
 * sgd({ learningRate: piecewiseConstant({ boundaries: [5000, 8000], values: [0.1, 0.01, 0.001] }) });
 */
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
  /** Number of warm-up steps: step `warmupSteps - 1` has the full rate. */
  readonly warmupSteps: number;
  /** The rate or schedule after the warm-up. A schedule counts its steps from the end of the warm-up. */
  readonly after: number | Schedule;
}

/**
 * Linear warm-up: rate · (step + 1) / warmupSteps, then `after`.
 *
 * @throws ValueError for steps < 1 or a rate < 0
 * @example
 * const after = cosineDecay({ initialLearningRate: 0.001, decaySteps: 10_000 });
 * adam({ learningRate: linearWarmup({ warmupSteps: 500, after }) });
 */
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

/** An option value as JSON-serializable data: a nested schedule becomes its name and config. */
function serialize(value: unknown): unknown {
  const { name, config, build } = value as Partial<Schedule>;
  return build ? { name, config } : value;
}

type SavedSchedule = Pick<Schedule, 'name' | 'config'>;

const schedules: Readonly<Record<ScheduleName, (config: never) => Schedule>> = {
  exponentialDecay,
  cosineDecay,
  polynomialDecay,
  piecewiseConstant,
  inverseTimeDecay,
  linearWarmup: ({ after, ...rest }: { warmupSteps: number; after: number | SavedSchedule }) =>
    linearWarmup({ ...rest, after: typeof after === 'number' ? after : scheduleFromConfig(after) }),
};

/** Recreates a schedule from its saved name and config. Throws `ValueError` for an unknown name or an invalid option. */
export function scheduleFromConfig({ name, config }: SavedSchedule): Schedule {
  return lookUp('schedule', name, schedules)(config as never);
}
