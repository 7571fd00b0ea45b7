/** The simple recurrent layer (Elman 1990): h ← activation(x · kernel + h · recurrentKernel + bias). */
import { checkCount } from '../../core/arguments.ts';
import type { Layer } from '../layer.ts';
import { Recurrent } from './recurrent.ts';
import type { RecurrentOptions } from './recurrent.ts';
import type { LayerOfSeveral } from './several-outputs.ts';

/** Options of `simpleRNN`. */
export type SimpleRNNOptions = RecurrentOptions;

/** The layer that `simpleRNN()` creates. */
export class SimpleRNN extends Recurrent {
  readonly kind = 'simpleRNN';

  constructor(options: SimpleRNNOptions) {
    super('simple', 'simpleRNN', options);
  }
}

/**
 * Recurrent layer without gates: [batch, steps, features] → [batch, units], or [batch, steps, units] with `returnSequences`.
 * h ← activation(x · kernel + h · recurrentKernel + bias). `apply([x, h])` sets the initial state h, [batch, units], which is
 * otherwise zero. `returnState` also returns the final state. Masked steps do not change the state.
 *
 * @throws ValueError for an invalid option
 * @example
 * sequential([simpleRNN({ units: 16, inputShape: [100, 8] }), dense({ units: 1 })]); // 100 steps of 8 features
 */
export function simpleRNN(options: SimpleRNNOptions & { readonly returnState: true }): LayerOfSeveral;
export function simpleRNN(options: SimpleRNNOptions): Layer;
export function simpleRNN(options: SimpleRNNOptions): Layer | LayerOfSeveral {
  checkCount('simpleRNN', arguments, 'options');
  return new SimpleRNN(options);
}
