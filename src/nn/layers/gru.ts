/** The gated recurrent unit (Cho and others 2014), in the form of Keras and, with `resetAfter`, of PyTorch. */
import { boolean, checkCount } from '../../core/arguments.ts';
import type { Layer, LayerConfig } from '../layer.ts';
import { cellActivation, Recurrent } from './recurrent.ts';
import type { GatedOptions } from './recurrent.ts';
import type { LayerOfSeveral } from './several-outputs.ts';

export interface GRUOptions extends GatedOptions {
  /**
   * Whether the reset gate is applied to the recurrent product, which then has a bias of its own: the bias is
   * [2, 3 · units], of the inputs and of the hidden state. Default true, as in Keras and PyTorch.
   */
  readonly resetAfter?: boolean;
}

export class GRU extends Recurrent {
  readonly kind = 'gru';
  private readonly options: GRUOptions;

  constructor(options: GRUOptions) {
    super('gru', 'gru', options, { recurrentActivation: cellActivation, resetAfter: boolean });
    this.options = options;
  }

  override config(): LayerConfig {
    const { recurrentActivation = 'sigmoid', resetAfter = true } = this.options;
    return { ...super.config(), recurrentActivation, resetAfter };
  }
}

/**
 * A gated recurrent unit: [batch, steps, features] → [batch, units], or [batch, steps, units] with `returnSequences`.
 * h = z·h + (1 − z)·a(x·K + r·(h·U + b)), without `resetAfter` a(x·K + (r·h)·U + b). The gates lie side by side in the
 * order z, r, h, as in Keras.
 *
 * `apply([x, h])` begins with the state h [batch, units] in place of zeros; `returnState` gives the last one. A mask of
 * the steps, as an embedding makes it, leaves it as it was. Recurrent dropout acts on what the products see of h, not on
 * the h that z carries over.
 *
 * @throws ValueError for an option that is none
 */
export function gru(options: GRUOptions & { readonly returnState: true }): LayerOfSeveral;
export function gru(options: GRUOptions): Layer;
export function gru(options: GRUOptions): Layer | LayerOfSeveral {
  checkCount('gru', arguments, 'options');
  return new GRU(options);
}
