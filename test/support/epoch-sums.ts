/** Epoch sums for which plain float32 accumulation is not accurate enough, on any engine. */
import type { Engine } from '../../src/engine.ts';
import type { Metric } from '../../src/nn/metrics/metric.ts';
import { constant } from '../../src/ops/define.ts';
import { Sums } from '../../src/train/sums.ts';

/** A metric that returns its only sum. */
const total = (name: string): Metric => ({ name, sums: () => [], result: ([sum]) => sum![0]! });

/** The sums after `steps` steps that each add these numbers, starting at `from`. */
export async function sumsOf(
  engine: Engine,
  values: readonly number[],
  from: number,
  steps: number,
): Promise<number[]> {
  const sums = new Sums(engine);
  const parts = [[constant(1), constant(1)], ...values.map((value) => [constant(value)])];
  const executable = await engine.compile({ updates: sums.add(parts) });
  sums.reset();
  for (const variable of sums.variables.slice(0, values.length + 2)) engine.write(variable, Float32Array.of(from));
  for (let done = 0; done < steps; done += 1000) executable.run(Math.min(1000, steps - done));
  const names = values.map((_, index) => `sum ${index}`);
  const results = await sums.read(names.map(total));
  return names.map((name) => results[name]!);
}
