/** Combines masks for layers that compute statistics over a whole batch. */
import type { Shape } from '../../core/shape.ts';
import { mul } from '../../ops/elementwise/arithmetic.ts';
import { broadcastTo } from '../../ops/shape/broadcast.ts';
import { reshape } from '../../ops/shape/reshape.ts';
import type { Mask } from '../layer.ts';

/**
 * Multiplies masks, each of which covers the first axes of `rows`.
 *
 * @returns float32 of shape `rows`, [batch, ...]; undefined if there is no mask
 */
export function countedRows(rows: Shape, masks: readonly Mask[]): Mask {
  const wide = masks.flatMap((mask) =>
    mask ? [reshape(mask, [...mask.shape, ...rows.slice(mask.shape.length).map(() => 1)])] : [],
  );
  return wide.length === 0
    ? undefined
    : broadcastTo(
        wide.reduce((product, mask) => mul(product, mask)),
        rows,
      );
}
