/** AdamW: Adam with the decay of weights kept out of the gradients. */
import { defineAdam } from './adam.ts';
import type { AdamOptions } from './adam.ts';
import type { Optimizer } from './optimizer.ts';

/**
 * Adam after p ← p − rate · weightDecay · p (Loshchilov, Hutter 2019: Decoupled Weight Decay Regularization).
 * `weightDecay` is 0.004 by default; all else as for `adam`.
 *
 * @throws ValueError for a rate or decay < 0, betas outside [0, 1), or two kinds of clipping
 */
export function adamw(_options: AdamOptions = {}): Optimizer {
  return defineAdam('adamw', arguments, { weightDecay: 0.004 });
}
