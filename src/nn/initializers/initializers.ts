/**
 * Weight initializers. Values are generated on the host with the counter-based random generator, so they are identical on all
 * backends. Defaults are those of Keras.
 */
import { checkArguments, integer, number, options } from '../../core/arguments.ts';
import type { ArgumentTable } from '../../core/arguments.ts';
import { lookUp, requireOption } from '../../core/check.ts';
import { keyFromSeed, normal, threefry2x32, uniform } from '../../core/random.ts';
import type { Key } from '../../core/random.ts';
import { checkShape, sizeOf } from '../../core/shape.ts';
import type { Shape } from '../../core/shape.ts';
import { seedKey } from '../arguments.ts';
import { orthogonalRows, orthogonalSteps } from './orthogonal.ts';

/** Generates the initial values of a weight. */
export interface Initializer {
  readonly name: InitializerName;
  /** The options that recreate the initializer, as JSON-serializable data. */
  readonly config: Readonly<Record<string, number>>;
  /** Returns `sizeOf(shape)` values in row-major order. Equal keys give equal values. */
  create(shape: Shape, key: Key): Float32Array;
  /** Computes the same values in steps of a few milliseconds, for initializers that would otherwise block a page. */
  createInSteps?(shape: Shape, key: Key): Generator<undefined, Float32Array>;
}

/** The names that layer options accept. */
export type InitializerName =
  | 'zeros'
  | 'ones'
  | 'constant'
  | 'randomNormal'
  | 'randomUniform'
  | 'truncatedNormal'
  | 'glorotUniform'
  | 'glorotNormal'
  | 'heUniform'
  | 'heNormal'
  | 'lecunUniform'
  | 'lecunNormal'
  | 'orthogonal';

/** An initializer option of a layer: a name, an initializer, or its saved name and config. */
export type InitializerLike = InitializerName | Initializer | Pick<Initializer, 'name' | 'config'>;

/** The option of initializers with random values. */
export interface SeedOption {
  /** Makes the values independent of the model's seed. Weights of equal shape and seed have equal values. */
  readonly seed?: number;
}

type Options = Readonly<Record<string, number>>;

/** Checks the arguments of a factory and fills in defaults. */
function initializer<T extends object>(
  name: InitializerName,
  given: ArrayLike<unknown>,
  types: ArgumentTable,
  defaults: T,
  create: (shape: Shape, key: Key, config: T) => Float32Array,
  createInSteps?: (shape: Shape, key: Key, config: T) => Generator<undefined, Float32Array>,
): Initializer {
  checkArguments(name, given, { options: options({ ...types, ...(types !== noOptions && { seed: integer() }) }) });
  const chosen = Object.entries((given[0] ?? {}) as Options).filter(([, value]) => value !== undefined);
  const config = { ...defaults, ...Object.fromEntries(chosen) } as T & Options;
  const { seed } = config;
  const own = (key: Key): Key => (seed === undefined ? key : keyFromSeed(seed));
  return {
    name,
    config,
    create: (given, key) => {
      const shape = checkShape(name, given);
      checkArguments(name, [key], { key: seedKey });
      return create(shape, own(key), config);
    },
    ...(createInSteps && { createInSteps: (shape: Shape, key: Key) => createInSteps(shape, own(key), config) }),
  };
}

const noOptions: ArgumentTable = {};

/** Initializes all values to 0. */
export function zeros(): Initializer {
  return initializer('zeros', arguments, noOptions, {}, (shape) => new Float32Array(sizeOf(shape)));
}

/** Initializes all values to 1. */
export function ones(): Initializer {
  return initializer('ones', arguments, noOptions, {}, (shape) => new Float32Array(sizeOf(shape)).fill(1));
}

/** Initializes all values to `value` (default 0). The name `constant` belongs to the graph function. */
export function constantInitializer(_options: { readonly value?: number } = {}): Initializer {
  return initializer('constant', arguments, { value: number() }, { value: 0 }, (shape, _, { value }) =>
    new Float32Array(sizeOf(shape)).fill(value),
  );
}

/** Options of `randomNormal` and `truncatedNormal`. */
export interface NormalOptions extends SeedOption {
  /** Default 0. */
  readonly mean?: number;
  /** Default 0.05. */
  readonly stddev?: number;
}

/**
 * Draws values from a normal distribution.
 *
 * @throws ValueError for a negative stddev
 * @example
 * dense({ units: 10, kernelInitializer: randomNormal({ stddev: 0.02 }) });
 */
export function randomNormal(_options: NormalOptions = {}): Initializer {
  return initializer('randomNormal', arguments, moments(), { mean: 0, stddev: 0.05 }, (shape, key, { mean, stddev }) =>
    normal(key, sizeOf(shape)).map((value) => mean + stddev * value),
  );
}

const moments = (): ArgumentTable => ({ mean: number(), stddev: number(0) });

/** Options of `randomUniform`. */
export interface UniformOptions extends SeedOption {
  /** Default −0.05. */
  readonly min?: number;
  /** Default 0.05. */
  readonly max?: number;
}

/**
 * Draws values from the uniform distribution over [min, max).
 *
 * @throws ValueError when min > max
 * @example
 * dense({ units: 10, kernelInitializer: randomUniform({ min: -0.1, max: 0.1 }) });
 */
export function randomUniform(_options: UniformOptions = {}): Initializer {
  const types = { min: number(), max: number() };
  const result = initializer('randomUniform', arguments, types, { min: -0.05, max: 0.05 }, (shape, key, { min, max }) =>
    uniformBetween(shape, key, min, max),
  );
  const { min, max } = result.config as { readonly min: number; readonly max: number };
  requireOption('randomUniform', 'min', min, `at most max ${max}`, min <= max);
  return result;
}

/** Draws from a normal distribution truncated at two standard deviations. @throws ValueError for a negative stddev */
export function truncatedNormal(_options: NormalOptions = {}): Initializer {
  return initializer(
    'truncatedNormal',
    arguments,
    moments(),
    { mean: 0, stddev: 0.05 },
    (shape, key, { mean, stddev }) => truncated(sizeOf(shape), key).map((value) => mean + stddev * value),
  );
}

/** Glorot uniform: uniform in ±√(6 / (fanIn + fanOut)) (Glorot, Bengio 2010, equation 16). */
export function glorotUniform(_options: SeedOption = {}): Initializer {
  return varianceScaling('glorotUniform', 1, ({ fanIn, fanOut }) => (fanIn + fanOut) / 2, 'uniform', arguments);
}

/** Glorot normal: truncated normal of variance 2 / (fanIn + fanOut) (Glorot, Bengio 2010). */
export function glorotNormal(_options: SeedOption = {}): Initializer {
  return varianceScaling('glorotNormal', 1, ({ fanIn, fanOut }) => (fanIn + fanOut) / 2, 'normal', arguments);
}

/** He uniform, for relu: uniform in ±√(6 / fanIn) (He, Zhang, Ren, Sun 2015, equation 10). */
export function heUniform(_options: SeedOption = {}): Initializer {
  return varianceScaling('heUniform', 2, ({ fanIn }) => fanIn, 'uniform', arguments);
}

/**
 * He normal, for relu: truncated normal of variance 2 / fanIn (He, Zhang, Ren, Sun 2015, equation 10).
 *
 * @example
 * dense({ units: 128, activation: 'relu', kernelInitializer: heNormal({ seed: 1 }) });
 */
export function heNormal(_options: SeedOption = {}): Initializer {
  return varianceScaling('heNormal', 2, ({ fanIn }) => fanIn, 'normal', arguments);
}

/** LeCun uniform: uniform in ±√(3 / fanIn) (LeCun, Bottou, Orr, Müller 1998: Efficient BackProp, section 4.6). */
export function lecunUniform(_options: SeedOption = {}): Initializer {
  return varianceScaling('lecunUniform', 1, ({ fanIn }) => fanIn, 'uniform', arguments);
}

/** LeCun normal: truncated normal of variance 1 / fanIn (LeCun and others 1998; for selu: Klambauer and others 2017). */
export function lecunNormal(_options: SeedOption = {}): Initializer {
  return varianceScaling('lecunNormal', 1, ({ fanIn }) => fanIn, 'normal', arguments);
}

/** Options of `orthogonal`. */
export interface OrthogonalOptions extends SeedOption {
  /** Multiplies every value. Default 1. */
  readonly gain?: number;
}

/**
 * Random orthogonal matrix times `gain`: the Q of a random normal matrix (Saxe, McClelland, Ganguli 2013). The weight is
 * treated as a matrix [all axes except the last, last axis]; its columns, or its rows if there are fewer, are orthonormal.
 * `create` throws `ShapeError` for shapes below rank 2.
 *
 * @example
 * dense({ units: 64, kernelInitializer: orthogonal({ gain: Math.SQRT2 }) });
 */
export function orthogonal(_options: OrthogonalOptions = {}): Initializer {
  return initializer(
    'orthogonal',
    arguments,
    { gain: number() },
    { gain: 1 },
    (shape, key, { gain }) => orthogonalRows(shape, key, gain),
    (shape, key, { gain }) => orthogonalSteps(shape, key, gain),
  );
}

/** Number of inputs per unit, and of units per input. */
export interface Fans {
  readonly fanIn: number;
  readonly fanOut: number;
}

/** As in Keras: dense [in, out]; convolution [...window, in, out], where the window size multiplies both. */
export function fansOf(shape: Shape): Fans {
  if (shape.length < 2) return { fanIn: shape[0] ?? 1, fanOut: shape[0] ?? 1 };
  const window = sizeOf(shape.slice(0, -2));
  return { fanIn: shape.at(-2)! * window, fanOut: shape.at(-1)! * window };
}

/** Standard deviation of the standard normal distribution truncated at ±2. */
const truncatedDeviation = 0.87962566103423978;

function varianceScaling(
  name: InitializerName,
  scale: number,
  fan: (fans: Fans) => number,
  kind: 'uniform' | 'normal',
  given: ArrayLike<unknown>,
): Initializer {
  return initializer(name, given, {}, {}, (shape, key) => {
    const variance = scale / Math.max(1, fan(fansOf(shape)));
    if (kind === 'uniform') return uniformBetween(shape, key, -Math.sqrt(3 * variance), Math.sqrt(3 * variance));
    const stddev = Math.sqrt(variance) / truncatedDeviation;
    return truncated(sizeOf(shape), key).map((value) => stddev * value);
  });
}

const uniformBetween = (shape: Shape, key: Key, min: number, max: number): Float32Array =>
  uniform(key, sizeOf(shape), 0, min, max);

/** Standard normal values truncated at ±2: element i is the first of the draws (i, 0), (i, 1) … that is inside. */
function truncated(count: number, key: Key): Float32Array {
  return Float32Array.from({ length: count }, (_, index) => {
    for (let attempt = 0; ; attempt++) {
      const [a, b] = threefry2x32(key, index, attempt);
      const value = Math.sqrt(-2 * Math.log((a + 1) * 2 ** -32)) * Math.cos(2 * Math.PI * (b * 2 ** -32));
      if (Math.abs(value) <= 2) return value;
    }
  });
}

const initializers: Readonly<Record<InitializerName, (options: Options) => Initializer>> = {
  zeros,
  ones,
  constant: constantInitializer,
  randomNormal,
  randomUniform,
  truncatedNormal,
  glorotUniform,
  glorotNormal,
  heUniform,
  heNormal,
  lecunUniform,
  lecunNormal,
  orthogonal,
};

/** Resolves an initializer option to an initializer. Throws `ValueError` for an unknown name. */
export function initializerFrom(like: InitializerLike): Initializer {
  if (typeof like === 'string') return lookUp('initializer', like, initializers)({});
  const isObject = typeof like === 'object' && like !== null;
  requireOption('initializer', 'option', like, 'a name or an initializer', isObject);
  const { create } = like as Partial<Initializer>;
  return typeof create === 'function'
    ? (like as Initializer)
    : lookUp('initializer', like.name, initializers)(like.config ?? {});
}
