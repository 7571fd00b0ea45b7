/** How a model learns: optimizer, loss and metrics, by name or as objects. */
import { arrayOf, checkValue, either, having, options, required, string } from '../core/arguments.ts';
import { ValueError } from '../core/errors.ts';
import type { Variable } from '../graph/node.ts';
import { lossLike } from '../nn/arguments.ts';
import type { Layer } from '../nn/layer.ts';
import type { LossFunction } from '../nn/losses/loss.ts';
import { lossFrom } from '../nn/losses/losses.ts';
import type { LossName } from '../nn/losses/losses.ts';
import type { Metric } from '../nn/metrics/metric.ts';
import { metricFrom } from '../nn/metrics/metrics.ts';
import type { MetricName } from '../nn/metrics/metrics.ts';
import { variable } from '../ops/define.ts';
import type { Optimizer } from '../optim/optimizer.ts';
import { optimizerFromName } from '../optim/registry.ts';
import type { OptimizerName } from '../optim/registry.ts';

export interface CompileOptions {
  /** Default `'rmsprop'`, as in Keras. Of an object the settings count: each compiled model has slots and a rate of its own. */
  readonly optimizer?: OptimizerName | Optimizer;
  /** A name, a loss, or a function of one's own that gives one value for each sample. */
  readonly loss: LossName | LossFunction;
  readonly metrics?: readonly (MetricName | Metric)[];
}

/** Options with names looked up, and the counter that belongs to the optimizer's time. */
export interface Compiled {
  readonly optimizer: Optimizer;
  readonly loss: LossFunction;
  readonly metrics: readonly Metric[];
  /** The metrics that were given by name: only these go to a file. */
  readonly metricNames: readonly string[];
  /** The layers that were not frozen when the model was compiled. */
  readonly trainedLayers: ReadonlySet<Layer>;
  /** int32 []: training steps done. */
  readonly iterations: Variable;
}

/** Throws `ValueError` for an unknown name, with the nearest one that exists, or for two metrics of one name. */
export function resolveOptions(given: CompileOptions, layers: readonly Layer[]): Compiled {
  checkValue(
    'compile',
    'options',
    given,
    required(
      options({
        optimizer: either(string, having('an optimizer such as adam()', 'updates', 'config', 'slots')),
        loss: required(either(string, lossLike)),
        metrics: arrayOf(
          either(string, having('a metric such as accuracy()', 'sums', 'result')),
          "an array, such as ['accuracy']",
        ),
      }),
    ),
  );
  const { optimizer = 'rmsprop', loss, metrics = [] } = given;
  const resolved = metrics.map((metric: MetricName | Metric) => metricFrom(metric));
  const seen = new Set(['loss']);
  const twice = resolved.find(({ name }) => seen.size === seen.add(name).size)?.name;
  if (twice !== undefined) throw new ValueError(`compile: two numbers would be called '${twice}': leave one out`);
  return {
    optimizer: optimizerFromName(optimizer).fresh(),
    loss: lossFrom(loss),
    metrics: resolved,
    metricNames: metrics.filter((metric) => typeof metric === 'string'),
    trainedLayers: new Set(layers.filter(({ trainable }) => trainable)),
    iterations: variable([], { dtype: 'int32', name: 'iterations' }),
  };
}

/** The optimizer's variables for `parameters`: what a file saves of it, and what needs memory before a run. */
export function optimizerState({ optimizer, iterations }: Compiled, parameters: readonly Variable[]): Variable[] {
  // Asking for the updates makes the slots; the parameters stand in for their gradients, which have the same shapes.
  const updated = optimizer.updates(parameters, parameters, iterations).map(([target]) => target);
  const own = new Set(parameters);
  const slots = updated.filter((target) => !own.has(target));
  return [iterations, optimizer.learningRateVariable, ...slots];
}
