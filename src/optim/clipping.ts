/** Gradient clipping, applied before the optimizer's formula. */
import { requireOption } from '../core/check.ts';
import type { Node } from '../graph/node.ts';
import { add, div, maximum, mul } from '../ops/elementwise/arithmetic.ts';
import { clip } from '../ops/elementwise/clip.ts';
import { sqrt } from '../ops/elementwise/math.ts';
import { sumOfSquares } from '../ops/reduce/reduce.ts';

/**
 * At most one of the three may be given, as in Keras. A norm of 1.8e19 or more overflows float32 when squared; the clipped
 * gradient is then 0.
 */
export interface ClippingOptions {
  /** Scales each gradient down to at most this Euclidean norm. */
  readonly clipNorm?: number;
  /** Clamps each element to [−clipValue, clipValue]. */
  readonly clipValue?: number;
  /** Scales all gradients by one factor so that their joint norm is at most this (Pascanu, Mikolov, Bengio 2013). */
  readonly globalClipNorm?: number;
}

/** Throws `ValueError` when more than one limit is given. */
export function checkClipping(optimizer: string, { clipNorm, clipValue, globalClipNorm }: ClippingOptions): void {
  const given = Object.entries({ clipNorm, clipValue, globalClipNorm }).filter(([, limit]) => limit !== undefined);
  const names = given.map(([name]) => name);
  requireOption(
    optimizer,
    'gradient clipping',
    names,
    'one of clipNorm, clipValue and globalClipNorm',
    names.length <= 1,
  );
}

/** Clips `gradients` according to the options. Without options it returns them unchanged. */
export function clipGradients(gradients: readonly Node[], options: ClippingOptions): readonly Node[] {
  const { clipNorm, clipValue, globalClipNorm } = options;
  if (clipValue !== undefined) return gradients.map((gradient) => clip(gradient, { min: -clipValue, max: clipValue }));
  if (clipNorm !== undefined) return gradients.map((gradient) => scaled(gradient, sumOfSquares(gradient), clipNorm));
  if (globalClipNorm === undefined || gradients.length === 0) return gradients;
  const total = gradients.map((gradient) => sumOfSquares(gradient)).reduce((a, b) => add(a, b));
  return gradients.map((gradient) => scaled(gradient, total, globalClipNorm));
}

/** gradient · limit / max(norm, limit): unchanged as long as the norm is within the limit. */
function scaled(gradient: Node, squaredNorm: Node, limit: number): Node {
  return mul(gradient, div(limit, maximum(sqrt(squaredNorm), limit)));
}
