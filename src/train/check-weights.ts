/** Looks for NaN and infinity in weights, on the device: nothing else reads them after the last update of a run. */
import { NonFiniteError } from '../core/errors.ts';
import type { Engine } from '../engine.ts';
import type { Variable } from '../graph/node.ts';
import { firstNonFinite } from '../ops/reduce/finite.ts';
import { constant, variable } from '../ops/define.ts';

/** Throws `NonFiniteError` naming the first of `weights` that holds NaN or infinity. `step`: training steps done so far. */
export async function checkWeights(
  engine: Engine,
  caller: string,
  weights: readonly Variable[],
  step: number,
): Promise<void> {
  if (weights.length === 0) return;
  const initialize = (): Int32Array => new Int32Array(weights.length).fill(-1);
  const flags = variable([weights.length], { dtype: 'int32', name: 'nonFiniteWeights', initialize });
  const found = firstNonFinite(flags, constant(0, [], 'int32'), ...weights);
  const executable = await engine.compile({ updates: [[flags, found]] });
  try {
    executable.run(1);
    const index = (await engine.read(flags)).findIndex((flag) => flag >= 0);
    if (index < 0) return;
    const { name } = weights[index]!.variable;
    throw new NonFiniteError(
      `${caller}: the weight '${name}' holds NaN or infinity${step > 0 ? ` after ${step} training steps` : ''}: set the weights with ` +
        `setWeights() or make the model anew, compile() it again, and lower the learning rate or clip the gradients`,
      name,
      step,
    );
  } finally {
    executable.dispose();
    engine.release([flags]);
  }
}
