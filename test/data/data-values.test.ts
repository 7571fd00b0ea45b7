/** Data of every array class in every call that reads data: the values are preserved. */
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { batches } from '../../src/data/batches.ts';
import { trainTestSplit } from '../../src/data/train-test-split.ts';
import { classificationReport } from '../../src/nn/metrics/classification-report.ts';
import { confusionMatrix } from '../../src/nn/metrics/confusion-matrix.ts';
import { activation } from '../../src/nn/layers/activation.ts';
import { concatenate } from '../../src/nn/layers/concatenate.ts';
import { dense } from '../../src/nn/layers/dense.ts';
import { dropout } from '../../src/nn/layers/dropout.ts';
import { embedding } from '../../src/nn/layers/embedding.ts';
import { flatten } from '../../src/nn/layers/flatten.ts';
import { layerNormalization } from '../../src/nn/layers/layer-normalization.ts';
import { reshape } from '../../src/nn/layers/reshape.ts';
import { simpleRNN } from '../../src/nn/layers/simple-rnn.ts';
import { timeDistributed } from '../../src/nn/layers/time-distributed.ts';
import type { Layer } from '../../src/nn/layer.ts';
import { lossMetric } from '../../src/nn/metrics/metrics.ts';
import { predictedClasses } from '../../src/nn/metrics/predicted-classes.ts';
import { rocAuc } from '../../src/nn/metrics/roc-auc.ts';
import { square, sub } from '../../src/ops/elementwise/arithmetic.ts';
import { constant } from '../../src/ops/define.ts';
import { mean } from '../../src/ops/reduce/reduce.ts';
import { HostTensor, parameter, tensor } from '../../src/data/tensor.ts';
import type { DataLike } from '../../src/data/features.ts';
import { input } from '../../src/model/input.ts';
import { model, sequential } from '../../src/model/make-model.ts';
import type { Model } from '../../src/model/model.ts';
import { decodeSafetensors, encodeSafetensors } from '../../src/files/safetensors.ts';
import { referenceEngine } from '../support/models.ts';

const foreign = (name: string, values: readonly unknown[]): never =>
  runInNewContext('(n, v) => new (globalThis[n])(v)')(name, values) as never;

const numbers = [0, 1, 2, 1];
const big = numbers.map(BigInt);

/** The numbers 0, 1, 2, 1 in every form. */
const forms: Readonly<Record<string, () => DataLike>> = {
  'an array': () => numbers,
  Float32Array: () => Float32Array.from(numbers),
  Float64Array: () => Float64Array.from(numbers),
  Int8Array: () => Int8Array.from(numbers),
  Int16Array: () => Int16Array.from(numbers),
  Int32Array: () => Int32Array.from(numbers),
  Uint8Array: () => Uint8Array.from(numbers),
  Uint8ClampedArray: () => Uint8ClampedArray.from(numbers),
  Uint16Array: () => Uint16Array.from(numbers),
  Uint32Array: () => Uint32Array.from(numbers),
  BigInt64Array: () => BigInt64Array.from(big),
  BigUint64Array: () => BigUint64Array.from(big),
  'big integers': () => big,
  Buffer: () => Buffer.from([9, ...numbers]).subarray(1),
  ArrayBuffer: () => Uint8Array.from(numbers).buffer,
  'shared memory': () => {
    const bytes = new Uint8Array(new SharedArrayBuffer(4));
    bytes.set(numbers);
    return bytes;
  },
  'Float32Array of another realm': () => foreign('Float32Array', numbers),
  'Int16Array of another realm': () => foreign('Int16Array', numbers),
  'scaled int32': () => tensor(Int32Array.of(1, 3, 5, 3), [4], { scale: 0.5, offset: -0.5 }),
  'scaled bytes': () => tensor(Uint8Array.of(10, 80, 150, 80), [4], { scale: 1 / 70, offset: -1 / 7 }),
  'scaled float32': () => tensor([0, 0.5, 1, 0.5], [4], { scale: 2 }),
  'values with a shape': () => ({ data: Int8Array.of(1, 2, 3, 2), shape: [4], offset: -1 }),
};

/** As one column. */
const column = (values: DataLike): DataLike => {
  if (values instanceof HostTensor) return new HostTensor(values.data, [4, 1], values.scale, values.offset);
  return 'shape' in values ? { ...values, shape: [4, 1] } : { data: values, shape: [4, 1] };
};

const one = (first: Layer = dense({ units: 1, inputShape: [1], kernelInitializer: 'ones' })): Model =>
  sequential([first], { engine: referenceEngine() });

const rows = async (made: Model, x: DataLike): Promise<number[]> => {
  const result = await made.predict(x);
  expect(result.dtype).toBe('float32');
  made.dispose();
  return [...result.data];
};

const table = (): Model => {
  const made = one(embedding({ inputDim: 3, outputDim: 1, inputLength: 1 }));
  made.setWeights([tensor([[10], [11], [12]])]);
  return made;
};

const close = (given: Iterable<number>, expected: readonly number[]): void =>
  [...given].forEach((value, index) => expect(value).toBeCloseTo(expected[index]!, 5));

describe.each(Object.entries(forms))('%s', (name, make) => {
  const host = (): HostTensor | null => {
    const values = make();
    return values instanceof HostTensor ? values : 'shape' in values ? null : tensor(values);
  };

  it('means its values as features, labels and indices', async () => {
    close(await rows(one(), column(make())), numbers);
    expect(await rows(table(), column(make()))).toEqual([10, 11, 12, 11]);
    const regression = one();
    regression.compile({ optimizer: 'sgd', loss: 'mse', metrics: ['mae'] });
    const { loss } = await regression.evaluate([[0], [1], [2], [1]], make());
    expect(loss).toBeCloseTo(0, 10);
    const history = await regression.fit(column(make()), make(), { epochs: 1 });
    expect(history.history['loss']![0]).toBeCloseTo(0, 10);
    const classes = one(activation({ activation: 'softmax', inputShape: [3] }));
    classes.compile({ optimizer: 'sgd', loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] });
    const scores = [[9, 0, 0], [0, 9, 0], [0, 0, 9], [0, 9, 0]]; // prettier-ignore
    expect((await classes.evaluate(scores, make()))['accuracy']).toBe(1);
    expect((await classes.testOnBatch(scores, column(make())))['accuracy']).toBe(1);
    regression.dispose();
    classes.dispose();
  });

  it('means its values where they are counted on the host', () => {
    const values = host() ?? tensor([0, 1, 2, 1]);
    const given = 'shape' in make() ? values : (make() as never);
    expect([...confusionMatrix(given, [0, 1, 2, 1]).data]).toEqual([1, 0, 0, 0, 2, 0, 0, 0, 1]);
    expect([...confusionMatrix([0, 1, 2, 1], given).data]).toEqual([1, 0, 0, 0, 2, 0, 0, 0, 1]);
    expect(classificationReport(given, [0, 1, 2, 1]).accuracy).toBe(1);
    expect(rocAuc([0, 0, 1, 1], given)).toBe(0.875);
    expect([...predictedClasses(given, { threshold: 0.5 })]).toEqual([0, 1, 1, 1]);
    close(values.toArray() as number[], numbers);
    close(values.toConstant().value as Float32Array, numbers);
    close(constant(values).value as Float32Array, numbers);
    if (!('shape' in make())) close(constant(make() as never).value as Float32Array, numbers);
    close(parameter([4], { initializer: values }).variable.initialize!(), numbers);
    close(decodeSafetensors(encodeSafetensors(new Map([['a', values]]))).tensors.get('a')!.data, numbers);
    close(
      [...batches([make()], { batchSize: 3 })].flatMap(([batch]) => [...batch!.data]),
      numbers,
    );
    if (Array.isArray(make())) return;
    const { train } = trainTestSplit([make()], { testSize: 0, shuffle: false });
    close((train[0] as HostTensor).toArray() as number[], numbers);
  });
});

describe('values that would change', () => {
  it.each([
    ['features beyond 2^24', () => one().predict(tensor(Int32Array.of(16777217), [1, 1])), 'predict: x: value 16777217'],
    ['scaled features', () => one().predict(tensor(Int32Array.of(16777215), [1, 1], { offset: 2 })), 'value 16777217'],
    ['bytes scaled beyond float32', () => one().predict(tensor(Uint8Array.of(1), [1, 1], { scale: 1e38 })), 'x holds Infinity'],
    ['float32 scaled beyond it', () => one().predict(tensor([1e30], [1, 1], { scale: 1e30 })), 'x holds Infinity in sample 0'],
    ['indices between', () => table().predict(tensor(Uint8Array.of(1), [1, 1], { scale: 0.5 })), 'x holds 0.5 in sample 0'],
    ['indices out of range', () => table().predict(tensor(Int32Array.of(2), [1, 1], { offset: 1 })), 'x holds 3 in sample 0'],
  ])('are refused: %s', async (_, call, message) => {
    await expect(call()).rejects.toThrow(message);
  }); // prettier-ignore

  it('and arrays whose memory is gone', async () => {
    const x = tensor(Float32Array.of(1, 2), [2, 1]);
    structuredClone(x.data, { transfer: [x.data.buffer as ArrayBuffer] });
    await expect(one().predict(x)).rejects.toThrow('data: 0 values are left of [2, 1]: the array was transferred');
  });
});

describe('int32 data', () => {
  const x = tensor(Int16Array.of(10, -20), [2, 1]);

  it.each<[string, () => readonly Layer[], readonly number[]]>([
    ['activation', () => [activation({ activation: 'relu', inputShape: [1] })], [10, 0]],
    ['softmax', () => [activation({ activation: 'softmax', inputShape: [1] })], [1, 1]],
    ['flatten', () => [flatten({ inputShape: [1] })], [10, -20]],
    ['reshape', () => [reshape({ targetShape: [1, 1], inputShape: [1] })], [10, -20]],
    ['dropout', () => [dropout({ rate: 0.5, inputShape: [1] })], [10, -20]],
    ['no inputShape', () => [flatten()], [10, -20]],
    ['layer normalization', () => [layerNormalization({ inputShape: [1] })], [0, 0]],
    ['reshape and time distributed', () => [reshape({ targetShape: [1, 1], inputShape: [1] }), timeDistributed(dense({ units: 1, kernelInitializer: 'ones' }))], [10, -20]],
    ['a recurrent layer', () => [reshape({ targetShape: [1, 1], inputShape: [1] }), simpleRNN({ units: 1, kernelInitializer: 'ones', activation: 'relu' })], [10, 0]],
  ])('as input of %s', async (_, layers, expected) => {
    const made = sequential(layers(), { engine: referenceEngine() });
    close(await rows(made, x), expected);
  }); // prettier-ignore

  it('train a model that only passes them on', async () => {
    const made = one(flatten({ inputShape: [1] }));
    made.compile({ optimizer: 'sgd', loss: 'mse' });
    expect((await made.evaluate(x, [1, 2]))['loss']).toBeCloseTo((81 + 22 * 22) / 2, 3);
    made.dispose();
  });

  const table = (): Layer => embedding({ inputDim: 3, outputDim: 1, embeddingsInitializer: 'ones' });

  it.each<[string, () => Model, readonly number[]]>([
    ['behind a reshape', () => sequential([reshape({ targetShape: [1], inputShape: [1, 1] }), table()], { engine: referenceEngine() }), [1, 1]],
    ['time distributed', () => sequential([timeDistributed(table(), { inputShape: [1, 1] })], { engine: referenceEngine() }), [1, 1]],
    ['beside a dense layer', () => {
      const at = input({ shape: [1, 1] });
      const both = [flatten().apply(table().apply(at)), dense({ units: 1, kernelInitializer: 'ones' }).apply(flatten().apply(at))];
      return model({ inputs: at, outputs: concatenate().apply(both), engine: referenceEngine() });
    }, [1, 0, 1, 2]],
  ])('are indices %s', async (_, make, expected) => {
    expect(await rows(make(), tensor(Int32Array.of(0, 2), [2, 1, 1]))).toEqual(expected);
    await expect(make().predict(tensor(Int32Array.of(0, 3), [2, 1, 1]))).rejects.toThrow('x holds 3 in sample 1');
    await expect(make().predict(tensor([0.5, 1], [2, 1, 1]))).rejects.toThrow('x holds 0.5 in sample 0');
  }); // prettier-ignore
});

describe('labels and custom functions', () => {
  const seen: (readonly number[])[] = [];
  const loss = (labels: Parameters<typeof sub>[0], predictions: Parameters<typeof sub>[0]): never => {
    seen.push((labels as { readonly shape: readonly number[] }).shape);
    return mean(square(sub(predictions, labels)), -1) as never;
  };

  it.each<[string, DataLike, Layer, DataLike]>([
    ['[N] and [N, 1]', [1, 2, 3], dense({ units: 1, inputShape: [1], kernelInitializer: 'ones' }), [[1], [2], [3]]],
    ['[N, T] and [N, T, 1]', [[1, 2], [3, 4]], reshape({ targetShape: [2, 1], inputShape: [2] }), [[1, 2], [3, 4]]],
  ])('%s: labels get the shape of the predictions', async (_, y, layer, x) => {
    const made = one(layer);
    const perSample = (labels: never, predictions: never): never => {
      const each = loss(labels, predictions) as { readonly shape: readonly number[] };
      return (each.shape.length > 1 ? mean(each as never, -1) : each) as never;
    };
    const metric = { name: 'own', sums: (labels: never, predictions: never) => [mean(square(sub(predictions, labels)))], result: ([sum]: readonly ArrayLike<number>[]) => sum![0]! }; // prettier-ignore
    made.compile({ optimizer: 'sgd', loss: perSample as never, metrics: [lossMetric('again', perSample as never), metric as never] }); // prettier-ignore
    expect(await made.evaluate(x, y)).toEqual({ loss: 0, again: 0, own: 0 });
    await made.fit(x, y, { epochs: 1, batchSize: 2 });
    expect(seen.every((shape) => shape.at(-1) === 1)).toBe(true);
    made.dispose();
  }); // prettier-ignore

  it('refuses a loss whose values would broadcast', async () => {
    const made = one(dense({ units: 3, inputShape: [3] }));
    const y = [1, 2, 3];
    const x = [[1, 2, 3], [1, 2, 3], [1, 2, 3]]; // prettier-ignore
    made.compile({ optimizer: 'sgd', loss: loss as never });
    await expect(made.fit(x, y)).rejects.toThrow(/fit: sub: shapes \[4, 3\] and \[4\] do not broadcast/);
    made.compile({ optimizer: 'sgd', loss: ((labels: never, p: never) => square(sub(p, labels))) as never });
    await expect(made.fit(x, x)).rejects.toThrow('the loss gives [3, 3] for a batch of 3, expected [3]');
    made.compile({ optimizer: 'sgd', loss: 'mse', metrics: [lossMetric('own', ((l: never, p: never) => square(sub(p, l))) as never)] }); // prettier-ignore
    await expect(made.fit(x, x)).rejects.toThrow('own gives [3, 3] for a batch of 3');
    made.compile({ optimizer: 'sgd', loss: (() => 5) as never });
    await expect(made.fit(x, x)).rejects.toThrow('the loss gives 5 for a batch of 3');
    made.dispose();
  });
});

describe('several inputs', () => {
  const make = (): Model => {
    const places = [input({ shape: [1] }), input({ shape: [1] })];
    const made = model({ inputs: places, outputs: concatenate().apply(places), engine: referenceEngine() });
    made.compile({ optimizer: 'sgd', loss: 'mse' });
    return made;
  };

  it('take tensors and values with a shape', async () => {
    const x = [tensor([[1], [2]]), { data: Int32Array.of(3, 4), shape: [2, 1] }] as never;
    expect(await rows(make(), x)).toEqual([1, 3, 2, 4]);
  });

  it('refuse other numbers of samples in the second', async () => {
    const x = [tensor([[1], [2]]), tensor([[1], [2], [3]])];
    const message = 'x[0] has 2 samples and x[1] has 3: they must be equal';
    await expect(make().predict(x)).rejects.toThrow(`predict: ${message}`);
    await expect(make().fit(x, [[1, 2], [1, 2]])).rejects.toThrow(`fit: ${message}`); // prettier-ignore
    await expect(make().evaluate(x, [[1, 2], [1, 2]])).rejects.toThrow(`evaluate: ${message}`); // prettier-ignore
  });
});

describe('arrays that change after a call', () => {
  const changed = async <T>(call: (x: Float32Array, y: Float32Array) => Promise<T>): Promise<T> => {
    const [x, y] = [Float32Array.of(1, 2), Float32Array.of(1, 2)];
    const result = call(x, y);
    x.fill(100);
    y.fill(-100);
    return result;
  };
  const shaped = (data: Float32Array): HostTensor => tensor(data, [2, 1]);

  it('do not change its result', async () => {
    for (let round = 0; round < 2; round++) {
      const made = one();
      made.compile({ optimizer: 'sgd', loss: 'mse' });
      // The second time there is an engine, and a program in the cache.
      for (let again = 0; again < 2; again++) {
        expect([...(await changed((x) => made.predict(shaped(x)))).data]).toEqual([1, 2]);
        expect((await changed((x, y) => made.evaluate(shaped(x), shaped(y))))['loss']).toBe(0);
        expect((await changed((x, y) => made.testOnBatch({ data: x, shape: [2, 1] }, y)))['loss']).toBe(0);
        expect((await changed((x, y) => made.trainOnBatch(shaped(x), y)))['loss']).toBe(0);
        const { history } = await changed((x, y) => made.fit(shaped(x), y, { validationData: [shaped(x), y] }));
        expect(history).toEqual({ loss: [0], val_loss: [0] });
      }
      made.dispose();
    }
  });

  it('nor do weights that were set', async () => {
    const made = one();
    const kernel = tensor(Int32Array.of(4), [1, 1], { scale: 0.5 });
    const bias = tensor(Float32Array.of(1));
    made.setWeights([kernel, bias]);
    bias.data[0] = 50;
    expect([...(await made.predict([[1]])).data]).toEqual([3]);
    made.dispose();
  });
});
