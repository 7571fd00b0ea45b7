/** AdamW: Adam with decoupled weight decay. */
import { defineAdam } from './adam.ts';
import type { AdamOptions } from './adam.ts';
import type { Optimizer } from './optimizer.ts';

/**
 * AdamW: each step first decays the weights, p ← p − rate · weightDecay · p, then applies Adam (Loshchilov, Hutter 2019:
 * Decoupled Weight Decay Regularization). `weightDecay` defaults to 0.004; all other options are those of `adam`.
 *
 * @throws ValueError for a rate or decay < 0, betas outside [0, 1), or more than one kind of clipping
 * @example
 * const optimizer = adamw({ weightDecay: 0.01, excludeFromWeightDecay: ['bias'] });
 * model.compile({ optimizer, loss: 'meanSquaredError' });
 */
export function adamw(_options: AdamOptions = {}): Optimizer {
  return defineAdam('adamw', arguments, { weightDecay: 0.004 });
}
