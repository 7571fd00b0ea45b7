/**
 * Matrix products with shapes from networks, in three groups: the three products of the first layer of a network
 * 784-128 (forward, weight gradient, input gradient); sizes that do not fit the tiles, in turn with a similar size that
 * does and whose rate is their ceiling; and matrix-vector products, which read the matrix once and are limited by that.
 */
import { holdAgainst } from '../ceilings/beside.ts';
import { timeInTurn } from '../executions.ts';
import { nameOf, operationsOf, type Product, productExecution, productRate } from '../products.ts';
import { type Context, type Measured, rate, type Suite } from '../suite.ts';

const layer = (batch: number): Product[] => [
  { m: batch, k: 784, n: 128 },
  { m: 784, k: batch, n: 128, transposeA: true },
  { m: batch, k: 128, n: 784, transposeB: true },
];

const square = (size: number): Product => ({ m: size, k: size, n: size });

/** A product that does not fit the tiles, and its neighbour that does. */
const neighbours: readonly (readonly [awkward: Product, good: Product])[] = [
  [square(31), square(32)],
  [square(33), square(32)],
  [square(127), square(128)],
  [square(129), square(128)],
  [
    { m: 128, k: 1009, n: 128 },
    { m: 128, k: 1024, n: 128 },
  ],
  [square(1009), square(1024)],
];

/** The larger matrix has 64 MiB: more than the caches. */
const vectors = (size: number): Product[] => [
  { m: 1, k: size, n: size },
  { m: 1, k: size, n: size, transposeB: true },
  { m: size, k: size, n: 1 },
];

/** A software GPU takes seconds for more than this. */
const softwareLimit = 2 * 128 * 784 * 128;

export const suite: Suite = {
  name: 'shapes',
  description: "products of a network's shapes, of sizes that fit no tile, and of matrices and vectors",
  async *run(context) {
    const { engine, quick } = context;
    const fits = (product: Product): boolean => !engine.info.isSoftware || operationsOf(product) <= softwareLimit;
    for (const product of (quick ? [8] : [32, 128]).flatMap(layer))
      yield await productRate(context, nameOf(product), product);
    for (const [awkward, good] of quick ? neighbours.slice(0, 1) : neighbours) {
      if (fits(good)) yield* beside(context, awkward, good);
    }
    for (const product of (quick ? [64] : [1024, 4096]).flatMap(vectors)) yield await vector(context, product);
  },
};

/** The fitting size as a share of the machine's rate, and the other as a share of the fitting one. */
async function* beside({ engine, ceilings, quick }: Context, awkward: Product, good: Product): AsyncIterable<Measured> {
  const [one, other] = [await productExecution(engine, good), await productExecution(engine, awkward)];
  try {
    const { first, second } = await timeInTurn(one, other, quick);
    const best = operationsOf(good) / first.median / 1e6;
    yield rate(nameOf(good), first, 'GFLOP/s', best, ceilings.gflops);
    const reached = operationsOf(awkward) / second.median / 1e6;
    yield rate(`${nameOf(awkward)}, beside`, second, 'GFLOP/s', reached, best);
  } finally {
    one.dispose();
    other.dispose();
  }
}

async function vector(context: Context, product: Product): Promise<Measured> {
  const bytes = 4 * product.k * Math.max(product.m, product.n);
  const made = await productExecution(context.engine, product);
  const { times, ceiling } = await holdAgainst(context, made, { reading: bytes });
  return rate(nameOf(product), times, 'GB/s', bytes / times.median / 1e6, ceiling);
}
