/** The gated recurrent unit (Cho and others 2014), as in Keras; with `resetAfter`, also as in PyTorch. */
import { boolean, checkCount } from '../../core/arguments.ts';
import type { Layer, LayerConfig } from '../layer.ts';
import { cellActivation, Recurrent } from './recurrent.ts';
import type { GatedOptions } from './recurrent.ts';
import type { LayerOfSeveral } from './several-outputs.ts';

/** Options of `gru`. */
export interface GRUOptions extends GatedOptions {
  /**
   * Whether the reset gate is applied after the recurrent matmul. The bias is then [2, 3 · units], with separate rows for the
   * inputs and the hidden state. Default true, as in Keras and PyTorch.
   */
  readonly resetAfter?: boolean;
}

/** The layer that `gru()` creates. */
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
 * Gated recurrent unit: [batch, steps, features] → [batch, units], or [batch, steps, units] with `returnSequences`.
 * h ← z·h + (1 − z)·a(x·K + r·(h·U + b)), or a(x·K + (r·h)·U + b) without `resetAfter`. The gates are stored in the order
 * z, r, h, as in Keras.
 *
 * `apply([x, h])` sets the initial state h, [batch, units], which is otherwise zero. `returnState` also returns the final
 * state. Masked steps do not change the state. Recurrent dropout applies to the h in the matmuls, not to the h in z·h.
 *
 * @throws ValueError for an invalid option
 * @example
 * sequential([gru({ units: 16, inputShape: [100, 8] }), dense({ units: 1 })]); // 100 steps of 8 features
 */
export function gru(options: GRUOptions & { readonly returnState: true }): LayerOfSeveral;
export function gru(options: GRUOptions): Layer;
export function gru(options: GRUOptions): Layer | LayerOfSeveral {
  checkCount('gru', arguments, 'options');
  return new GRU(options);
}
