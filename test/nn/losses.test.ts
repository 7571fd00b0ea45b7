import { describe, expect, test } from 'vitest';
import { gradients } from '../../src/autodiff/gradients.ts';
import type { Node } from '../../src/graph/node.ts';
import { topologicalOrder } from '../../src/graph/traverse.ts';
import {
  binaryCrossentropy,
  binaryCrossentropyFromLogits,
  categoricalCrossentropy,
  categoricalCrossentropyFromLogits,
  sparseCategoricalCrossentropy,
  sparseCategoricalCrossentropyFromLogits,
} from '../../src/nn/losses/crossentropies.ts';
import type { LossFunction } from '../../src/nn/losses/loss.ts';
import {
  hinge,
  huber,
  klDivergence,
  logCosh,
  lossFrom,
  lossName,
  lossNames,
  meanAbsoluteError,
  meanSquaredError,
  squaredHinge,
} from '../../src/nn/losses/losses.ts';
import { mul } from '../../src/ops/elementwise/arithmetic.ts';
import { sigmoid } from '../../src/ops/elementwise/activation.ts';
import { reshape } from '../../src/ops/shape/reshape.ts';
import { sum } from '../../src/ops/reduce/reduce.ts';
import { softmax } from '../../src/ops/norm/softmax.ts';
import { integers, messageOf, tensor, valuesOf } from './support.ts';

const close = (actual: readonly number[], expected: readonly number[], digits = 9): void => {
  expect(actual).toHaveLength(expected.length);
  actual.forEach((value, index) => expect(value).toBeCloseTo(expected[index]!, digits));
};

/** The gradient of the summed loss with respect to `x`. */
const slopeOf = (loss: Node, x: Node): number[] => valuesOf(gradients(sum(loss), [x])[0]!);

describe('numbers', () => {
  const y = tensor([1, 9, 2, -5, -2, 6], [2, 3]);
  const p = tensor([4, 8, 12, 8, 1, 3], [2, 3]);

  test('mean squared and mean absolute error', () => {
    close(valuesOf(meanSquaredError(y, p)), [110 / 3, 187 / 3]); // (9 + 1 + 100) / 3, (169 + 9 + 9) / 3
    close(valuesOf(meanAbsoluteError(y, p)), [14 / 3, 19 / 3]);
  });

  test('Huber: a parabola inside, straight lines outside', () => {
    const [labels, predictions] = [tensor([0, 0, 0, 0], [4, 1]), tensor([0.5, -1, 3, -4], [4, 1])];
    close(valuesOf(huber()(labels, predictions)), [0.125, 0.5, 2.5, 3.5]);
    close(valuesOf(huber({ delta: 2 })(labels, predictions)), [0.125, 0.5, 4, 6]);
    close(slopeOf(huber()(labels, predictions), predictions), [0.5, -1, 1, -1]);
  });

  test('logCosh, also where cosh overflows', () => {
    const [labels, predictions] = [tensor([0, 0, 0, 0], [4, 1]), tensor([0, 1, -1, 1000], [4, 1])];
    const expected = [0, Math.log(Math.cosh(1)), Math.log(Math.cosh(1)), 1000 - Math.LN2];
    close(valuesOf(logCosh(labels, predictions)), expected);
    close(slopeOf(logCosh(labels, predictions), predictions), [0, Math.tanh(1), -Math.tanh(1), 1]);
  });

  test('the mean is over all axes but the batch', () => {
    const [labels, predictions] = [
      tensor(new Array<number>(12).fill(0), [2, 3, 2]),
      tensor([...'123456123456'].map(Number), [2, 3, 2]),
    ];
    close(valuesOf(meanSquaredError(labels, predictions)), [91 / 6, 91 / 6]);
  });
});

describe('margins', () => {
  test('hinge: 0 and -1 both stand for the negative class', () => {
    const p = tensor([0.6, 0.4, 0.4, 0.6], [2, 2]);
    for (const negative of [0, -1]) {
      const y = tensor([negative, 1, negative, negative], [2, 2]);
      close(valuesOf(hinge(y, p)), [(1.6 + 0.6) / 2, (1.4 + 1.6) / 2], 6);
      close(valuesOf(squaredHinge(y, p)), [(1.6 ** 2 + 0.6 ** 2) / 2, (1.4 ** 2 + 1.6 ** 2) / 2], 6);
    }
    const far = tensor([3, -3], [2, 1]);
    close(valuesOf(hinge(tensor([1, -1]), far)), [0, 0]);
  });
});

describe('Kullback-Leibler divergence', () => {
  test('Σ y log(y / p)', () => {
    const y = tensor([0.5, 0.25, 0.25, 1, 0, 0], [2, 3]);
    const p = tensor([0.25, 0.25, 0.5, 0.5, 0.25, 0.25], [2, 3]);
    const first = 0.5 * Math.log(2) + 0.25 * Math.log(0.5);
    // A zero label counts as 10⁻⁷, so that its logarithm is finite.
    const second = Math.LN2 + 2 * 1e-7 * Math.log(4e-7);
    close(valuesOf(klDivergence(y, p)), [first, second]);
    expect(valuesOf(klDivergence(y, y))[0]).toBeCloseTo(0, 12);
  });
});

describe('binary cross-entropy', () => {
  const y = tensor([1, 0, 1, 0], [4, 1]);

  test('of probabilities', () => {
    close(valuesOf(binaryCrossentropy(y, tensor([0.5, 0.5, 0.75, 0.75], [4, 1]))), [
      Math.LN2,
      Math.LN2,
      -Math.log(0.75),
      Math.log(4),
    ]);
  });

  test('probabilities of 0 and 1 are clipped to 10⁻⁷', () => {
    const losses = valuesOf(binaryCrossentropy(y, tensor([1, 0, 0, 1], [4, 1])));
    close(losses, [1e-7, 1e-7, -Math.log(1e-7), -Math.log(1e-7)], 6);
  });

  test('from logits: right for extreme ones too', () => {
    const z = tensor([100, -100, -100, 100], [4, 1]);
    const losses = valuesOf(binaryCrossentropyFromLogits(y, z));
    close(losses.slice(2), [100, 100]);
    expect(losses[0]! / Math.exp(-100)).toBeCloseTo(1, 9); // log1p(e^−100), no rounding to 0
    close(slopeOf(binaryCrossentropyFromLogits(y, z), z), [0, 0, -1, 1]);
  });

  test('the gradient is sigmoid(z) − y, at 0 as well', () => {
    const z = tensor([0, 0, 2, -3], [4, 1]);
    const expected = [0.5 - 1, 0.5, 1 / (1 + Math.exp(-2)) - 1, 1 / (1 + Math.exp(3))];
    close(slopeOf(binaryCrossentropyFromLogits(y, z), z), expected);
    close(slopeOf(binaryCrossentropy(y, sigmoid(z)), z), expected);
  });

  test('soft labels', () => {
    const z = tensor([1.5], [1, 1]);
    const p = 1 / (1 + Math.exp(-1.5));
    close(valuesOf(binaryCrossentropyFromLogits(tensor([0.25]), z)), [-0.25 * Math.log(p) - 0.75 * Math.log(1 - p)]);
  });

  test('several outputs are averaged', () => {
    const losses = valuesOf(binaryCrossentropy(tensor([1, 0], [1, 2]), tensor([0.5, 0.75], [1, 2])));
    close(losses, [(Math.LN2 + Math.log(4)) / 2]);
  });
});

describe('categorical cross-entropies', () => {
  const oneHot = tensor([0, 1, 0, 0, 0, 1], [2, 3]);
  const numbers = integers([1, 2]);

  test('of probabilities: −log p of the class', () => {
    const p = tensor([0.05, 0.95, 0, 0.1, 0.8, 0.1], [2, 3]);
    close(valuesOf(categoricalCrossentropy(oneHot, p)), [-Math.log(0.95), -Math.log(0.1)], 6);
    close(valuesOf(sparseCategoricalCrossentropy(numbers, p)), [-Math.log(0.95), -Math.log(0.1)], 6);
  });

  test('class numbers give the values and the gradients of one-hot labels, whatever the probabilities sum to', () => {
    for (const values of [
      [0.5, 0.5, 0.5, 0.9, 0.8, 0.1],
      [2, 3, 5, 1e-3, 2e-3, 1e-3],
      [0.2, 0.3, 0.5, 0.9, 0.05, 0.05],
    ]) {
      const p = tensor(values, [2, 3]);
      const [sparse, dense] = [sparseCategoricalCrossentropy(numbers, p), categoricalCrossentropy(oneHot, p)];
      const [first, second] = [values.slice(0, 3), values.slice(3)].map((row) => row.reduce((a, b) => a + b));
      close(valuesOf(sparse), [-Math.log(values[1]! / first!), -Math.log(values[5]! / second!)], 6);
      close(valuesOf(sparse), valuesOf(dense));
      close(slopeOf(sparse, p), slopeOf(dense, p));
    }
  });

  test('probabilities that do not sum to 1 are scaled; a 0 is clipped', () => {
    close(valuesOf(categoricalCrossentropy(tensor([1, 0], [1, 2]), tensor([1, 3], [1, 2]))), [Math.log(4)]);
    close(valuesOf(categoricalCrossentropy(tensor([1, 0], [1, 2]), tensor([0, 1], [1, 2]))), [-Math.log(1e-7)], 6);
  });

  test('from logits: right for extreme ones too', () => {
    const z = tensor([1000, -1000, 0, -500, 500, 0], [2, 3]);
    close(valuesOf(categoricalCrossentropyFromLogits(oneHot, z)), [2000, 500]);
    close(valuesOf(sparseCategoricalCrossentropyFromLogits(numbers, z)), [2000, 500]);
    close(slopeOf(categoricalCrossentropyFromLogits(oneHot, z), z), [1, -1, 0, 0, 1, -1]);
    close(slopeOf(sparseCategoricalCrossentropyFromLogits(numbers, z), z), [1, -1, 0, 0, 1, -1]);
  });

  test('one label for each place of a sequence: the mean over places', () => {
    const z = tensor([0, 0, 0, 1, 2, 0], [1, 3, 2]);
    const expected = [(Math.LN2 + Math.log(1 + Math.exp(-1)) + Math.log(1 + Math.exp(2))) / 3];
    for (const shape of [
      [1, 3],
      [1, 3, 1],
    ]) {
      close(valuesOf(sparseCategoricalCrossentropyFromLogits(integers([0, 1, 1], shape), z)), expected);
    }
  });

  test('a class number outside gives no finite loss', () => {
    const outside = integers([3, -1]);
    const p = tensor([0.2, 0.3, 0.5, 0.2, 0.3, 0.5], [2, 3]);
    for (const predictions of [p, softmax(p)]) {
      expect(valuesOf(sparseCategoricalCrossentropy(outside, predictions)).some(Number.isFinite)).toBe(false);
    }
  });
});

describe('recognition of softmax and sigmoid', () => {
  const z = tensor([0.3, -1.2, 2, 0.7, 0, -0.4], [2, 3]);
  const opsOf = (node: Node): string[] => topologicalOrder([node]).map(({ op }) => op.name);
  /** Hides the op that computed the probabilities. */
  const unrecognised = (node: Node): Node => tensor(valuesOf(node), node.shape);

  const cases: readonly (readonly [string, LossFunction, Node, Node, string])[] = [
    [
      'categorical',
      categoricalCrossentropy,
      tensor([0, 1, 0, 0.5, 0.25, 0.25], [2, 3]),
      softmax(z),
      'softmaxCrossEntropy',
    ],
    ['sparse', sparseCategoricalCrossentropy, integers([2, 0]), softmax(z), 'sparseSoftmaxCrossEntropy'],
    ['binary', binaryCrossentropy, tensor([0, 1, 0, 0.5, 0.25, 0.25], [2, 3]), sigmoid(z), 'softplus'],
  ];

  test.each(cases)('%s: equals the naive form, from the logits', (_, loss, labels, predictions, fused) => {
    const recognised = loss(labels, predictions);
    expect(opsOf(recognised)).toContain(fused);
    expect(opsOf(recognised)).not.toContain('log');
    expect(opsOf(recognised)).not.toContain(predictions.op.name);
    close(valuesOf(recognised), valuesOf(loss(labels, unrecognised(predictions))), 6);
  });

  test.each(cases)('%s: its gradient equals that of the naive form', (_, loss, labels, predictions) => {
    const logits = predictions.inputs[0]!;
    const hidden = mul(predictions, 1); // losses do not look through a product
    close(slopeOf(loss(labels, predictions), logits), slopeOf(loss(labels, hidden), logits), 6);
  });

  test('through a reshape', () => {
    const places = reshape(softmax(z), [1, 2, 3]);
    const loss = sparseCategoricalCrossentropy(integers([2, 0], [1, 2]), places);
    expect(opsOf(loss)).toContain('sparseSoftmaxCrossEntropy');
    const column = reshape(sigmoid(z), [6, 1]);
    expect(opsOf(binaryCrossentropy(tensor([1, 0, 1, 0, 1, 0]), column))).not.toContain('log');
  });

  test('not through a reshape that breaks up the rows of a softmax', () => {
    const broken = reshape(softmax(z), [3, 2]);
    const loss = categoricalCrossentropy(tensor([1, 0, 0, 1, 1, 0], [3, 2]), broken);
    expect(opsOf(loss)).not.toContain('softmaxCrossEntropy');
  });

  test('not across: a sigmoid under a categorical loss is no softmax', () => {
    expect(opsOf(categoricalCrossentropy(tensor([1, 0, 0, 0, 1, 0], [2, 3]), sigmoid(z)))).toContain('log');
  });
});

describe('labels', () => {
  const p = tensor([0.1, 0.9, 0.4], [3, 1]);

  test('[batch] and [batch, 1] stand for each other, whatever the dtype', () => {
    const expected = valuesOf(binaryCrossentropy(tensor([0, 1, 1], [3, 1]), p));
    expect(valuesOf(binaryCrossentropy(tensor([0, 1, 1]), p))).toEqual(expected);
    expect(valuesOf(binaryCrossentropy(integers([0, 1, 1]), p))).toEqual(expected);
    expect(valuesOf(binaryCrossentropy(integers([0, 1, 1], [3, 1]), tensor([0.1, 0.9, 0.4])))).toEqual(expected);
  });

  test('class numbers may be float32 and have a last axis of 1', () => {
    const predictions = tensor([0.2, 0.8, 0.7, 0.3], [2, 2]);
    const expected = valuesOf(sparseCategoricalCrossentropy(integers([0, 1]), predictions));
    expect(valuesOf(sparseCategoricalCrossentropy(tensor([0, 1], [2, 1]), predictions))).toEqual(expected);
  });

  test('errors name the loss, both shapes and the remedy', () => {
    const ten = tensor(new Array<number>(20).fill(0.1), [2, 10]);
    expect(messageOf(() => categoricalCrossentropy(integers([1, 2]), ten))).toMatchInlineSnapshot(
      `"ShapeError: categoricalCrossentropy: labels [2] do not fit predictions [2, 10]: use sparseCategoricalCrossentropy for class numbers, or make them one-hot"`,
    );
    expect(messageOf(() => binaryCrossentropy(integers([1, 2]), ten))).toMatchInlineSnapshot(
      `"ShapeError: binaryCrossentropy: labels [2] do not fit predictions [2, 10]: use sparseCategoricalCrossentropy for class numbers, or make them one-hot"`,
    );
    expect(
      messageOf(() => categoricalCrossentropy(tensor(new Array<number>(18).fill(0), [2, 9]), ten)),
    ).toMatchInlineSnapshot(
      `"ShapeError: categoricalCrossentropy: labels [2, 9] do not fit predictions [2, 10]: give 10 values for each sample, or end the model with 9 units"`,
    );
    expect(messageOf(() => categoricalCrossentropy(tensor([1, 2]), softmax(ten)))).toMatchInlineSnapshot(
      `"ShapeError: categoricalCrossentropy: labels [2] do not fit predictions [2, 10]: use sparseCategoricalCrossentropy for class numbers, or make them one-hot"`,
    );
    expect(messageOf(() => sparseCategoricalCrossentropy(ten, ten))).toMatchInlineSnapshot(
      `"ShapeError: sparseCategoricalCrossentropy: labels [2, 10] do not fit predictions [2, 10]: use categoricalCrossentropy for one-hot labels"`,
    );
    expect(messageOf(() => sparseCategoricalCrossentropy(integers([1, 2, 3]), ten))).toMatchInlineSnapshot(
      `"ShapeError: sparseCategoricalCrossentropy: labels [3] do not fit predictions [2, 10]: give one class number for each row of predictions, [2]"`,
    );
    expect(messageOf(() => sparseCategoricalCrossentropy(integers([1, 2]), tensor([1, 2])))).toMatchInlineSnapshot(
      `"ShapeError: sparseCategoricalCrossentropy: labels [2] do not fit predictions [2]: end the model with one unit for each class"`,
    );
    expect(messageOf(() => meanSquaredError(tensor([1, 2, 3]), tensor([1, 2])))).toMatchInlineSnapshot(
      `"ShapeError: meanSquaredError: labels [3] do not fit predictions [2]: give labels of the same shape as the predictions"`,
    );
    expect(messageOf(() => huber({ delta: 0 }))).toMatchInlineSnapshot(
      `"ValueError: huber: delta must be a finite number > 0, not 0"`,
    );
  });
});

describe('names', () => {
  test('every name gives a loss and comes back', () => {
    for (const name of lossNames()) expect(lossFrom(name)).toBeTypeOf('function');
    expect(lossName('mae')).toBe('mae');
    expect(lossName(categoricalCrossentropy)).toBe('categoricalCrossentropy');
    expect(lossName(lossFrom('huber'))).toBe('huber');
    expect(lossName(huber({ delta: 3 }))).toBeUndefined();
  });

  test('errors', () => {
    expect(messageOf(() => lossFrom('categorical_crossentropy' as 'mse'))).toMatchInlineSnapshot(
      `"ValueError: loss: there is no 'categorical_crossentropy'; did you mean 'categoricalCrossentropy'?"`,
    );
    expect(messageOf(() => lossFrom('rms' as 'mse'))).toMatchInlineSnapshot(
      `"ValueError: loss: there is no 'rms'; did you mean 'mse'?"`,
    );
  });
});
