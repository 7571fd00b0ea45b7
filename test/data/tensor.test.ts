/** Host tensors, and a custom training loop without layers. */
import { describe, expect, it } from 'vitest';
import { gradients } from '../../src/autodiff/gradients.ts';
import { heNormal } from '../../src/nn/initializers/initializers.ts';
import { add, mul, sub } from '../../src/ops/elementwise/arithmetic.ts';
import { sparseSoftmaxCrossEntropy } from '../../src/ops/loss/cross-entropy.ts';
import { matmul } from '../../src/ops/product/matmul.ts';
import { mean } from '../../src/ops/reduce/reduce.ts';
import { input, parameter, tensor } from '../../src/data/tensor.ts';
import { input as anyInput } from '../../src/model/input.ts';
import { blobs, engines, referenceEngine } from '../support/models.ts';

describe('tensor', () => {
  it('takes nested arrays, numbers and typed arrays of every kind', () => {
    expect(tensor([[1, 2, 3], [4, 5, 6]])).toMatchObject({ shape: [2, 3], dtype: 'float32' }); // prettier-ignore
    expect(tensor(7)).toMatchObject({ shape: [], dtype: 'float32', data: Float32Array.of(7) });
    expect(tensor([])).toMatchObject({ shape: [0], size: 0 });
    expect(tensor(Float64Array.of(0.5))).toMatchObject({ dtype: 'float32', data: Float32Array.of(0.5) });
    expect(tensor(Uint16Array.of(9))).toMatchObject({ dtype: 'int32', data: Int32Array.of(9) });
    expect(tensor(Uint8ClampedArray.of(9))).toMatchObject({ dtype: 'uint8', data: Uint8Array.of(9) });
    expect(tensor([1, 2], [2], 'int32')).toMatchObject({ dtype: 'int32', data: Int32Array.of(1, 2) });
    expect(tensor(Int32Array.of(1), [1], { dtype: 'float32' }).dtype).toBe('float32');
  });

  it('keeps typed arrays as they are', () => {
    const bytes = Uint8Array.of(1, 2);
    expect(tensor(bytes, [2], { scale: 0.5 }).data).toBe(bytes);
  });

  it('gives its values back, and becomes a constant', async () => {
    const values = [[[1, 2], [3, 4]], [[5, 6], [7, 8]]]; // prettier-ignore
    expect(tensor(values).toArray()).toEqual(values);
    expect(tensor(3).toArray()).toBe(3);
    const scaled = tensor(Uint8Array.of(0, 255), [2], { scale: 1 / 255, offset: 1 }).toConstant();
    const executable = await referenceEngine().compile({ outputs: { y: add(scaled, 0) } });
    executable.run();
    expect([...(await executable.read('y'))]).toEqual([1, 2]);
    expect(tensor(Int32Array.of(4)).toConstant()).toMatchObject({ dtype: 'int32', shape: [1] });
  });
});

describe('parameter', () => {
  it('wants the initializer itself, not its name', () => {
    expect(() => parameter([2], { initializer: 'heNormal' as never })).toThrow(
      "parameter: initializer is the name 'heNormal': call it, as in heNormal()",
    );
  });

  const valuesOf = (options: Parameters<typeof parameter>[1], shape = [4, 5]): number[] => [
    ...parameter(shape, options).variable.initialize!(),
  ];

  it('draws its first values from its seed: uniform for matrices, zeros for vectors', () => {
    const limit = Math.sqrt(6 / 9);
    expect(valuesOf({ seed: 1 }).every((value) => Math.abs(value) <= limit)).toBe(true);
    expect(valuesOf({ seed: 1 })).toEqual(valuesOf({ seed: 1 }));
    expect(valuesOf({ seed: 1 })).not.toEqual(valuesOf({ seed: 2 }));
    expect(valuesOf({ seed: 1 }, [3])).toEqual([0, 0, 0]);
  });

  it('takes values, tensors, initializers and functions', () => {
    expect(valuesOf({ initializer: Float32Array.of(1, 2) }, [2])).toEqual([1, 2]);
    expect(valuesOf({ initializer: tensor([3, 4]) }, [2])).toEqual([3, 4]);
    expect(valuesOf({ initializer: heNormal(), seed: 1 })).toHaveLength(20);
    expect(valuesOf({ initializer: ([count]) => new Float32Array(count!).fill(9) }, [2])).toEqual([9, 9]);
  });
});

it('input is a placeholder for a shape, and the start of a model for options', () => {
  expect(anyInput([3, 2], { name: 'x' })).toMatchObject({ shape: [3, 2], variable: { name: 'x', role: 'input' } });
  expect(anyInput({ shape: [2] })).toMatchObject({ shape: [2], inputs: [] });
});

it.each(engines)('a loop of one’s own trains on %s', async (_, createEngine) => {
  const engine = await createEngine();
  const { x: points, y: classes } = blobs(60);
  const x = input([20, 2]);
  const labels = input([20], { dtype: 'int32' });
  const weights = [parameter([2, 3], { seed: 1 }), parameter([3])] as const;
  const loss = mean(sparseSoftmaxCrossEntropy(labels, add(matmul(x, weights[0]), weights[1])));
  const slopes = gradients(loss, weights);
  const updates = weights.map((weight, index) => [weight, sub(weight, mul(0.5, slopes[index]!))] as const);
  const step = await engine.compile({ outputs: { loss }, updates });
  const losses: number[] = [];
  for (let epoch = 0; epoch < 10; epoch++) {
    for (let start = 0; start < 60; start += 20) {
      engine.write(x, points.data.slice(2 * start, 2 * (start + 20)));
      engine.write(labels, classes.data.slice(start, start + 20));
      step.run();
      losses.push((await step.read('loss'))[0]!);
    }
  }
  expect(losses.at(-1)).toBeLessThan(0.15);
  expect(losses[0]).toBeGreaterThan(0.5);
});
