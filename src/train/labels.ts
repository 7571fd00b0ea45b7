/**
 * Labels, checked against the features, the model's output and the loss before anything goes to a device. What shapes
 * fit is the loss's own business: it is asked with stand-ins for a batch.
 */
import { ShapeError, ValueError } from '../core/errors.ts';
import { formatShape } from '../core/shape.ts';
import type { Shape } from '../core/shape.ts';
import { variable } from '../ops/op.ts';
import type { LossFunction } from '../nn/loss.ts';
import { lossName } from '../nn/losses.ts';
import type { Metric } from '../nn/metric.ts';
import type { HostTensor } from '../tensor.ts';
import { checkFinite, formatPlace } from './data.ts';

export interface LabelSpec {
  readonly loss: LossFunction;
  readonly metrics: readonly Metric[];
  /** Of the model, for one sample. */
  readonly output: Shape;
}

/**
 * Labels as they are, when they fit.
 *
 * @param caller names the call in errors: `fit`
 * @param samples of the features
 * @throws ShapeError when counts or shapes differ; ValueError for NaN and for labels that the loss cannot have
 */
export function checkLabels(caller: string, labels: HostTensor, samples: number, spec: LabelSpec): HostTensor {
  const { shape, dtype } = labels;
  if (shape.length === 0 || shape[0] !== samples) {
    throw new ShapeError(
      `${caller}: x has ${samples} samples and y has ${shape.length === 0 ? 'none' : shape[0]}: give one label for each sample`,
    );
  }
  const batch = samples;
  const given = variable([batch, ...shape.slice(1)], { dtype: dtype === 'int32' ? 'int32' : 'float32' });
  const predictions = variable([batch, ...spec.output]);
  const losses = asCaller(caller, () => spec.loss(given, predictions));
  if (losses.shape.length !== 1 || losses.shape[0] !== batch) {
    throw new ShapeError(
      `${caller}: the loss gives ${formatShape(losses.shape)} for a batch of ${batch}, expected ${formatShape([batch])}: ` +
        `a loss must give one value for each sample: take the mean over the other axes`,
    );
  }
  const mask = variable([batch]);
  for (const metric of spec.metrics) asCaller(caller, () => metric.sums(given, predictions, mask));
  checkFinite(caller, 'y', labels);
  const name = lossName(spec.loss) ?? '';
  if (name.startsWith('sparse')) checkClassNumbers(caller, labels, spec.output.at(-1)!);
  if (name.startsWith('binary') || name.startsWith('categorical')) checkProbabilities(caller, labels, name);
  return labels;
}

/** Runs `build` and puts the caller's name in front of the shapes that do not fit. */
function asCaller<T>(caller: string, build: () => T): T {
  try {
    return build();
  } catch (error) {
    if (error instanceof ShapeError) throw new ShapeError(`${caller}: ${error.message}`, { cause: error });
    throw error;
  }
}

function checkClassNumbers(caller: string, labels: HostTensor, classes: number): void {
  eachValue(labels, (value, place) => {
    if (Number.isInteger(value) && value >= 0 && value < classes) return;
    throw new ValueError(
      `${caller}: y holds ${value} ${formatPlace(place, labels.shape)}, expected a class number from 0 to ${classes - 1}: ` +
        `number the classes from 0, or end the model with as many units as there are classes`,
    );
  });
}

function checkProbabilities(caller: string, labels: HostTensor, name: string): void {
  eachValue(labels, (value, place) => {
    if (value >= 0 && value <= 1) return;
    const remedy = name.startsWith('binary')
      ? 'use labels 0 and 1'
      : 'use one-hot labels, or sparseCategoricalCrossentropy for class numbers';
    throw new ValueError(
      `${caller}: y holds ${value} ${formatPlace(place, labels.shape)}, expected values from 0 to 1 for ${name}: ${remedy}`,
    );
  });
}

/** The values that the loss will see. */
function eachValue({ data, dtype, scale, offset }: HostTensor, check: (value: number, place: number) => void): void {
  const exact = dtype === 'int32' || (scale === 1 && offset === 0);
  for (let place = 0; place < data.length; place++) {
    check(exact ? data[place]! : Math.fround(data[place]! * scale + offset), place);
  }
}
