/** Class labels as rows of zeros with a single 1. No kernel: a comparison that fuses with what reads it. */
import { integer, required } from '../../core/arguments.ts';
import type { Node } from '../../graph/node.ts';
import { operand } from '../arguments.ts';
import type { TensorLike } from '../arguments.ts';
import { cast } from '../elementwise/clip.ts';
import { equal } from '../elementwise/compare.ts';
import { checked, constant, requireDType } from '../define.ts';
import { expandDims } from '../shape/reshape.ts';

/**
 * For each label a row of `classes` values: 1 at the label's place, 0 elsewhere; a label outside gives all zeros.
 *
 * @param labels int32 of any shape
 * @param classes at most 2²⁴, up to which float32 tells integers apart
 * @returns float32 [...labels, classes]
 */
export const oneHot: (labels: TensorLike, classes: number) => Node = /* @__PURE__ */ checked(
  'oneHot',
  { labels: operand, classes: /* @__PURE__ */ required(/* @__PURE__ */ integer(0, 2 ** 24)) },
  (labels: Node, classes: number) => {
    requireDType('oneHot', labels.dtype, 'int32');
    const places = constant(new Float32Array(classes).map((_, index) => index));
    return equal(expandDims(cast(labels, 'float32'), -1), places);
  },
);
