/** One-hot encoding of class labels. It has no kernel: it is a comparison that fuses with its consumers. */
import { integer, required } from '../../core/arguments.ts';
import type { Node } from '../../graph/node.ts';
import { operand } from '../arguments.ts';
import type { TensorLike } from '../arguments.ts';
import { cast } from '../elementwise/clip.ts';
import { equal } from '../elementwise/compare.ts';
import { checked, constant, requireDType } from '../define.ts';
import { expandDims } from '../shape/reshape.ts';

/**
 * One-hot encodes class labels: 1 at the label's index, 0 elsewhere. A label outside 0 … classes − 1 gives a row of
 * zeros.
 *
 * @param labels int32 of any shape
 * @param classes the number of classes, at most 2²⁴, the limit of exact integers in float32
 * @returns float32 [...labels, classes]
 * @throws DTypeError unless the labels are int32; ValueError for an invalid number of classes
 * @example oneHot(constant([0, 2], undefined, 'int32'), 3); // [[1, 0, 0], [0, 0, 1]]
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
