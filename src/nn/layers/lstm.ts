/** Long short-term memory (Hochreiter, Schmidhuber 1997) with forget gate (Gers, Schmidhuber, Cummins 2000). */
import { boolean, checkCount } from '../../core/arguments.ts';
import type { Layer, LayerConfig } from '../layer.ts';
import { cellActivation, Recurrent } from './recurrent.ts';
import type { GatedOptions } from './recurrent.ts';
import type { LayerOfSeveral } from './several-outputs.ts';

/** Options of `lstm`. */
export interface LSTMOptions extends GatedOptions {
  /** Whether to initialize the bias of the forget gate to 1 instead of using `biasInitializer`. Default true. */
  readonly unitForgetBias?: boolean;
}

/** The layer that `lstm()` creates. */
export class LSTM extends Recurrent {
  readonly kind = 'lstm';
  private readonly options: LSTMOptions;

  constructor(options: LSTMOptions) {
    super('lstm', 'lstm', options, { recurrentActivation: cellActivation, unitForgetBias: boolean });
    this.options = options;
  }

  override config(): LayerConfig {
    const { recurrentActivation = 'sigmoid', unitForgetBias = true } = this.options;
    return { ...super.config(), recurrentActivation, unitForgetBias };
  }
}

/**
 * Long short-term memory: [batch, steps, features] → [batch, units], or [batch, steps, units] with `returnSequences`.
 * c ← f·c + i·a(g), h ← o·a(c). The pre-activations of the gates i, f, g, o are x · kernel + h · recurrentKernel + bias, stored
 * in this order, as in Keras. i, f and o use `recurrentActivation`; a is `activation`.
 *
 * `apply([x, h, c])` sets the initial states h and c, [batch, units], which are otherwise zero. `returnState` also returns the
 * final states. Masked steps do not change the states.
 *
 * @throws ValueError for an invalid option
 * @example
 * sequential([lstm({ units: 16, inputShape: [100, 8] }), dense({ units: 1 })]); // 100 steps of 8 features
 */
export function lstm(options: LSTMOptions & { readonly returnState: true }): LayerOfSeveral;
export function lstm(options: LSTMOptions): Layer;
export function lstm(options: LSTMOptions): Layer | LayerOfSeveral {
  checkCount('lstm', arguments, 'options');
  return new LSTM(options);
}
