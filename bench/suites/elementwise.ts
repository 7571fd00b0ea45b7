/**
 * Element-wise chains and row normalization: bytes moved per second, counting the bytes that they must move. Over a
 * million floats, which fit a third-level cache, and over eight times as many, which do not. The ceiling is a plain
 * copy that touches as much memory.
 */
import {
  adam,
  add,
  batchNorm,
  clip,
  gradients,
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
  sum,
  variable,
  type Variable,
} from '../../src/index.ts';
import { holdAgainst } from '../ceilings/beside.ts';
import { execution } from '../executions.ts';
import { type Context, type Measured, rate, type Setting, settingOf, type Suite } from '../suite.ts';

export interface Chain {
  readonly name: string;
  /** Arrays that are read and written; one in place counts twice. */
  readonly moved: number;
  /** Arrays that are touched. */
  readonly touched: number;
  /** For each element; a root, a division or an exponential counts as one. */
  readonly operations: number;
  /** `full` makes a matrix of the numbers, in rows of 1024. */
  build(full: (seed: number) => Variable): Partial<Graph>;
}

const chains: readonly Chain[] = [
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
  {
    name: 'batch normalization and its gradient',
    moved: 8, // x for the moments, x and y; x and dy for their sums, both and dx
    touched: 4,
    operations: 18,
    build: (full) => ({ outputs: normalizedBatch(full(1), full(2)) }),
  },
];

function normalizedBatch(x: Node, slope: Node): Record<string, Node> {
  const columns = x.shape.slice(1);
  const scale = parameter(columns, { seed: 3 });
  const { output: y } = batchNorm(x, { scale, offset: parameter(columns, { seed: 4 }) });
  const [dx, dScale] = gradients(sum(mul(y, slope)), [x, scale]) as [Node, Node];
  return { y, dx, dScale };
}

function tenOperations(x: Node, y: Node): Node {
  const a = add(mul(x, 0.5), y);
  const b = sub(square(a), mul(y, 0.25));
  return clip(mul(relu(add(neg(b), 1)), a), { min: -2, max: 2 });
}

type Shape = readonly [rows: number, columns: number];

/** One size that fits a cache and one that does not. A software GPU would take seconds for the latter. */
const shapesOf = ({ quick, isSoftware }: Setting): readonly Shape[] => {
  if (quick) return [[10, 100]];
  return [[1024, 1024], ...(isSoftware ? [] : [[8192, 1024] as const])];
};

const runs = (setting: Setting): (readonly [name: string, chain: Chain, shape: Shape])[] =>
  shapesOf(setting).flatMap((shape, index) =>
    chains.map((chain) => [`${chain.name}${index > 0 ? ', beyond the caches' : ''}`, chain, shape] as const),
  );

export const suite: Suite = {
  name: 'elementwise',
  description: 'element-wise chains and normalized rows over 1 and 8 million floats, in bytes moved a second',
  cases: (setting) => runs(setting).map(([name]) => name),
  async *run(context) {
    for (const [name, chain, shape] of runs(settingOf(context))) yield await chainRate(context, name, chain, shape);
  },
};

/** Returns a chain by its name. */
export const chainNamed = (name: string): Chain => chains.find((chain) => chain.name === name)!;

/** Bytes per second of a chain over a matrix of this shape, as a share of a copy. */
export async function chainRate(context: Context, name: string, chain: Chain, shape: Shape): Promise<Measured> {
  const elements = shape[0] * shape[1];
  const variables: Variable[] = [];
  const graph = chain.build((seed) => {
    const made = parameter(shape, { initializer: () => quickly(elements, seed) });
    variables.push(made);
    return made;
  });
  const updated = (graph.updates ?? []).map(([variable]) => variable);
  const made = await execution(context.engine, graph, [...updated, ...variables]);
  const { times, ceiling } = await holdAgainst(context, made, { copying: chain.touched * 4 * elements });
  const work = { operations: chain.operations * elements, bytes: chain.moved * 4 * elements };
  return { ...rate(name, times, 'GB/s', work.bytes / times.median / 1e6, ceiling), work };
}

/** Deterministic numbers from −1 to 1; random ones would take longer than the measurement. */
function quickly(length: number, seed: number): Float32Array {
  const values = new Float32Array(length);
  for (let index = 0; index < length; index++) values[index] = ((index * 7919 + seed * 104729) % 2003) / 1001 - 1;
  return values;
}
