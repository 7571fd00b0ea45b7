/**
 * Cases of layer and batch normalization and their gradients: short and long rows and columns, values far from 0, and zero
 * variance.
 */
import * as ops from '../../../src/ops/index.ts';
import { sizeOf } from '../../../src/core/shape.ts';
import type { Shape } from '../../../src/core/shape.ts';
import { partOp, parts } from '../../../src/ops/part.ts';
import { between, floats, list, opCase, shapesOf } from './case.ts';
import type { OpCase, Values } from './case.ts';

const rows: readonly Shape[] = [
  [1, 1],
  [3, 1],
  [5, 3],
  [7, 4],
  [4, 5],
  [1, 17],
  [6, 17],
  [33, 3],
  [70, 9],
  [0, 4],
  [35, 127],
  [9, 300],
  [65, 64],
  [3, 1000],
  [2, 5003],
];

const bounds = {
  tolerance: { ulps: 16, absolute: 4e-6 },
  webgpuTolerance: { ulps: 32, absolute: 8e-6 },
} as const;
// Factors up to 1 / √ε, and sums of 32 terms of magnitude √columns, amplify the rounding errors.
const gradientBounds = {
  tolerance: { ulps: 32, absolute: 2e-5 },
  webgpuTolerance: { ulps: 64, absolute: 4e-5 },
} as const;

const around =
  (center: number, values: Values): Values =>
  (count, key) =>
    Array.from(values(count, key), (value) => center + value);
/** Rows of 17 with an outlier at the start, in the middle or at the end, with both signs. */
const outliers: Values = (count) =>
  Array.from({ length: count }, (_, index) =>
    index % 17 === 8 * (Math.floor(index / 17) % 3) ? 1e4 : (index % 7) - 3,
  );

const epsilon = 1e-3;

/** Kinds of rows of `columns` values up to `size`, and the spread of the values. */
const hugeRows: Readonly<Record<string, (size: number, columns: number) => readonly [Values, deviation: number]>> = {
  drawn: (size) => [between(-size, size), size],
  'with one value that dwarfs the others': (size, columns) => [
    (count, key) =>
      Array.from(between(-1, 1)(count, key), (draw, index) => ((index + 1) % columns === 0 ? size : draw)),
    size / Math.sqrt(columns),
  ],
  'of two values': (size) => [list(size, -size), size],
  'that are constant': (size) => [list(size), Math.sqrt(epsilon)],
  'of neighbours': (size, columns) => [
    (count) => Array.from({ length: count }, (_, index) => size * (1 + (index % columns) * 2 ** -22)),
    (size * columns * 2 ** -22) / 4,
  ],
};

/** One part and several parts, columns that are not a multiple of the vector width, more axes. */
const columnShapes: readonly Shape[] = [
  [1, 1],
  [3, 1],
  [5, 3],
  [4, 4],
  [7, 8],
  [6, 17],
  [33, 3],
  [65, 5],
  [0, 4],
  [3, 0],
  [2, 3, 5],
  [7, 19, 2, 4],
  [64, 64],
  [131, 36],
  [300, 101],
  [17_000, 3],
];
/** Finite differences of larger inputs are too slow. */
const isSmall = (shape: Shape): boolean => sizeOf(shape) <= 400;

const columnCases = columnShapes.flatMap((shape) => {
  const [lead, columns] = [shape.slice(0, -1), shape.slice(-1)];
  const ways = { weighted: floats(lead, between(0, 1)), given: floats(shape) };
  // Terms are at most 16 and rounded a few times each; sums have 64 terms.
  const settled = { tolerance: { ulps: 16, absolute: 1e-6 * sizeOf(lead) + 4e-6 }, smooth: isSmall(shape) };
  return [
    ...Object.entries(ways).flatMap(([way, weights]) => {
      const inputs = [floats(shape), floats(columns), weights];
      return [
        opCase(ops.columnSums, `${shapesOf(shape)} ${way}`, {
          ...settled,
          inputs,
          node: (x, center, h) => ops.columnSums(x!, center!, h!),
          differentiable: !isSmall(shape) ? [] : way === 'weighted' ? [0, 1, 2] : [2],
        }),
        opCase(ops.columnProducts, `${shapesOf(shape)} ${way}`, {
          ...settled,
          inputs,
          node: (x, center, h) => ops.columnProducts(ops.columnSums(x!, center!, h!)),
          differentiable: isSmall(shape) ? [0, 1, 2] : [],
        }),
        opCase({ op: partOp }, `0 of columnSums ${shapesOf(shape)} ${way}`, {
          ...settled,
          inputs,
          node: (x, center, h) => parts(ops.columnSums(x!, center!, h!))[0]!,
        }),
      ];
    }),
    opCase(ops.scaleShift, shapesOf(shape), {
      tolerance: { ulps: 4, absolute: 4e-6 },
      inputs: [floats(shape), floats(columns), floats(columns), floats(columns)],
      node: (x, center, scale, offset) => ops.scaleShift(x!, center!, scale!, offset!),
      differentiable: isSmall(shape) ? [0, 1, 2, 3] : [],
      smooth: isSmall(shape),
    }),
  ];
});

export const normalizationCases: readonly OpCase[] = [
  ...columnCases,
  ...rows.flatMap((shape) => {
    const columns = shape.slice(-1);
    return [
      opCase(ops.layerNorm, shapesOf(shape), {
        ...bounds,
        inputs: [floats(shape), floats(columns), floats(columns)],
        node: (x, scale, offset) => ops.layerNorm(x!, { scale: scale!, offset: offset! }),
        differentiable: [0, 1, 2],
        smooth: true,
      }),
      opCase(ops.layerNormGradient, shapesOf(shape), {
        ...gradientBounds,
        inputs: [floats(shape), floats(columns), floats(shape)],
        node: (x, scale, g) => ops.layerNormGradient(x!, scale!, g!, { epsilon }),
        differentiable: [0, 1, 2],
        smooth: true,
      }),
      opCase(ops.layerNormSums, shapesOf(shape), {
        ...gradientBounds,
        inputs: [floats(shape), floats(shape)],
        node: (x, g) => ops.layerNormSums(x!, g!, { epsilon }),
        differentiable: [0, 1],
        smooth: true,
      }),
    ];
  }),
  ...([0, 1, [0, 2], [1, 2], [0, 1, 2]] as const).map((axis) =>
    opCase(ops.layerNorm, `[3, 4, 5] over ${JSON.stringify(axis)}`, {
      ...bounds,
      inputs: [floats([3, 4, 5]), ...[0, 1].map(() => floats([axis].flat().map((place) => 3 + place)))],
      node: (x, scale, offset) => ops.layerNorm(x!, { scale: scale!, offset: offset!, axis, epsilon: 1e-5 }),
      differentiable: [0, 1, 2],
      smooth: true,
    }),
  ),
  opCase(ops.layerNorm, '[5] without scale and offset', {
    ...bounds,
    inputs: [floats([5])],
    node: (x) => ops.layerNorm(x!),
    differentiable: [0],
    smooth: true,
  }),
  // Rounding the mean to float32 gives an error of 1/20 of this deviation, and a difference of squares has no correct digit.
  ...[17, 1000, 5003].map((columns) =>
    opCase(ops.layerNorm, `of ${columns} around 10000 with deviations of 0.01`, {
      ...bounds,
      inputs: [floats([6, columns], around(1e4, between(-0.0173, 0.0173)))],
      node: (x) => ops.layerNorm(x!, { epsilon: 1e-6 }),
    }),
  ),
  opCase(ops.layerNormGradient, 'around 10000 with deviations of 0.01', {
    tolerance: { ulps: 32, absolute: 1e-3 }, // results are about 100
    inputs: [floats([6, 127], around(1e4, between(-0.0173, 0.0173))), floats([127]), floats([6, 127])],
    node: (x, scale, g) => ops.layerNormGradient(x!, scale!, g!, { epsilon: 1e-6 }),
  }),
  // Here the mean of the first elements differs from that of the others.
  opCase(ops.layerNorm, 'of rows with an outlier', {
    ...bounds,
    inputs: [floats([6, 17], outliers)],
    node: (x) => ops.layerNorm(x!),
  }),
  opCase(ops.layerNorm, 'of rows that begin with zeros', {
    ...bounds,
    inputs: [
      floats([5, 300], (count) =>
        Array.from({ length: count }, (_, index) => (index % 300 < 4 ? 0 : 1e4 + (index % 7))),
      ),
    ],
    node: (x) => ops.layerNorm(x!),
  }),
  ...[0, 0.1, -1e4, 1e30].map((value) =>
    opCase(ops.layerNorm, `of constant rows of ${value}`, {
      inputs: [floats([5, 127], list(value)), floats([127]), floats([127])],
      node: (x, scale, offset) => ops.layerNorm(x!, { scale: scale!, offset: offset! }),
      tolerance: { absolute: value === 0 ? 0 : 1e-6 },
    }),
  ),
  ...[ops.columnSums, ops.columnProducts].map((fn) =>
    opCase(fn, 'of deviations up to 1e30', {
      tolerance: { ulps: 16, terms: 140 },
      inputs: [floats([70, 5], between(-1e30, 1e30)), floats([5], between(-1e30, 1e30)), floats([70], between(0, 1))],
      node: (x, center, weights) => {
        const sums = ops.columnSums(x!, center!, weights!);
        return fn === ops.columnSums ? sums : ops.columnProducts(sums);
      },
      nonFinite: true,
    }),
  ),
  // From sums of squares that overflow to sums that overflow; short rows, and rows longer than a thread holds.
  ...Object.entries(hugeRows).flatMap(([kind, valuesOf]) =>
    [1.5e19, 1e30, 1e32].flatMap((size) =>
      [3, 127, 5003].flatMap((columns) => {
        const [values, deviation] = valuesOf(size, columns);
        const huge = floats([3, columns], values);
        const name = `of ${columns} up to ${size}, ${kind}`;
        return [
          opCase(ops.layerNorm, name, {
            ...bounds,
            inputs: [huge, floats([columns]), floats([columns])],
            node: (x, scale, offset) => ops.layerNorm(x!, { scale: scale!, offset: offset! }),
          }),
          // A gradient is about 1 / deviation. It is scaled to about 1, so that the tolerance is meaningful.
          opCase(ops.layerNormGradient, name, {
            ...gradientBounds,
            inputs: [huge, floats([columns]), floats([3, columns])],
            node: (x, scale, g) => ops.mul(ops.layerNormGradient(x!, scale!, g!, { epsilon }), deviation),
          }),
          opCase(ops.layerNormSums, name, {
            ...gradientBounds,
            inputs: [huge, floats([3, columns])],
            node: (x, g) => ops.layerNormSums(x!, g!, { epsilon }),
          }),
        ];
      }),
    ),
  ),
  ...[1e-20, 1e-30].map((size) =>
    opCase(ops.layerNorm, `of values up to ${size}`, {
      ...bounds,
      inputs: [floats([6, 17], (count, key) => Array.from(between(-2, 2)(count, key), (value) => value * size))],
      node: (x) => ops.mul(ops.layerNorm(x!), 1e-3 / size),
    }),
  ),
  opCase(ops.layerNorm, 'with NaN and infinity', {
    ...bounds,
    inputs: [floats([4, 5], list(1, NaN, 3, 4, 5, 1, 2, 3, 4, 5, Infinity, 2, 3, 4, 5, 1, 2, 3, 4, -Infinity))],
    node: (x) => ops.layerNorm(x!),
    nonFinite: true,
  }),
];
