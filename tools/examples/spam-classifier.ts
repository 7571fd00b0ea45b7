/**
 * The network of p3-text-classifier, built from operations alone: an embedding, an LSTM, and a linear layer on its last
 * state. Shared by the program that trains and the one that loads the parameters.
 */
import {
  add,
  type Engine,
  gather,
  input,
  matmul,
  notEqual,
  cast,
  orthogonal,
  parameter,
  predictedClasses,
  randomNormal,
  recurrence,
  tensor,
  type Tensor,
  type Variable,
} from '../../src/index.ts';

export const sizes = { words: 10_000, length: 100, features: 128, units: 256, classes: 2 };
const { words, features, units, classes } = sizes;

type Name = 'embeddings' | 'kernel' | 'recurrentKernel' | 'bias' | 'outputKernel' | 'outputBias';
export type Parameters = Readonly<Record<Name, Variable>>;

export function createParameters(seed: number): Parameters {
  // the forget gates start open, so that the first words are not forgotten initially
  const bias = new Float32Array(4 * units).fill(1, units, 2 * units);
  return {
    embeddings: parameter([words, features], { seed, initializer: randomNormal({ stddev: 0.05 }) }),
    kernel: parameter([features, 4 * units], { seed: seed + 1 }),
    recurrentKernel: parameter([units, 4 * units], { seed: seed + 2, initializer: orthogonal() }),
    bias: parameter([4 * units], { initializer: bias }),
    outputKernel: parameter([units, classes], { seed: seed + 3 }),
    outputBias: parameter([classes]),
  };
}

/** Logits [batch, 2] of token ids [batch, length], padded with 0. */
export function network(ids: Tensor, parameters: Parameters): Tensor {
  const { embeddings, kernel, recurrentKernel, bias, outputKernel, outputBias } = parameters;
  const mask = notEqual(cast(ids, 'float32'), 0); // after the last word the state does not change
  const { states } = recurrence(gather(embeddings, ids), { cell: 'lstm', kernel, recurrentKernel, bias, mask });
  return add(matmul(states[0]!, outputKernel), outputBias);
}

/** Logits [count, 2] of `count` rows of token ids, in batches of one size. */
export async function classify(engine: Engine, parameters: Parameters, rows: Int32Array): Promise<Float32Array> {
  const { length } = sizes;
  const batch = 64;
  const ids = input([batch, length], { dtype: 'int32' });
  const forward = await engine.compile({ outputs: { logits: network(ids, parameters) } });
  const count = rows.length / length;
  const logits = new Float32Array(count * classes);
  const values = new Float32Array(batch * classes);
  for (let start = 0; start < count; start += batch) {
    const some = new Int32Array(batch * length); // the last batch is padded with empty mails
    some.set(rows.subarray(start * length, (start + batch) * length));
    engine.write(ids, some);
    forward.run();
    await forward.read('logits', values);
    logits.set(values.subarray(0, Math.min(batch, count - start) * classes), start * classes);
  }
  forward.dispose();
  engine.release([ids]);
  return logits;
}

/** The predicted class of each row of logits. */
export const classesOf = (logits: Float32Array): Int32Array =>
  predictedClasses(tensor(logits, [logits.length / classes, classes]));

/** The mean cross-entropy and the accuracy. */
export function score(logits: Float32Array, labels: readonly number[]): { loss: number; accuracy: number } {
  let [loss, hits] = [0, 0];
  labels.forEach((label, row) => {
    const margin = logits[2 * row + 1 - label]! - logits[2 * row + label]!; // margin of the wrong class
    loss += Math.max(margin, 0) + Math.log1p(Math.exp(-Math.abs(margin)));
    hits += Number(margin < 0);
  });
  return { loss: loss / labels.length, accuracy: hits / labels.length };
}
