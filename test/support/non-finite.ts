/** Runs that produce NaN or infinity, on any engine, in Node and in a page. */
import type { Engine } from '../../src/engine.ts';
import { NonFiniteError } from '../../src/core/errors.ts';
import { dense } from '../../src/nn/layers/dense.ts';
import { adam } from '../../src/optim/adam.ts';
import { sgd } from '../../src/optim/sgd.ts';
import { mul } from '../../src/ops/elementwise/arithmetic.ts';
import { tensor } from '../../src/data/tensor.ts';
import type { HostTensor } from '../../src/data/tensor.ts';
import { sequential } from '../../src/model/make-model.ts';
import type { Model } from '../../src/model/model.ts';

/** One linear unit with kernel 1. */
export function oneUnit(engine: Engine): Model {
  const model = sequential([dense({ units: 1, name: 'only', kernelInitializer: 'ones', inputShape: [1] })], { engine });
  model.compile({ optimizer: sgd({ learningRate: 3e38 }), loss: 'mse' });
  return model;
}

/** Three layers of one linear unit with kernels 1e15, 1 and 1: the first one overflows for 1e30. */
export function threeLayers(engine: Engine, activation: 'linear' | 'sigmoid' = 'linear'): Model {
  const model = sequential(
    [
      dense({ units: 1, name: 'first', useBias: false, inputShape: [1] }),
      dense({ units: 1, name: 'second', useBias: false }),
      dense({ units: 1, name: 'third', useBias: false, activation }),
    ],
    { engine },
  );
  model.compile({ optimizer: sgd({ learningRate: 0 }), loss: 'mse' });
  model.setWeights([tensor([[1e15]]), tensor([[1]]), tensor([[1]])]);
  return model;
}

/** The message of an error without its last part, the advice; an unexpected error is converted to text. */
export type Outcome = { readonly message: string; readonly where: string; readonly step: number } | string;

export interface Case {
  readonly run: (engine: Engine) => Promise<unknown>;
  readonly message: string;
  readonly where: string;
  readonly step: number;
}

/** The error with which `run` is rejected. */
export async function outcome({ run }: Case, engine: Engine): Promise<Outcome> {
  const error = await run(engine).catch((given: unknown) => given);
  if (!(error instanceof NonFiniteError)) return `no NonFiniteError but ${String(error)}`;
  const { message, where, step } = error;
  return { message: message.split(': ', 2).join(': '), where, step };
}

/** Steps with a finite gradient whose square overflows. */
function overflowingSquares(engine: Engine): Model {
  const model = oneUnit(engine);
  model.compile({ optimizer: adam(), loss: 'mse' });
  return model;
}

const [steep, far] = [tensor([[1e5]]), tensor([[1e18]])];
const rows = (...values: readonly number[]): HostTensor => tensor(values.map((value) => [value]));

export const cases: Readonly<Record<string, Case>> = {
  'a weight that fit spoils in its last step': {
    run: (engine) => oneUnit(engine).fit([[1e3]], [[1e4]]),
    message: `fit: the weight 'only/kernel' holds NaN or infinity after 1 training steps`,
    where: 'only/kernel',
    step: 1,
  },
  'a weight that trainOnBatch spoils': {
    run: (engine) => oneUnit(engine).trainOnBatch([[1e3]], [[1e4]]),
    message: `trainOnBatch: the weight 'only/kernel' became NaN or infinite in training step 1`,
    where: 'only/kernel',
    step: 1,
  },
  'an optimizer state in fit, while all weights are finite': {
    run: (engine) => overflowingSquares(engine).fit(steep, far),
    message: `fit: the optimizer state 'adam/meanSquare' of weight 'only/kernel' holds NaN or infinity after 1 training steps`,
    where: 'only/kernel/meanSquare',
    step: 1,
  },
  'an optimizer state in trainOnBatch': {
    run: (engine) => overflowingSquares(engine).trainOnBatch(steep, far),
    message: `trainOnBatch: the optimizer state 'adam/meanSquare' of weight 'only/kernel' became NaN or infinite in training step 1`,
    where: 'only/kernel/meanSquare',
    step: 1,
  },
  'the first layer at fault in predict, in a short last batch': {
    run: (engine) => threeLayers(engine).predict(rows(1, 2, 1e30), { batchSize: 2 }),
    message: `predict: the output of layer 'first' is NaN or infinite in the batch that begins at sample 2`,
    where: 'first',
    step: 0,
  },
  'an infinite weight that no output shows': {
    async run(engine) {
      const model = threeLayers(engine, 'sigmoid');
      await model.predict(rows(1));
      // Through a custom graph: sigmoid(∞) is 1.
      const kernel = model.layers[2]!.weights[0]!;
      model.setWeights([tensor([[1]]), tensor([[1]]), tensor([[1]])]);
      await model.predict(rows(1));
      (await engine.compile({ updates: [[kernel, mul(kernel, 1e20)]] })).run(2);
      return model.predict(rows(1));
    },
    message: `predict: the weight 'third/kernel' holds NaN or infinity`,
    where: 'third/kernel',
    step: 0,
  },
  'an infinite weight that was set': {
    async run(engine) {
      const model = threeLayers(engine);
      await model.predict(rows(1));
      model.setWeights([tensor([[1]]), tensor([[Infinity]]), tensor([[1]])]);
      return model.evaluate(rows(1), rows(1));
    },
    message: `evaluate: the weight 'second/kernel' holds NaN or infinity`,
    where: 'second/kernel',
    step: 0,
  },
  'a weight that was NaN before fit': {
    run(engine) {
      const model = threeLayers(engine);
      model.setWeights([tensor([[1]]), tensor([[1]]), tensor([[NaN]])]);
      return model.fit(rows(1), rows(1));
    },
    message: `fit: the weight 'third/kernel' holds NaN or infinity`,
    where: 'third/kernel',
    step: 0,
  },
  'a weight that was NaN before trainOnBatch': {
    run(engine) {
      const model = threeLayers(engine);
      model.setWeights([tensor([[1]]), tensor([[1]]), tensor([[NaN]])]);
      return model.trainOnBatch(rows(1), rows(1));
    },
    message: `trainOnBatch: the weight 'third/kernel' holds NaN or infinity`,
    where: 'third/kernel',
    step: 0,
  },
  'a layer in evaluate': {
    run: (engine) => threeLayers(engine).evaluate(rows(1, 2, 3, 1e30, 5), rows(1, 1, 1, 1, 1), { batchSize: 2 }),
    message: `evaluate: the output of layer 'first' is NaN or infinite in the batch that begins at sample 2`,
    where: 'first',
    step: 0,
  },
  'a layer in testOnBatch': {
    run: (engine) => threeLayers(engine).testOnBatch(rows(1, 1e30), rows(1, 1)),
    message: `testOnBatch: the output of layer 'first' is NaN or infinite in the batch that begins at sample 0`,
    where: 'first',
    step: 0,
  },
  'a layer in the validation of fit': {
    run: (engine) =>
      threeLayers(engine).fit(rows(1, 2), rows(1, 1), {
        epochs: 2,
        batchSize: 1,
        validationData: [rows(1, 1e30), rows(1, 1)],
      }),
    message:
      `fit: the output of layer 'first' is NaN or infinite in the validation after epoch 1, ` +
      `in the batch that begins at sample 1 of its samples`,
    where: 'first',
    step: 2,
  },
  'a metric in evaluate': {
    run: (engine) => withMetric(engine).evaluate(rows(1), rows(1e30)),
    message: `evaluate: the metric 'mse' is Infinity although the outputs of all layers are finite`,
    where: 'mse',
    step: 0,
  },
  'a metric in fit': {
    run: (engine) => withMetric(engine).fit(rows(1), rows(1e30)),
    message: `fit: the metric 'mse' is Infinity although the outputs of all layers are finite`,
    where: 'mse',
    step: 1,
  },
  'a metric in the validation of fit': {
    run: (engine) => withMetric(engine).fit(rows(1), rows(1), { validationData: [rows(1), rows(1e30)] }),
    message:
      `fit: the metric 'mse' is Infinity in the validation after epoch 1 ` +
      `although the outputs of all layers are finite`,
    where: 'mse',
    step: 1,
  },
};

function withMetric(engine: Engine): Model {
  const model = threeLayers(engine);
  model.compile({ optimizer: sgd({ learningRate: 0 }), loss: 'mae', metrics: ['mse'] });
  return model;
}
