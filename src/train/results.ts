/** Reads the loss and the metrics of a program, and refuses them where they, or anything before them, are not finite. */
import { NonFiniteError } from '../core/errors.ts';
import type { Metric } from '../nn/metrics/metric.ts';
import type { Finding, FiniteWatch } from './finite-watch.ts';
import type { Results, Sums } from './sums.ts';

/** When and for whom a program runs. */
export interface Occasion {
  readonly caller: string;
  /** Training steps done. */
  readonly step: number;
  /** Of validation: the number of epochs done. */
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
  occasion: Occasion,
): Promise<Results> {
  const reading = sums.read(metrics);
  reading.catch(() => undefined); // a metric may refuse what the watch explains
  const found = await watch?.find();
  if (found) throw trains ? trainingError(occasion.caller, found) : passError(occasion, found);
  const results = await reading;
  for (const [name, value] of Object.entries(results)) {
    if (!Number.isFinite(value)) throw resultError(occasion, name, value);
  }
  return results;
}

const scale = 'scale the data to a small range';
const smaller = `lower the learning rate, clip the gradients, or ${scale}`;
const anew = `set the weights with setWeights() or make the model again, compile() it again, and ${smaller}`;

function trainingError(caller: string, { what, where, isState, count }: Finding): NonFiniteError {
  return new NonFiniteError(
    `${caller}: ${what} became NaN or infinite in training step ${count + 1}: ${isState ? anew : smaller}`,
    where,
    count + 1,
  );
}

/** For a weight or a state of the optimizer that was looked at between steps. */
export function stateError(caller: string, { what, where }: Finding, step: number): NonFiniteError {
  const after = step > 0 ? ` after ${step} training steps` : '';
  return new NonFiniteError(`${caller}: ${what} holds NaN or infinity${after}: ${anew}`, where, step);
}

/** For a pass without training. The watch counts samples there. */
export function passError({ caller, step, epoch }: Occasion, { what, where, count }: Finding): NonFiniteError {
  const batch = `in the batch that begins at sample ${count}`;
  const when = epoch === undefined ? batch : `in the validation after epoch ${epoch}, ${batch} of its samples`;
  return new NonFiniteError(
    `${caller}: ${what} is NaN or infinite ${when}: ` + `${scale}, or keep what is computed from it finite`,
    where,
    step,
  );
}

function resultError({ caller, step, epoch }: Occasion, name: string, value: number): NonFiniteError {
  const what = name === 'loss' ? 'the loss' : `the metric '${name}'`;
  const when = epoch === undefined ? '' : ` in the validation after epoch ${epoch}`;
  return new NonFiniteError(
    `${caller}: ${what} is ${value}${when} although the outputs of all layers are finite: ` +
      `${scale}${name === 'loss' ? '' : ', or leave out or change the metric'}`,
    name,
    step,
  );
}
