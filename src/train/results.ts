/** Reads loss and metrics of a program. Throws `NonFiniteError` if they, or values that lead to them, are not finite. */
import { NonFiniteError } from '../core/errors.ts';
import type { Metric } from '../nn/metrics/metric.ts';
import type { Finding, FiniteWatch } from './finite-watch.ts';
import type { Results, Sums } from './sums.ts';

/** Context of a program run for error messages. */
export interface ResultContext {
  readonly caller: string;
  /** Number of completed training steps. */
  readonly step: number;
  /** For validation during `fit`: the number of completed epochs. */
  readonly epoch?: number;
}

interface Readable {
  readonly sums: Sums;
  readonly watch: FiniteWatch | null;
  readonly trains: boolean;
}

/** @throws NonFiniteError naming the first value that is not finite */
export async function readResults(
  { sums, watch, trains }: Readable,
  metrics: readonly Metric[],
  context: ResultContext,
): Promise<Results> {
  const reading = sums.read(metrics);
  reading.catch(() => undefined); // a metric may throw because of a value that the watch reports more precisely
  const found = await watch?.find();
  if (found) throw trains ? trainingError(context.caller, found) : passError(context, found);
  const results = await reading;
  for (const [name, value] of Object.entries(results)) {
    if (!Number.isFinite(value)) throw resultError(context, name, value);
  }
  return results;
}

const scaleRemedy = 'scale the data to a small range';
const rangeRemedy = `lower the learning rate, clip the gradients, or ${scaleRemedy}`;
const resetRemedy = `set the weights with setWeights() or make the model again, compile() it again, and ${rangeRemedy}`;

function trainingError(caller: string, { what, where, isState, count }: Finding): NonFiniteError {
  return new NonFiniteError(
    `${caller}: ${what} became NaN or infinite in training step ${count + 1}: ${isState ? resetRemedy : rangeRemedy}`,
    where,
    count + 1,
  );
}

/** The error for a weight or optimizer state that was checked between steps. */
export function stateError(caller: string, { what, where }: Finding, step: number): NonFiniteError {
  const after = step > 0 ? ` after ${step} training steps` : '';
  return new NonFiniteError(`${caller}: ${what} holds NaN or infinity${after}: ${resetRemedy}`, where, step);
}

/** The error for a pass without training. Its watch records sample indices. */
export function passError({ caller, step, epoch }: ResultContext, { what, where, count }: Finding): NonFiniteError {
  const batch = `in the batch that begins at sample ${count}`;
  const when = epoch === undefined ? batch : `in the validation after epoch ${epoch}, ${batch} of its samples`;
  return new NonFiniteError(
    `${caller}: ${what} is NaN or infinite ${when}: ` + `${scaleRemedy}, or keep what is computed from it finite`,
    where,
    step,
  );
}

function resultError({ caller, step, epoch }: ResultContext, name: string, value: number): NonFiniteError {
  const what = name === 'loss' ? 'the loss' : `the metric '${name}'`;
  const when = epoch === undefined ? '' : ` in the validation after epoch ${epoch}`;
  return new NonFiniteError(
    `${caller}: ${what} is ${value}${when} although the outputs of all layers are finite: ` +
      `${scaleRemedy}${name === 'loss' ? '' : ', or remove or change the metric'}`,
    name,
    step,
  );
}
