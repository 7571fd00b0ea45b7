/** Converts the user's data to checked tensors and computes the validation split and the batch size. */
import { ValueError } from '../core/errors.ts';
import type { HostTensor } from '../data/tensor.ts';
import { checkFeatures, toCopiedTensor, toCopiedTensors } from '../data/features.ts';
import type { DataLike, FeatureData, InputSpec } from '../data/features.ts';
import { checkLabels } from './check-labels.ts';
import type { LabelSpec } from './check-labels.ts';

export interface Samples {
  readonly features: readonly HostTensor[];
  readonly labels: HostTensor;
  readonly count: number;
}

/** Shapes and dtypes that data must have. */
export interface DataSpec {
  readonly inputs: readonly InputSpec[];
  readonly labels: LabelSpec;
}

/**
 * Copies features and labels and checks that they fit the model and its loss.
 *
 * @throws ShapeError, DTypeError or ValueError, with a message that begins with `caller`
 */
export function checkSamples(caller: string, x: FeatureData, y: DataLike, spec: DataSpec): Samples {
  const features = checkFeatures(caller, toCopiedTensors(x), spec.inputs);
  const count = features[0]!.shape[0]!;
  return { features, labels: checkLabels(caller, toCopiedTensor(y), count, spec.labels), count };
}

/** Returns the number of training samples if the fraction `split` at the end is held out for validation, rounded as in Keras. */
export function trainedSamples(samples: number, split: number): number {
  const trained = Math.floor(samples * (1 - split) + 1e-9); // 10 · (1 − 0.9) is 0.9999…
  if (split > 0 && (trained === 0 || trained === samples)) {
    throw new ValueError(
      `fit: validationSplit ${split} of ${samples} samples leaves ${trained} to train on and ${samples - trained} to ` +
        `validate with: give more samples, another fraction, or validationData`,
    );
  }
  return trained;
}

/** Returns `batchSize`; default 32 or all samples if there are fewer. Throws `ValueError` if it exceeds the number of samples. */
export function checkBatchSize(caller: string, batchSize: number | undefined, samples: number): number {
  if (batchSize === undefined) return Math.min(32, samples);
  if (batchSize > samples) {
    throw new ValueError(
      `${caller}: batchSize ${batchSize} is larger than the ${samples} samples there are: use at most ${samples}`,
    );
  }
  return batchSize;
}
