/**
 * Recurrent layers over sequences of 100 steps. A whole training step of a text classifier (embedding [10000, 16], LSTM
 * of 128 units, one sigmoid, binary cross-entropy, Adam) next to the floor by arithmetic, and the recurrence alone: for
 * prediction, and for training, which stores gates and carries for the gradient.
 */
import {
  adam,
  add,
  binaryCrossentropy,
  gather,
  type Graph,
  gradients,
  increment,
  matmul,
  mean,
  type Node,
  parameter,
  sigmoid,
  variable,
  type Variable,
} from '../../src/index.ts';
import { parts } from '../../src/ops/part.ts';
import { recurrence } from '../../src/ops/recurrent/recurrence.ts';
import { type Cell, gateCounts } from '../../src/ops/recurrent/recurrent-cell.ts';
import { recurrent } from '../../src/ops/recurrent/recurrent.ts';
import { floorMilliseconds, recurrentWork } from '../ceilings/ceilings.ts';
import { timeGraph } from '../executions.ts';
import { type Context, duration, type Measured, type Setting, type Suite } from '../suite.ts';

interface Sizes {
  readonly batch: number;
  readonly steps: number;
  readonly words: number;
  readonly features: number;
  readonly units: number;
}

const sizesOf = (batch: number, { quick, isSoftware }: Pick<Setting, 'quick' | 'isSoftware'>): Sizes =>
  quick
    ? { batch: 4, steps: 3, words: 20, features: 4, units: 8 }
    : { batch, steps: isSoftware ? 20 : 100, words: 10_000, features: 16, units: 128 };

/** Returns the graph of a case: a whole training step, or the recurrence alone. */
interface Case {
  readonly name: string;
  readonly batch: number;
  readonly cell: Cell;
  readonly isStep: boolean;
  readonly build: (sizes: Sizes, cell: Cell, made: Variable[]) => Partial<Graph>;
}

const training = { isStep: true, build: trainingStep };
const alone = { batch: 128, cell: 'lstm', isStep: false } as const;
const cases: readonly Case[] = [
  { name: 'LSTM, step, batch 32', batch: 32, cell: 'lstm', ...training },
  { name: 'LSTM, step, batch 128', batch: 128, cell: 'lstm', ...training },
  { name: 'GRU, step, batch 128', batch: 128, cell: 'gru', ...training },
  { name: 'simple, step, batch 128', batch: 128, cell: 'simple', ...training },
  { name: 'LSTM alone, batch 128', ...alone, build: (...given) => recurrenceAlone(...given, false) },
  { name: 'LSTM alone, keeps its gates', ...alone, build: (...given) => recurrenceAlone(...given, true) },
];

export const suite: Suite = {
  name: 'lstm',
  description:
    'a training step of embedding, recurrent layer of 128 units over 100 steps and one output; the layer alone',
  cases: () => cases.map(({ name }) => name),
  async *run(context) {
    for (const each of cases) yield await measured(context, each);
  },
};

async function measured({ engine, ceilings, quick }: Context, given: Case): Promise<Measured> {
  const { name, batch, cell, isStep, build } = given;
  const sizes = sizesOf(batch, { quick, isSoftware: engine.info.isSoftware });
  const made: Variable[] = [];
  const graph = build(sizes, cell, made);
  const updated = new Set([...(graph.updates ?? []).map(([variable]) => variable), ...made]);
  const times = await timeGraph(engine, graph, [...updated], quick);
  const { steps, features, units, words } = sizes;
  const columns = gateCounts[cell] * units;
  const rows = sizes.batch * steps;
  const shape = { length: steps, batch: sizes.batch, features, units, gates: gateCounts[cell], outputs: 1 };
  const { operations, stateBytes } = isStep
    ? recurrentWork({ ...shape, embedded: words * features })
    : { operations: 2 * rows * columns * units, stateBytes: 0 };
  const floor = floorMilliseconds({ operations, stateBytes }, ceilings);
  const bytes = stateBytes + 4 * rows * (columns + units);
  return { ...duration(name, times, 'ms', times.median, floor), work: { operations, bytes } };
}

interface Weights {
  readonly kernel: Variable;
  readonly recurrentKernel: Variable;
  readonly bias: Variable;
}

function weightsOf({ features, units }: Sizes, cell: Cell): Weights {
  const columns = gateCounts[cell] * units;
  return {
    kernel: parameter([features, columns], { seed: 2 }),
    recurrentKernel: parameter([units, columns], { seed: 3 }),
    bias: parameter(cell === 'gru' ? [2, columns] : [columns], { seed: 4 }),
  };
}

function trainingStep(sizes: Sizes, cell: Cell, made: Variable[]): Partial<Graph> {
  const { batch, steps, words, features, units } = sizes;
  const numbers = (length: number, most: number) =>
    Array.from({ length }, (_, index) => (index * 7919 + (index >> 3)) % most);
  const ids = variable([batch, steps], {
    dtype: 'int32',
    initialize: () => Int32Array.from(numbers(batch * steps, words)),
  });
  const labels = variable([batch, 1], { initialize: () => Float32Array.from(numbers(batch, 2)) });
  const table = parameter([words, features], { seed: 1 });
  const weights = weightsOf(sizes, cell);
  const output = [parameter([units, 1], { seed: 5 }), parameter([1], { seed: 6 })] as const;
  const { states } = recurrence(gather(table, ids), { cell, ...weights });
  const predicted = sigmoid(add(matmul(states[0]!, output[0]), output[1]));
  const loss = mean(binaryCrossentropy(labels, predicted));
  const trained = [table, weights.kernel, weights.recurrentKernel, weights.bias, ...output];
  const iterations = variable([], { dtype: 'int32' });
  const updates = adam().updates(trained, gradients(loss, trained), iterations);
  made.push(ids, labels, iterations, ...trained);
  return { outputs: { loss }, updates: [...updates, [iterations, increment(iterations)]] };
}

function recurrenceAlone({ batch, steps, units }: Sizes, cell: Cell, made: Variable[], keeps: boolean): Partial<Graph> {
  const columns = gateCounts[cell] * units;
  const inputs = [
    parameter([steps, batch, columns], { seed: 1 }),
    parameter([units, columns], { seed: 2 }),
    parameter([batch, units], { seed: 3 }),
    parameter([batch, units], { seed: 4 }),
  ];
  made.push(...inputs);
  const states = recurrent(inputs, {
    cell,
    activation: 'tanh',
    recurrentActivation: 'sigmoid',
    resetAfter: false,
    hasDropout: false,
    hasMask: false,
  });
  const kept: Record<string, Node> = keeps ? { gates: parts(states)[1]! } : {};
  return { outputs: { states, ...kept } };
}
