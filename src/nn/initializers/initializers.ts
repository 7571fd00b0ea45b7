/**
 * First values of weights, drawn on the host from the counter-based generator: the same bits whatever the backend.
 * A layer asks for them when its variables get memory. Defaults are those of Keras.
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

/** Makes the values of one weight. */
export interface Initializer {
  readonly name: InitializerName;
  /** The options that make it again, as JSON. */
  readonly config: Readonly<Record<string, number>>;
  /** `sizeOf(shape)` values in row-major order; equal keys give equal values. */
  create(shape: Shape, key: Key): Float32Array;
  /** The same values, computed in steps of a few milliseconds: for an initializer that would block a page. */
  createInSteps?(shape: Shape, key: Key): Generator<undefined, Float32Array>;
}

/** Every initializer that a name can stand for. */
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

/** What a layer's option takes: a name, an initializer, or what `config` saved of one. */
export type InitializerLike = InitializerName | Initializer | Pick<Initializer, 'name' | 'config'>;

/** `seed` fixes the values whatever the model's seed is; two weights with one seed start alike. */
export interface SeedOption {
  readonly seed?: number;
}

type Options = Readonly<Record<string, number>>;

/** Checks the arguments of a factory, and completes its options. */
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

/** All 0. */
export function zeros(): Initializer {
  return initializer('zeros', arguments, noOptions, {}, (shape) => new Float32Array(sizeOf(shape)));
}

/** All 1. */
export function ones(): Initializer {
  return initializer('ones', arguments, noOptions, {}, (shape) => new Float32Array(sizeOf(shape)).fill(1));
}

/** All `value` (default 0). Named apart from the graph's `constant`. */
export function constantInitializer(_options: { readonly value?: number } = {}): Initializer {
  return initializer('constant', arguments, { value: number() }, { value: 0 }, (shape, _, { value }) =>
    new Float32Array(sizeOf(shape)).fill(value),
  );
}

export interface NormalOptions extends SeedOption {
  /** Default 0. */
  readonly mean?: number;
  /** Default 0.05. */
  readonly stddev?: number;
}

/** Normal values. @throws ValueError for a negative stddev */
export function randomNormal(_options: NormalOptions = {}): Initializer {
  return initializer('randomNormal', arguments, moments(), { mean: 0, stddev: 0.05 }, (shape, key, { mean, stddev }) =>
    normal(key, sizeOf(shape)).map((value) => mean + stddev * value),
  );
}

const moments = (): ArgumentTable => ({ mean: number(), stddev: number(0) });

export interface UniformOptions extends SeedOption {
  /** Default −0.05. */
  readonly min?: number;
  /** Default 0.05. */
  readonly max?: number;
}

/** Values spread evenly over [min, max). @throws ValueError when min > max */
export function randomUniform(_options: UniformOptions = {}): Initializer {
  const types = { min: number(), max: number() };
  const made = initializer('randomUniform', arguments, types, { min: -0.05, max: 0.05 }, (shape, key, { min, max }) =>
    uniformBetween(shape, key, min, max),
  );
  const { min, max } = made.config as { readonly min: number; readonly max: number };
  requireOption('randomUniform', 'min', min, `at most max ${max}`, min <= max);
  return made;
}

/** Normal values, those beyond two standard deviations drawn again. @throws ValueError for a negative stddev */
export function truncatedNormal(_options: NormalOptions = {}): Initializer {
  return initializer(
    'truncatedNormal',
    arguments,
    moments(),
    { mean: 0, stddev: 0.05 },
    (shape, key, { mean, stddev }) => truncated(sizeOf(shape), key).map((value) => mean + stddev * value),
  );
}

/** Uniform within ±√(6 / (fanIn + fanOut)) (Glorot, Bengio 2010, equation 16). */
export function glorotUniform(_options: SeedOption = {}): Initializer {
  return varianceScaling('glorotUniform', 1, ({ fanIn, fanOut }) => (fanIn + fanOut) / 2, 'uniform', arguments);
}

/** Truncated normal of variance 2 / (fanIn + fanOut) (Glorot, Bengio 2010). */
export function glorotNormal(_options: SeedOption = {}): Initializer {
  return varianceScaling('glorotNormal', 1, ({ fanIn, fanOut }) => (fanIn + fanOut) / 2, 'normal', arguments);
}

/** Uniform within ±√(6 / fanIn): for relu (He, Zhang, Ren, Sun 2015, equation 10). */
export function heUniform(_options: SeedOption = {}): Initializer {
  return varianceScaling('heUniform', 2, ({ fanIn }) => fanIn, 'uniform', arguments);
}

/** Truncated normal of variance 2 / fanIn: for relu (He, Zhang, Ren, Sun 2015, equation 10). */
export function heNormal(_options: SeedOption = {}): Initializer {
  return varianceScaling('heNormal', 2, ({ fanIn }) => fanIn, 'normal', arguments);
}

/** Uniform within ±√(3 / fanIn) (LeCun, Bottou, Orr, Müller 1998: Efficient BackProp, section 4.6). */
export function lecunUniform(_options: SeedOption = {}): Initializer {
  return varianceScaling('lecunUniform', 1, ({ fanIn }) => fanIn, 'uniform', arguments);
}

/** Truncated normal of variance 1 / fanIn (LeCun, Bottou, Orr, Müller 1998; for selu: Klambauer and others 2017). */
export function lecunNormal(_options: SeedOption = {}): Initializer {
  return varianceScaling('lecunNormal', 1, ({ fanIn }) => fanIn, 'normal', arguments);
}

export interface OrthogonalOptions extends SeedOption {
  /** Multiplies every value. Default 1. */
  readonly gain?: number;
}

/**
 * A matrix [all axes but the last, last axis] whose columns, or rows where those are fewer, are orthonormal times
 * `gain`: the Q of a random normal matrix (Saxe, McClelland, Ganguli 2013). Throws `ShapeError` below rank 2.
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

/** Inputs that feed one unit, and units that one input feeds. */
export interface Fans {
  readonly fanIn: number;
  readonly fanOut: number;
}

/** As Keras counts: dense [in, out]; convolution [...window, in, out], where the window multiplies both. */
export function fansOf(shape: Shape): Fans {
  if (shape.length < 2) return { fanIn: shape[0] ?? 1, fanOut: shape[0] ?? 1 };
  const window = sizeOf(shape.slice(0, -2));
  return { fanIn: shape.at(-2)! * window, fanOut: shape.at(-1)! * window };
}

/** The standard deviation of a standard normal cut at ±2. */
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

/** Standard normal values within ±2: element i takes the first of its own draws (i, 0), (i, 1) … that is inside. */
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

/** The initializer that `like` stands for. Throws `ValueError` for an unknown name. */
export function initializerFrom(like: InitializerLike): Initializer {
  if (typeof like === 'string') return lookUp('initializer', like, initializers)({});
  const isObject = typeof like === 'object' && like !== null;
  requireOption('initializer', 'option', like, 'a name or an initializer', isObject);
  const { create } = like as Partial<Initializer>;
  return typeof create === 'function'
    ? (like as Initializer)
    : lookUp('initializer', like.name, initializers)(like.config ?? {});
}
