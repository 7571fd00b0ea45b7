/** A barrier for gradients: for targets computed from a model's own output, statistics and monitors. */
import type { Node } from '../../graph/node.ts';
import type { AliasOp } from '../../graph/op.ts';
import { operand } from '../arguments.ts';
import type { TensorLike } from '../arguments.ts';
import { alias, checkedOp } from '../define.ts';
import type { OpFunction } from '../define.ts';

type None = Record<string, never>;

/**
 * Returns x as a constant for differentiation: no gradient flows back to x. Computes and copies nothing.
 *
 * @param x any dtype, any shape
 * @returns x, of the same dtype and shape
 * @example mean(square(sub(prediction, stopGradient(target))));
 */
export const stopGradient: OpFunction<[x: TensorLike], AliasOp<None>> = /* @__PURE__ */ checkedOp(
  { x: operand },
  /* @__PURE__ */ alias<None, [x: Node]>({ name: 'stopGradient', infer: ([x]) => x!, gradient: null }, (node, x) =>
    node([x], {}),
  ),
);
