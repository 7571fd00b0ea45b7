/**
 * Element-wise chains over a million floats: how many of the bytes that they must move they move in a second. The ceiling
 * is a plain copy that touches as much memory; a square root and a division for each element keep adam away from it.
 */
import {
  adam,
  add,
  clip,
  greater,
  increment,
  type Graph,
  mul,
  neg,
  type Node,
  parameter,
  relu,
  select,
  square,
  sub,
  variable,
  type Variable,
} from '../../src/index.ts';
import { ceilingModule, hasRelaxedSimd } from '../ceiling-module.ts';
import { measure, repeatsFor, scaled } from '../measure.ts';
import { type Context, type Measured, rate, type Suite } from '../suite.ts';

const mebibyte = 2 ** 20;

interface Case {
  readonly name: string;
  /** Arrays that are read and written; one in place counts twice. */
  readonly moved: number;
  /** Arrays that are touched. */
  readonly touched: number;
  build(full: (seed: number) => Variable): Partial<Graph>;
}

const cases: readonly Case[] = [
  {
    name: 'adam',
    moved: 7,
    touched: 4,
    build: (full) => {
      const iterations = variable([], { name: 'iterations', dtype: 'int32' });
      const updates = adam().updates([full(1)], [full(2)], iterations);
      return { updates: [...updates, [iterations, increment(iterations)]] };
    },
  },
  { name: 'add', moved: 3, touched: 3, build: (full) => ({ outputs: { sum: add(full(1), full(2)) } }) },
  {
    name: 'gradient of relu',
    moved: 3,
    touched: 3,
    build: (full) => ({ outputs: { gradient: select(greater(full(1), 0), full(2), 0) } }),
  },
  {
    name: 'ten operations',
    moved: 3,
    touched: 3,
    build: (full) => ({ outputs: { y: tenOperations(full(1), full(2)) } }),
  },
];

function tenOperations(x: Node, y: Node): Node {
  const a = add(mul(x, 0.5), y);
  const b = sub(square(a), mul(y, 0.25));
  return clip(mul(relu(add(neg(b), 1)), a), { min: -2, max: 2 });
}

export const suite: Suite = {
  name: 'elementwise',
  description: 'element-wise chains over a million floats, in bytes moved a second',
  async *run(context) {
    for (const each of cases) yield await chain(context, each);
  },
};

async function chain(
  { engine, backend, ceilings, quick }: Context,
  { name, moved, touched, build }: Case,
): Promise<Measured> {
  const count = quick ? 1000 : mebibyte;
  const variables: Variable[] = [];
  const graph = build((seed) => {
    const made = parameter([count], { seed });
    variables.push(made);
    return made;
  });
  const executable = await engine.compile(graph);
  try {
    const run = async (repeats: number): Promise<void> => {
      executable.run(repeats);
      await engine.finished();
    };
    const options = quick ? { warmUp: 1, samples: 3, milliseconds: 0 } : {};
    const repeats = quick ? 1 : await repeatsFor(run);
    const times = scaled(await measure(() => run(repeats), options), 1 / repeats);
    const ceiling = backend === 'wasm' ? await copyBandwidth(touched * 4 * count, quick) : ceilings.memoryBandwidth;
    return rate(name, times, 'GB/s', (moved * 4 * count) / times.median / 1e6, ceiling);
  } finally {
    executable.dispose();
    engine.release((graph.updates ?? []).map(([updated]) => updated));
    engine.release(variables);
  }
}

/** Gigabytes a second, read and written, of a copy within `bytes` bytes, half of them to the other half. */
async function copyBandwidth(bytes: number, quick: boolean): Promise<number> {
  const module = await ceilingModule(hasRelaxedSimd(), Math.ceil(bytes / mebibyte));
  const half = bytes / 2;
  const { p10 } = await measure(
    () => module.copy(half, 0, half),
    quick ? { samples: 3, milliseconds: 0 } : { samples: 50 },
  );
  return (2 * half) / p10 / 1e6;
}
