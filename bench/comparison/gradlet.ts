/** gradlet as users use it: a compiled graph for the product, and `fit` for training, one epoch per round. */
import {
  adam,
  type Callback,
  createEngine,
  dense,
  type Engine,
  type HostTensor,
  matmul,
  type Model,
  parameter,
  sequential,
  tensor,
} from '../../src/index.ts';
import { layersOf, type Product, type ProductTask, type Start, type Training, type TrainingTask } from './candidate.ts';

export const start: Start = async ({ backend, threads }) => {
  const engine = await createEngine({ backend, ...(threads !== undefined && { threads }) });
  return {
    threads: engine.info.threads,
    device: engine.info.description,
    product: (task) => product(engine, task),
    training: (task) => Promise.resolve(training(engine, task)),
  };
};

async function product(engine: Engine, { size, a, b }: ProductTask): Promise<Product> {
  const [left, right] = [a, b].map((initializer) => parameter([size, size], { initializer }));
  const executable = await engine.compile({ outputs: { product: matmul(left!, right!) } });
  const values = new Float32Array(size * size);
  return {
    run() {
      executable.run();
      return executable.read('product', values);
    },
    dispose() {
      executable.dispose();
      engine.release([left!, right!]);
    },
  };
}

export function training(engine: Engine, task: TrainingTask): Training {
  const { sizes, batch, batches, samples, labels } = task;
  const layers = layersOf(task);
  const model = sequential(
    layers.map(({ outputs, isLast }, layer) =>
      dense({
        units: outputs,
        activation: isLast ? 'softmax' : 'relu',
        ...(layer === 0 && { inputShape: [sizes[0]!] }),
      }),
    ),
    { engine },
  );
  model.setWeights(
    layers.flatMap(({ inputs, outputs, kernel, bias }) => [tensor(kernel, [inputs, outputs]), tensor(bias, [outputs])]),
  );
  model.compile({ optimizer: adam(), loss: 'categoricalCrossentropy' });
  const x = tensor(samples, [batches * batch, sizes[0]!]);
  const y = tensor(labels, [batches * batch, sizes.at(-1)!]);
  return rounds(model, x, y, batch);
}

/** One `fit` for all rounds, one epoch each. */
export function rounds(model: Model, x: HostTensor, y: HostTensor, batch: number): Training {
  const turns = new Turns();
  const fit = model.fit(x, y, { epochs: 1e9, batchSize: batch, shuffle: false, callbacks: [turns] });
  fit.catch((error: unknown) => turns.fail(error));
  return {
    round: () => turns.next(),
    dispose() {
      model.stopTraining = true;
      turns.end();
      void fit.finally(() => model.dispose()).catch(() => undefined);
    },
  };
}

/** Pauses a `fit` before each epoch until its turn comes. */
class Turns implements Callback {
  private turn = gate<void>();
  private result = gate<number>();

  async onEpochBegin(): Promise<void> {
    await this.turn.promise;
    this.turn = gate();
  }

  onEpochEnd(_epoch: number, { loss }: Readonly<Record<string, number>>): void {
    const { resolve } = this.result;
    this.result = gate();
    resolve(loss!);
  }

  /** Lets one epoch run. @returns its loss */
  next(): Promise<number> {
    const { promise } = this.result;
    this.turn.resolve();
    return promise;
  }

  end(): void {
    this.turn.resolve();
  }

  fail(error: unknown): void {
    this.result.reject(error);
  }
}

interface Gate<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(error: unknown): void;
}

function gate<T>(): Gate<T> {
  let settle: Pick<Gate<T>, 'resolve' | 'reject'>;
  const promise = new Promise<T>((resolve, reject) => (settle = { resolve, reject }));
  promise.catch(() => undefined); // reported where it is awaited
  return { promise, ...settle! };
}
