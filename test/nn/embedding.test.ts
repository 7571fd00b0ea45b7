/** The embedding layer: rows of its table, the mask of padding, and token ids that are out of range. */
import { describe, expect, test } from 'vitest';
import { gradients } from '../../src/autodiff/gradients.ts';
import type { Node } from '../../src/graph/node.ts';
import { dense } from '../../src/nn/layers/dense.ts';
import { embedding } from '../../src/nn/layers/embedding.ts';
import { flatten } from '../../src/nn/layers/flatten.ts';
import { input } from '../../src/nn/symbolic-input.ts';
import { mul } from '../../src/ops/elementwise/arithmetic.ts';
import { sum } from '../../src/ops/reduce/reduce.ts';
import { tensor as hostTensor } from '../../src/data/tensor.ts';
import { model, sequential } from '../../src/model/make-model.ts';
import type { Model } from '../../src/model/model.ts';
import { referenceEngine, rejection } from '../support/models.ts';
import { built, context, integers, messageOf, tensor, valuesOf } from './support.ts';

const still = context(false);

describe('values', () => {
  const layer = built(embedding({ inputDim: 3, outputDim: 2, name: 'words' }), [4]);
  const [table] = layer.weights;
  const feeds = new Map([[table as Node, [1, 2, 3, 4, 5, 6]]]);

  test('a row for each number, of any shape', () => {
    expect([table!.variable.name, table!.variable.role, table!.shape]).toEqual([
      'words/embeddings',
      'parameter',
      [3, 2],
    ]);
    expect(valuesOf(layer.call([integers([2, 0, 1, 2], [1, 4])], still), feeds)).toEqual([5, 6, 1, 2, 3, 4, 5, 6]);
    const deep = layer.call([integers([2, 0, 1, 2], [2, 1, 2])], still);
    expect(deep.shape).toEqual([2, 1, 2, 2]);
    expect(layer.outputShape([[1, 2]])).toEqual([1, 2, 2]);
    expect(layer.outputShape([[]])).toEqual([2]);
  });

  test('floats count as whole numbers; a number without a row gives zeros', () => {
    expect(valuesOf(layer.call([tensor([1, 0], [1, 2])], still), feeds)).toEqual([3, 4, 1, 2]);
    expect(valuesOf(layer.call([integers([3, -1], [1, 2])], still), feeds)).toEqual([0, 0, 0, 0]);
  });

  test('a row gets the gradient of every place where it was looked up', () => {
    const weights = tensor([1, 10, 100, 1000, 2, 20], [1, 3, 2]);
    const loss = sum(mul(layer.call([integers([2, 0, 2], [1, 3])], still), weights));
    expect(valuesOf(gradients(loss, [table!])[0]!, feeds)).toEqual([100, 1000, 0, 0, 3, 30]);
  });

  test('first values within 0.05, and those of the initializer', () => {
    const first = built(embedding({ inputDim: 50, outputDim: 4 }), [2]).weights[0]!.variable.initialize!();
    expect(Math.max(...first.map(Math.abs))).toBeLessThanOrEqual(0.05);
    expect(Math.max(...first.map(Math.abs))).toBeGreaterThan(0.04);
    const ones = built(embedding({ inputDim: 2, outputDim: 1, embeddingsInitializer: 'ones' }), [2]);
    expect([...ones.weights[0]!.variable.initialize!()]).toEqual([1, 1]);
  });

  test('penalties', () => {
    const options = { inputDim: 2, outputDim: 2, embeddingsInitializer: 'ones' } as const;
    const regular = built(embedding({ ...options, embeddingsRegularizer: 'l1' }), [2]);
    expect(regular.penalties().flatMap((penalty) => valuesOf(penalty))).toEqual([0.04]);
    expect(built(embedding(options), [2]).penalties()).toEqual([]);
  });

  test('the mask has a 0 for every 0', () => {
    const ids = integers([2, 0, 1, 0], [2, 2]);
    const [mask] = embedding({ inputDim: 3, outputDim: 2, maskZero: true }).computeMask([ids], [undefined]);
    expect([mask!.shape, valuesOf(mask!)]).toEqual([
      [2, 2],
      [1, 0, 1, 0],
    ]);
    expect(embedding({ inputDim: 3, outputDim: 2 }).computeMask([ids], [undefined])).toEqual([]);
  });
});

describe('what a model reads', () => {
  const compiled = (made: Model): Model => {
    made.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
    return made;
  };
  const inRow = (): Model =>
    compiled(
      sequential([embedding({ inputDim: 4, outputDim: 2, inputLength: 3 }), flatten(), dense({ units: 1 })], {
        engine: referenceEngine(),
        seed: 1,
      }),
    );
  const functional = (): Model => {
    const words = input({ shape: [3] });
    const outputs = dense({ units: 1 }).apply(flatten().apply(embedding({ inputDim: 4, outputDim: 2 }).apply(words)));
    return compiled(model({ inputs: words, outputs, engine: referenceEngine(), seed: 1 }));
  };

  test.each([
    ['in a row', inRow],
    ['in a graph', functional],
  ])('takes numbers that it has a row for, %s', async (_, make) => {
    const made = make();
    const good = hostTensor([
      [0, 1, 2],
      [3, 3, 0],
    ]);
    expect((await made.predict(good)).shape).toEqual([2, 1]);
    expect((await made.predict(hostTensor(Int32Array.of(0, 1, 2, 3, 3, 0), [2, 3]))).data).toEqual(
      (await made.predict(good)).data,
    );
    expect((await made.predict(hostTensor(Uint8Array.of(0, 1, 2, 3, 3, 0), [2, 3]))).data).toEqual(
      (await made.predict(good)).data,
    );
    made.dispose();
  });

  test('refuses others, with the sample', async () => {
    const [row, graph] = [inRow(), functional()];
    const bad = hostTensor([
      [0, 1, 2],
      [3, 4, 0],
    ]);
    const y = hostTensor([[0], [1]]);
    const wrong = [
      await rejection(row.fit(bad, y)),
      await rejection(graph.predict(bad)),
      await rejection(graph.evaluate(hostTensor([[0, -1, 2]]), hostTensor([[0]]))),
      await rejection(graph.predict(hostTensor([[0, 1.5, 2]]))),
      await rejection(row.predict(hostTensor([[0, 1.5, 2]]))),
    ];
    expect(wrong.join('\n')).toMatchInlineSnapshot(`
      "ValueError: fit: x holds 4 in sample 1, expected whole numbers from 0 to 3 for 'embedding': raise its inputDim, or leave rare words out of the vocabulary
      ValueError: predict: x holds 4 in sample 1, expected whole numbers from 0 to 3 for 'embedding': raise its inputDim, or leave rare words out of the vocabulary
      ValueError: evaluate: x holds -1 in sample 0, expected whole numbers from 0 to 3 for 'embedding': raise its inputDim, or leave rare words out of the vocabulary
      ValueError: predict: x holds 1.5 in sample 0, expected whole numbers from 0 to 3 for 'embedding': raise its inputDim, or leave rare words out of the vocabulary
      ValueError: predict: x holds 1.5 in sample 0, expected whole numbers from 0 to 3 for 'embedding': raise its inputDim, or leave rare words out of the vocabulary"
    `);
    row.dispose();
    graph.dispose();
  });
});

test('errors', () => {
  const options = { inputDim: 3, outputDim: 2 };
  const wrong = [
    () => embedding({ ...options, inputDim: 0 }),
    () => embedding({ ...options, outputDim: 1.5, name: 'words' }),
    () => embedding({ ...options, maskZero: 1 as never }),
    () => embedding({ ...options, inputLength: -1 }),
    () => embedding({ ...options, embeddingsInitializer: 'uniform' as never }),
    () => embedding({ ...options, inputLength: 4 }).outputShape([[5]]),
    () => embedding(options).outputShape([[5], [5]]),
  ];
  expect(wrong.map(messageOf).join('\n')).toMatchInlineSnapshot(`
    "ValueError: embedding: inputDim must be an integer ≥ 1, not 0
    ValueError: words: outputDim must be an integer ≥ 1, not 1.5
    ValueError: embedding: maskZero must be true or false, not 1
    ValueError: embedding: inputLength must be an integer ≥ 1, not -1
    ValueError: initializer: there is no 'uniform'; did you mean 'heUniform'?
    ShapeError: embedding: expects samples of inputLength 4, got [batch, 5]: pad the texts to that length
    ShapeError: embedding: takes one input, not 2: join them first with concatenate() or add()"
  `);
});
