/** Class labels as rows of zeros with a single 1. No kernel: a comparison that fuses with what reads it. */
import type { Node } from '../graph/node.ts';
import { cast } from './clip.ts';
import { equal } from './compare.ts';
import { constant, requireDType, requireInteger } from './op.ts';
import { expandDims } from './reshape.ts';

/**
 * For each label a row of `classes` values: 1 at the label's place, 0 elsewhere; a label outside gives all zeros.
 *
 * @param labels int32 of any shape
 * @returns float32 [...labels, classes]
 */
export function oneHot(labels: Node, classes: number): Node {
  requireDType('oneHot', labels.dtype, 'int32');
  requireInteger('oneHot', 'classes', classes, 0);
  const places = constant(Float32Array.from({ length: classes }, (_, index) => index));
  return equal(expandDims(cast(labels, 'float32'), -1), places);
}
