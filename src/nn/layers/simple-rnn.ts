/** The plain recurrent layer (Elman 1990): h = activation(x · kernel + h · recurrentKernel + bias). */
import { checkCount } from '../../core/arguments.ts';
import type { Layer } from '../layer.ts';
import { Recurrent } from './recurrent.ts';
import type { RecurrentOptions } from './recurrent.ts';
import type { LayerOfSeveral } from './several-outputs.ts';

export type SimpleRNNOptions = RecurrentOptions;

export class SimpleRNN extends Recurrent {
  readonly kind = 'simpleRNN';

  constructor(options: SimpleRNNOptions) {
    super('simple', 'simpleRNN', options);
  }
}

/**
 * A recurrent layer without gates: [batch, steps, features] → [batch, units], or [batch, steps, units] with
 * `returnSequences`. `apply([x, h])` begins with the hidden state h [batch, units] in place of zeros. A mask of the
 * steps, as an embedding makes it, leaves the state as it was.
 *
 * @throws ValueError for an option that is none
 */
export function simpleRNN(options: SimpleRNNOptions & { readonly returnState: true }): LayerOfSeveral;
export function simpleRNN(options: SimpleRNNOptions): Layer;
export function simpleRNN(options: SimpleRNNOptions): Layer | LayerOfSeveral {
  checkCount('simpleRNN', arguments, 'options');
  return new SimpleRNN(options);
}
