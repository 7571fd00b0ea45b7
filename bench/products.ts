/** Matrix products for the suites: the operands are on the device already, and the result stays there. */
import { type Engine, matmul, parameter } from '../src/index.ts';
import { holdAgainst } from './ceilings/beside.ts';
import { type Execution, execution } from './executions.ts';
import { type Context, type Measured, rate, type Work } from './suite.ts';

/** m × k · k × n. */
export interface Product {
  readonly m: number;
  readonly k: number;
  readonly n: number;
  /** The first operand lies there as k × m, the second as n × k. */
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
}

export function productExecution(
  engine: Engine,
  { m, k, n, transposeA = false, transposeB = false }: Product,
): Promise<Execution> {
  const a = parameter(transposeA ? [k, m] : [m, k], { seed: 1 });
  const b = parameter(transposeB ? [n, k] : [k, n], { seed: 2 });
  return execution(engine, { outputs: { product: matmul(a, b, { transposeA, transposeB }) } }, [a, b]);
}

/** A product as a share of the machine's multiply-add rate. */
export async function productRate(context: Context, name: string, product: Product): Promise<Measured> {
  const made = await productExecution(context.engine, product);
  const { times, ceiling } = await holdAgainst(context, made, 'multiply-adds');
  const reached = operationsOf(product) / times.median / 1e6;
  return { ...rate(name, times, 'GFLOP/s', reached, ceiling), work: workOf(product) };
}

/** Floating-point operations; a multiply-add counts as two. */
export const operationsOf = ({ m, k, n }: Product): number => 2 * m * k * n;

/** Each operand read once, and the result written once. */
export const workOf = (product: Product): Work => {
  const { m, k, n } = product;
  return { operations: operationsOf(product), bytes: 4 * (m * k + k * n + m * n) };
};

/** `128×784 · 784×32`, with ᵀ for operands stored transposed. */
export function nameOf({ m, k, n, transposeA, transposeB }: Product): string {
  const left = transposeA ? `(${k}×${m})ᵀ` : `${m}×${k}`;
  return `${left} · ${transposeB ? `(${n}×${k})ᵀ` : `${k}×${n}`}`;
}
