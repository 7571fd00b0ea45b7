/**
 * Checks labels against features, model output and loss before anything is uploaded to a device. The accepted shapes depend
 * on the loss, so the check builds the graph of the loss with placeholder variables.
 */
import { ShapeError, ValueError } from '../core/errors.ts';
import type { Shape } from '../core/shape.ts';
import { variable } from '../ops/define.ts';
import type { LossFunction } from '../nn/losses/loss.ts';
import { alignLabels, requireOneEach } from '../nn/losses/labels.ts';
import { lossName } from '../nn/losses/losses.ts';
import type { Metric } from '../nn/metrics/metric.ts';
import type { HostTensor } from '../data/tensor.ts';
import { checkFinite, formatPosition } from '../data/features.ts';

export interface LabelSpec {
  readonly loss: LossFunction;
  readonly metrics: readonly Metric[];
  /** Output shape of the model for one sample. */
  readonly output: Shape;
}

/**
 * Checks labels and returns them with scale and offset applied, so that every dtype gives bit-identical results.
 *
 * @param caller name of the public method for error messages: `fit`
 * @param given labels [samples, ...]
 * @param samples number of samples of the features
 * @throws ShapeError if counts or shapes differ; ValueError for NaN and for labels that the loss does not accept
 */
export function checkLabels(caller: string, given: HostTensor, samples: number, spec: LabelSpec): HostTensor {
  const labels = checkFinite(caller, 'y', given).applyScale(`${caller}: y`);
  const { shape, dtype } = labels;
  if (shape.length === 0 || shape[0] !== samples) {
    throw new ShapeError(
      `${caller}: x has ${samples} samples and y has ${shape.length === 0 ? 'none' : shape[0]}: give one label for each sample`,
    );
  }
  const type = { dtype: dtype === 'int32' ? 'int32' : 'float32' } as const;
  const [sample, { output }] = [shape.slice(1), spec];
  const build = (batch: number): void => {
    const [predictions, mask] = [variable([batch, ...output]), variable([batch])];
    const given = alignLabels(variable([batch, ...sample], type), predictions);
    requireOneEach(`${caller}: the loss`, spec.loss(given, predictions), mask);
    for (const metric of spec.metrics) metric.sums(given, predictions, mask);
  };
  asCaller(caller, () => build(samples));
  // Labels of another rank may broadcast along an axis that happens to have the length of the batch. A second check with a batch
  // longer than every axis finds this.
  if (sample.length !== output.length) asCaller(caller, () => build(1 + Math.max(samples, ...sample, ...output)));
  const name = lossName(spec.loss) ?? '';
  if (name.startsWith('sparse')) checkClassNumbers(caller, labels, spec.output.at(-1)!);
  if (name.startsWith('binary') || name.startsWith('categorical')) checkProbabilities(caller, labels, name);
  return labels;
}

/** Runs `build` and prefixes the message of a `ShapeError` with the name of the caller. */
function asCaller<T>(caller: string, build: () => T): T {
  try {
    return build();
  } catch (error) {
    if (!(error instanceof ShapeError) || error.message.startsWith(caller)) throw error;
    throw new ShapeError(`${caller}: ${error.message}`, { cause: error });
  }
}

function checkClassNumbers(caller: string, labels: HostTensor, classes: number): void {
  labels.data.forEach((value, index) => {
    if (Number.isInteger(value) && value >= 0 && value < classes) return;
    throw new ValueError(
      `${caller}: y holds ${value} ${formatPosition(index, labels.shape)}, expected a class number from 0 to ${classes - 1}: ` +
        `number the classes from 0, or end the model with as many units as there are classes`,
    );
  });
}

function checkProbabilities(caller: string, labels: HostTensor, name: string): void {
  labels.data.forEach((value, index) => {
    if (value >= 0 && value <= 1) return;
    const remedy = name.startsWith('binary')
      ? 'use labels 0 and 1'
      : 'use one-hot labels, or sparseCategoricalCrossentropy for class numbers';
    throw new ValueError(
      `${caller}: y holds ${value} ${formatPosition(index, labels.shape)}, expected values from 0 to 1 for ${name}: ${remedy}`,
    );
  });
}
