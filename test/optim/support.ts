/** Runs an optimizer like a training step, with gradients that are known functions of the parameter. */
import type { Backend } from '../../src/backends/backend.ts';
import { ReferenceBackend } from '../../src/backends/reference/index.ts';
import { Engine } from '../../src/engine.ts';
import type { Node, Variable } from '../../src/graph/node.ts';
import { increment } from '../../src/ops/state/counter.ts';
import { variable } from '../../src/ops/define.ts';
import type { Optimizer } from '../../src/optim/optimizer.ts';

export interface Training {
  readonly engine: Engine;
  /** Runs `steps` more steps and returns the parameter values. */
  run(steps: number): Promise<number[][]>;
}

export function parameter(values: readonly number[], name: string): Variable {
  return variable([values.length], { name, role: 'parameter', initialize: () => Float32Array.from(values) });
}

/** A program of one step: the updates of `optimizer`, and the counter. */
export async function train(
  optimizer: Optimizer,
  parameters: readonly Variable[],
  gradientOf: (parameter: Variable, index: number) => Node,
  backend: Backend = new ReferenceBackend(),
): Promise<Training> {
  const engine = new Engine(backend);
  const iterations = variable([], { name: 'iterations', dtype: 'int32' });
  const updates = optimizer.updates(parameters, parameters.map(gradientOf), iterations);
  const executable = await engine.compile({ updates: [...updates, [iterations, increment(iterations)]] });
  return {
    engine,
    run: async (steps) => {
      executable.run(steps);
      return Promise.all(parameters.map(async (parameter) => [...(await engine.read(parameter))]));
    },
  };
}
