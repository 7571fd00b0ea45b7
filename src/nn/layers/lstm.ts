/** Long short-term memory (Hochreiter, Schmidhuber 1997), with the forget gate of Gers, Schmidhuber, Cummins 2000. */
import { boolean, checkCount } from '../../core/arguments.ts';
import type { Layer, LayerConfig } from '../layer.ts';
import { cellActivation, Recurrent } from './recurrent.ts';
import type { GatedOptions } from './recurrent.ts';
import type { LayerOfSeveral } from './several-outputs.ts';

export interface LSTMOptions extends GatedOptions {
  /** Whether the forget gate's bias begins at 1, whatever `biasInitializer` says. Default true. */
  readonly unitForgetBias?: boolean;
}

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
 * c = f·c + i·a(g), h = o·a(c), where i, f and o are the recurrent activation, and a the activation, of
 * x · kernel + h · recurrentKernel + bias. The gates lie side by side in the order i, f, g, o, as in Keras.
 *
 * `apply([x, h, c])` begins with the states h and c [batch, units] in place of zeros; `returnState` gives the last
 * ones. A mask of the steps, as an embedding makes it, leaves both as they were.
 *
 * @throws ValueError for an option that is none
 */
export function lstm(options: LSTMOptions & { readonly returnState: true }): LayerOfSeveral;
export function lstm(options: LSTMOptions): Layer;
export function lstm(options: LSTMOptions): Layer | LayerOfSeveral {
  checkCount('lstm', arguments, 'options');
  return new LSTM(options);
}
