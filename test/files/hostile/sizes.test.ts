/** Sizes that a file declares are compared with its tensors before memory is allocated. */
import { describe, expect, it, vi } from 'vitest';
import { sizeOf } from '../../../src/core/shape.ts';
import type { Initializer } from '../../../src/nn/initializers/initializers.ts';
import type { Layer } from '../../../src/nn/layer.ts';
import type { LayerRegistry } from '../../../src/nn/layer-registry.ts';
import { dense } from '../../../src/nn/layers/dense.ts';
import { lstm } from '../../../src/nn/layers/lstm.ts';
import { adam } from '../../../src/optim/adam.ts';
import { tensor } from '../../../src/data/tensor.ts';
import { loadModel, loadWeights } from '../../../src/files/load.ts';
import { sequential } from '../../../src/model/make-model.ts';
import { save, saveWeights } from '../../../src/files/save.ts';
import { thrown, wasmEngine } from '../../support/models.ts';
import { chainOf, fileOf, layers } from '../../support/model-files.ts';

describe('sizes that a file only declares', () => {
  /** A registry whose layers draw by `draw`. */
  const counting = (draw: Initializer['create']): LayerRegistry => {
    const counter = { name: 'zeros', config: {}, create: draw } as Initializer;
    const instead =
      (kind: string, names: readonly string[]) =>
      (config: object, registry: LayerRegistry): ReturnType<(typeof layers)[string]> =>
        layers[kind]!({ ...config, ...Object.fromEntries(names.map((name) => [name, counter])) }, registry);
    const names = ['kernelInitializer', 'biasInitializer'];
    return { dense: instead('dense', names), lstm: instead('lstm', [...names, 'recurrentInitializer']) };
  };

  it('are compared with its tensors before any value is made', () => {
    const never = counting(() => expect.fail('drawn'));
    const declared = (layer: object, inputShape: number[]): string => {
      const file = fileOf({
        ...chainOf(0),
        inputShape,
        layers: [layer],
        training: { optimizer: { name: 'adam', config: {} }, loss: 'mse', metrics: [] },
      });
      return thrown(() => loadModel(file, { layers: never }));
    };
    expect(declared({ kind: 'dense', config: { units: 1e9 } }, [2])).toContain("'dense/kernel' is missing");
    expect(declared({ kind: 'dense', config: { units: 2 ** 31 } }, [2])).toContain('at most 2^31 − 1 are addressable');
    expect(declared({ kind: 'lstm', config: { units: 2e4 } }, [2, 2])).toContain("'lstm/kernel' is missing");
    expect(declared({ kind: 'lstm', config: { units: 1e6 } }, [2, 2])).toContain('at most 2^31 − 1 are addressable');
  });

  it('are not drawn for a model whose weights come from a file or from setWeights', async () => {
    let draws = 0;
    const registry = counting((shape) => {
      draws++;
      return new Float32Array(sizeOf(shape));
    });
    const engine = await wasmEngine();
    const first = sequential([lstm({ units: 3, inputShape: [4, 2] }), dense({ units: 2 })], { engine, seed: 1 });
    first.compile({ optimizer: adam(), loss: 'mse' });
    const [x, y] = [tensor(new Float32Array(16).fill(0.5), [2, 4, 2]), tensor(new Float32Array(4), [2, 2])];
    await first.fit(x, y);
    const expected = (await first.predict(x)).data;
    const stack = (): Layer[] => first.layers.map((layer) => registry[layer.kind]!(layer.config(), registry));

    const loaded = loadModel(await save(first), { layers: registry, engine: await wasmEngine() });
    expect((await loaded.predict(x)).data).toEqual(expected);
    await loaded.fit(x, y);
    await save(loaded);
    const withWeights = sequential(stack(), { engine: await wasmEngine() });
    loadWeights(withWeights, await saveWeights(first));
    expect((await withWeights.predict(x)).data).toEqual(expected);
    const withArrays = sequential(stack(), { engine: await wasmEngine() });
    withArrays.setWeights(await first.getWeights());
    expect((await withArrays.predict(x)).data).toEqual(expected);
    expect(draws).toBe(0);
    await sequential(stack(), { engine: await wasmEngine() }).predict(x);
    expect(draws).toBe(5);
  });
});

it('values that take long are drawn in steps, between which the event loop has its turn', async () => {
  const now = vi.spyOn(performance, 'now');
  let time = 0;
  now.mockImplementation(() => (time += 1000));
  let [turns, steps] = [0, 0];
  const turn = (): void => {
    turns++;
    if (steps < 5) setImmediate(turn);
  };
  const slow: Initializer = {
    name: 'zeros',
    config: {},
    create: () => expect.fail('drawn at once'),
    *createInSteps(shape) {
      for (; steps < 5; steps++) yield;
      return new Float32Array(sizeOf(shape)).fill(2);
    },
  };
  const model = sequential([dense({ units: 1, kernelInitializer: slow, inputShape: [3] })], {
    engine: await wasmEngine(),
  });
  setImmediate(turn);
  const prediction = await model.predict(tensor([[1, 1, 1]]));
  now.mockRestore();
  expect([...prediction.data]).toEqual([6]);
  expect(turns).toBeGreaterThanOrEqual(5);
});
