/**
 * An LSTM reads a novel letter by letter and learns what comes next. After each epoch it writes some lines itself: a
 * second program with the same weights takes one letter at a time and carries its state from call to call.
 */
import { keyFromSeed, uniform } from '../src/core/random.ts';
import {
  adam,
  add,
  type Callback,
  dense,
  embedding,
  type Engine,
  gather,
  input,
  type Layer,
  lstm,
  matmul,
  recurrence,
  reshape,
  save,
  sequential,
  softmax,
  tensor,
  tokenizer,
  type Tokenizer,
  variable,
} from '../src/index.ts';
import type { Outcome, Setup } from '../tools/examples/example.ts';

const [length, features, units] = [100, 32, 256];
const opening = 'Whale';

export async function program(setup: Setup<string>): Promise<Outcome> {
  const { data: novel, engine, epochs, batchSize, seed, callbacks, print } = setup;
  const letters = tokenizer({ split: 'character', lowercase: false }).fit([novel]);
  const { x, y } = pieces(letters.encode(novel));

  const layers = [
    embedding({ inputDim: letters.vocabularySize, outputDim: features, inputShape: [length] }),
    lstm({ units, returnSequences: true }),
    dense({ units: letters.vocabularySize, activation: 'softmax' }),
  ];
  const model = sequential(layers, { engine, seed });
  model.compile({
    optimizer: adam({ learningRate: 0.003 }),
    loss: 'sparseCategoricalCrossentropy',
    metrics: ['accuracy'],
  });

  const write = await writer(engine, layers, letters);
  const sample: Callback = {
    async onEpochEnd(epoch) {
      for (const temperature of [0.5, 1]) {
        const text = await write(opening, 160, { temperature, seed: seed + epoch });
        print(`at temperature ${temperature}: ${JSON.stringify(text)}`);
      }
    },
  };
  const { history } = await model.fit(x, y, {
    epochs,
    batchSize,
    validationSplit: 0.1, // the end of the novel
    callbacks: [...callbacks, sample],
  });
  const kept = Math.floor(x.shape[0]! * 0.9);
  const rest = (all: typeof x) => tensor(all.data.slice(kept * length), [x.shape[0]! - kept, length]);
  const test = await model.evaluate(rest(x), rest(y));
  return { history, test, model: await save(model) };
}

/** Rows of letters, and for each letter the next. */
function pieces(numbers: Int32Array) {
  const rows = Math.floor((numbers.length - 1) / length);
  const cut = (from: number) => tensor(numbers.slice(from, from + rows * length), [rows, length]);
  return { x: cut(0), y: cut(1) };
}

interface WriteOptions {
  /** Below 1 the likely letters become likelier still. */
  readonly temperature: number;
  readonly seed: number;
}

/** A function that goes on from `begin` for so many letters, with the layers' weights as they are when it is called. */
async function writer(engine: Engine, layers: readonly Layer[], letters: Tokenizer) {
  const [embeddings, kernel, recurrentKernel, bias, outputKernel, outputBias] = layers.flatMap(
    ({ weights }) => weights,
  );
  const letter = input([1, 1], { dtype: 'int32' });
  const state = [variable([1, units]), variable([1, units])] as const;
  const next = recurrence(gather(embeddings!, letter), {
    cell: 'lstm',
    kernel: kernel!,
    recurrentKernel: recurrentKernel!,
    bias: bias!,
    initialState: state,
  });
  const logits = add(matmul(reshape(next.outputs, [1, units]), outputKernel!), outputBias!);
  const step = await engine.compile({
    outputs: { probabilities: softmax(logits) },
    updates: [
      [state[0], next.states[0]!],
      [state[1], next.states[1]!],
    ],
  });

  return async (begin: string, count: number, { temperature, seed }: WriteOptions): Promise<string> => {
    for (const one of state) engine.write(one, new Float32Array(units));
    const chances = uniform(keyFromSeed(seed), count);
    const probabilities = new Float32Array(logits.shape[1]!);
    const written = [...letters.encode(begin)];
    for (let at = 0; written.length < count; at++) {
      engine.write(letter, Int32Array.of(written[at]!));
      step.run();
      if (at < written.length - 1) continue; // still reading
      written.push(pick(await step.read('probabilities', probabilities), temperature, chances[at]!));
    }
    return letters.decode(written).replaceAll(/\s+/g, ' ');
  };
}

/** The number of a letter, drawn by `chance` from p^(1/temperature). 0 and 1 are no letters. */
function pick(probabilities: Float32Array, temperature: number, chance: number): number {
  const weights = Array.from(probabilities, (p, number) => (number < 2 ? 0 : p ** (1 / temperature)));
  let left = chance * weights.reduce((sum, weight) => sum + weight, 0);
  const found = weights.findIndex((weight) => (left -= weight) < 0);
  return found < 0 ? weights.indexOf(Math.max(...weights)) : found;
}
