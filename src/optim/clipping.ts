/** Gradient clipping: what an optimizer does with gradients before it uses them. */
import { requireOption } from '../core/check.ts';
import type { Node } from '../graph/node.ts';
import { add, div, maximum, mul } from '../ops/elementwise/arithmetic.ts';
import { clip } from '../ops/elementwise/clip.ts';
import { sqrt } from '../ops/elementwise/math.ts';
import { sumOfSquares } from '../ops/reduce/reduce.ts';

/** At most one of the three, as in Keras. A norm of 1.8e19 or more, whose square is infinite in float32, makes a finite gradient 0. */
export interface ClippingOptions {
  /** Each gradient is scaled down to at most this Euclidean norm. */
  readonly clipNorm?: number;
  /** Each element is limited to ± this. */
  readonly clipValue?: number;
  /** All gradients together are scaled down to at most this norm (Pascanu, Mikolov, Bengio 2013). */
  readonly globalClipNorm?: number;
}

/** Throws `ValueError` for more than one limit. */
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

/** The gradients, clipped as the options say; themselves without options. */
export function clipGradients(gradients: readonly Node[], options: ClippingOptions): readonly Node[] {
  const { clipNorm, clipValue, globalClipNorm } = options;
  if (clipValue !== undefined) return gradients.map((gradient) => clip(gradient, { min: -clipValue, max: clipValue }));
  if (clipNorm !== undefined) return gradients.map((gradient) => scaled(gradient, sumOfSquares(gradient), clipNorm));
  if (globalClipNorm === undefined || gradients.length === 0) return gradients;
  const total = gradients.map((gradient) => sumOfSquares(gradient)).reduce((a, b) => add(a, b));
  return gradients.map((gradient) => scaled(gradient, total, globalClipNorm));
}

/** gradient · limit / max(norm, limit): unchanged while the norm is within the limit. */
function scaled(gradient: Node, squaredNorm: Node, limit: number): Node {
  return mul(gradient, div(limit, maximum(sqrt(squaredNorm), limit)));
}
