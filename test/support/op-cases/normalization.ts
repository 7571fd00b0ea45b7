/**
 * Cases of layer and batch normalization and their gradients: rows and columns of a few and of many, far from 0, without
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
// Factors up to 1 / √ε and sums of 32 terms of the size of √columns multiply the rounding.
const gradientBounds = {
  tolerance: { ulps: 32, absolute: 2e-5 },
  webgpuTolerance: { ulps: 64, absolute: 4e-5 },
} as const;

const around =
  (center: number, values: Values): Values =>
  (count, key) =>
    Array.from(values(count, key), (value) => center + value);
/** Rows of 17: an outlier first, in the middle and last; each sign once. */
const outliers: Values = (count) =>
  Array.from({ length: count }, (_, index) =>
    index % 17 === 8 * (Math.floor(index / 17) % 3) ? 1e4 : (index % 7) - 3,
  );

const epsilon = 1e-3;

/** Kinds of rows of `columns` values up to `size`, and how far apart the values are. */
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

/** One part and several, columns that are no whole vectors, more axes. */
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
/** What differences are taken of is slow beyond. */
const isSmall = (shape: Shape): boolean => sizeOf(shape) <= 400;

const columnCases = columnShapes.flatMap((shape) => {
  const [lead, columns] = [shape.slice(0, -1), shape.slice(-1)];
  const ways = { weighted: floats(lead, between(0, 1)), given: floats(shape) };
  // Of terms up to 16, each rounded a few times, and a sum of every 64 of them.
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
  // A mean rounded to float32 is off by a twentieth of this deviation, and a difference of squares has no digit left.
  ...[17, 1000, 5003].map((columns) =>
    opCase(ops.layerNorm, `of ${columns} around 10000 with deviations of 0.01`, {
      ...bounds,
      inputs: [floats([6, columns], around(1e4, between(-0.0173, 0.0173)))],
      node: (x) => ops.layerNorm(x!, { epsilon: 1e-6 }),
    }),
  ),
  opCase(ops.layerNormGradient, 'around 10000 with deviations of 0.01', {
    tolerance: { ulps: 32, absolute: 1e-3 }, // of results about 100
    inputs: [floats([6, 127], around(1e4, between(-0.0173, 0.0173))), floats([127]), floats([6, 127])],
    node: (x, scale, g) => ops.layerNormGradient(x!, scale!, g!, { epsilon: 1e-6 }),
  }),
  // The mean of the first elements says nothing about the others here.
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
  // From where a sum of squares overflows, over where the sum itself does; rows of a few columns, and of more than a thread holds.
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
          // A gradient is about 1 / deviation. It is scaled back to about 1, so that the bound means something.
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
