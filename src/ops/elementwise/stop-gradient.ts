/** A value that gradients do not pass: targets made from a model's own output, statistics, monitors. */
import type { Node } from '../../graph/node.ts';
import type { AliasOp } from '../../graph/op.ts';
import { operand } from '../arguments.ts';
import type { TensorLike } from '../arguments.ts';
import { alias, checkedOp } from '../define.ts';
import type { OpFunction } from '../define.ts';

type None = Record<string, never>;

/** x itself, as a constant to `gradients`. Any dtype; nothing is computed or moved. */
export const stopGradient: OpFunction<[x: TensorLike], AliasOp<None>> = /* @__PURE__ */ checkedOp(
  { x: operand },
  /* @__PURE__ */ alias<None, [x: Node]>({ name: 'stopGradient', infer: ([x]) => x!, gradient: null }, (node, x) =>
    node([x], {}),
  ),
);
