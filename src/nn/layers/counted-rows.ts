/** Which rows of a layer's input count where it looks at a whole batch. */
import type { Shape } from '../../core/shape.ts';
import { mul } from '../../ops/elementwise/arithmetic.ts';
import { broadcastTo } from '../../ops/shape/broadcast.ts';
import { reshape } from '../../ops/shape/reshape.ts';
import type { Mask } from '../layer.ts';

/** float32 of shape `rows`, [batch, ...]: the product of the masks, each of the first axes of it; undefined without any. */
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
