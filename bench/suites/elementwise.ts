/**
 * Element-wise chains, and rows that are normalized, over a million floats: how many of the bytes that they must move they
 * move in a second. The ceiling is a plain copy that touches as much memory; a square root and a division for each element
 * keep adam away from it.
 */
import {
  adam,
  add,
  clip,
  type Graph,
  greater,
  increment,
  layerNorm,
  logSoftmax,
  mul,
  neg,
  type Node,
  parameter,
  relu,
  select,
  softmax,
  square,
  sub,
  variable,
  type Variable,
} from '../../src/index.ts';
import { copyBandwidth } from '../ceilings-wasm.ts';
import { timeGraph } from '../executions.ts';
import { instructionsOf } from '../start-engine.ts';
import { type Context, type Measured, rate, type Suite } from '../suite.ts';

interface Case {
  readonly name: string;
  /** Arrays that are read and written; one in place counts twice. */
  readonly moved: number;
  /** Arrays that are touched. */
  readonly touched: number;
  /** For each element; a root, a division or an exponential counts as one. */
  readonly operations: number;
  /** `full` makes a matrix of a million numbers. */
  build(full: (seed: number) => Variable): Partial<Graph>;
}

const cases: readonly Case[] = [
  {
    name: 'adam',
    moved: 7,
    touched: 4,
    operations: 12,
    build: (full) => {
      const iterations = variable([], { name: 'iterations', dtype: 'int32' });
      const updates = adam().updates([full(1)], [full(2)], iterations);
      return { updates: [...updates, [iterations, increment(iterations)]] };
    },
  },
  { name: 'add', moved: 3, touched: 3, operations: 1, build: (full) => ({ outputs: { sum: add(full(1), full(2)) } }) },
  {
    name: 'gradient of relu',
    moved: 3,
    touched: 3,
    operations: 2,
    build: (full) => ({ outputs: { gradient: select(greater(full(1), 0), full(2), 0) } }),
  },
  {
    name: 'ten operations',
    moved: 3,
    touched: 3,
    operations: 10,
    build: (full) => ({ outputs: { y: tenOperations(full(1), full(2)) } }),
  },
  { name: 'softmax', moved: 2, touched: 2, operations: 5, build: (full) => ({ outputs: { y: softmax(full(1)) } }) },
  {
    name: 'log-softmax',
    moved: 2,
    touched: 2,
    operations: 5,
    build: (full) => ({ outputs: { y: logSoftmax(full(1)) } }),
  },
  {
    name: 'layer normalization',
    moved: 2,
    touched: 2,
    operations: 5,
    build: (full) => ({ outputs: { y: layerNorm(full(1)) } }),
  },
];

function tenOperations(x: Node, y: Node): Node {
  const a = add(mul(x, 0.5), y);
  const b = sub(square(a), mul(y, 0.25));
  return clip(mul(relu(add(neg(b), 1)), a), { min: -2, max: 2 });
}

export const suite: Suite = {
  name: 'elementwise',
  description: 'element-wise chains and normalized rows over a million floats, in bytes moved a second',
  cases: () => cases.map(({ name }) => name),
  async *run(context) {
    for (const each of cases) yield await chain(context, each);
  },
};

async function chain(
  { engine, backend, request, ceilings, quick }: Context,
  { name, moved, touched, operations, build }: Case,
): Promise<Measured> {
  const shape = quick ? [10, 100] : [1024, 1024];
  const elements = shape[0]! * shape[1]!;
  const bytes = 4 * elements;
  const variables: Variable[] = [];
  const graph = build((seed) => {
    const made = parameter(shape, { seed });
    variables.push(made);
    return made;
  });
  const updated = (graph.updates ?? []).map(([variable]) => variable);
  const times = await timeGraph(engine, graph, [...updated, ...variables], quick);
  const copying = { threads: engine.info.threads, ...instructionsOf(request), quick };
  const ceiling = backend === 'wasm' ? await copyBandwidth(touched * bytes, copying) : ceilings.memoryBandwidth;
  const work = { operations: operations * elements, bytes: moved * bytes };
  return { ...rate(name, times, 'GB/s', work.bytes / times.median / 1e6, ceiling), work };
}
