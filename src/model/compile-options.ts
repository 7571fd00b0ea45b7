/** Resolves the options of `compile`: optimizer, loss and metrics, given by name or as objects. */
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
  /** Default `'rmsprop'`, as in Keras. Only the settings of an object are used: each model has its own slots and rate. */
  readonly optimizer?: OptimizerName | Optimizer;
  /** A name, a loss object, or a function from labels and predictions to one value per sample, of shape [batch]. */
  readonly loss: LossName | LossFunction;
  /** Names or objects such as `accuracy()`. Names must differ. Default none. */
  readonly metrics?: readonly (MetricName | Metric)[];
}

/** Resolved options, and the step counter of the optimizer. */
export interface Compiled {
  readonly optimizer: Optimizer;
  readonly loss: LossFunction;
  readonly metrics: readonly Metric[];
  /** The metrics that were given by name. Only these are saved in a file. */
  readonly metricNames: readonly string[];
  /** The layers that were trainable when the model was compiled. */
  readonly trainedLayers: ReadonlySet<Layer>;
  /** int32 []: number of completed training steps. */
  readonly iterations: Variable;
}

/**
 * Looks up names and checks the options.
 *
 * @throws ValueError for invalid options, an unknown name (with the closest existing one), or two metrics with the same name
 */
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
  const duplicate = resolved.find(({ name }) => seen.size === seen.add(name).size)?.name;
  if (duplicate !== undefined)
    throw new ValueError(`compile: two results would be named '${duplicate}': remove one of the metrics`);
  return {
    optimizer: optimizerFromName(optimizer).fresh(),
    loss: lossFrom(loss),
    metrics: resolved,
    metricNames: metrics.filter((metric) => typeof metric === 'string'),
    trainedLayers: new Set(layers.filter(({ trainable }) => trainable)),
    iterations: variable([], { dtype: 'int32', name: 'iterations' }),
  };
}

/** Returns the variables of the optimizer for `parameters`: iteration counter, learning rate, then slots. */
export function optimizerState({ optimizer, iterations }: Compiled, parameters: readonly Variable[]): Variable[] {
  // `updates` creates the slots. The parameters serve as placeholders for the gradients, which have the same shapes.
  const updated = optimizer.updates(parameters, parameters, iterations).map(([target]) => target);
  const own = new Set(parameters);
  const slots = updated.filter((target) => !own.has(target));
  return [iterations, optimizer.learningRateVariable, ...slots];
}
