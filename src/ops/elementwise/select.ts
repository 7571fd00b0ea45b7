/**
 * Element-wise selection by a mask, with broadcasting. Gradient rules mask with `select` and never by multiplication,
 * because the unselected value may be infinite and ∞ · 0 would be NaN.
 */
import { selectNonzeroHelper } from '../../generated/shaders/elementwise.ts';
import { fillValue } from '../../graph/node.ts';
import { ternary } from '../define.ts';
import type { Ternary } from '../define.ts';

/**
 * x where the condition is not 0 (NaN counts as true), otherwise y. Also exported as `where`. The unselected value may be
 * NaN or infinite: it is not used, and its gradient is 0.
 *
 * This zero gradient still flows into the ops that computed the unselected value, and a rule such as that of `sqrt` at 0
 * computes 0 · ∞ = NaN, as in PyTorch and JAX. In this case select the operand as well:
 * `select(inside, sqrt(select(inside, x, 1)), 0)`.
 *
 * @param condition float32
 * @param x float32; broadcasts with the condition
 * @param y float32; broadcasts with the condition
 * @returns float32 of the broadcast shape
 * @throws ShapeError when the shapes do not broadcast; DTypeError unless all operands are float32
 * @example select(greater(x, 0), x, 0);
 */
export const select: Ternary = /* @__PURE__ */ ternary({
  name: 'select',
  gradient: ({ inputs, upstream }) => [null, select(inputs[0]!, upstream, 0), select(inputs[0]!, 0, upstream)],
  wgsl: 'select_nonzero(x, y, z)',
  helpers: [selectNonzeroHelper],
  wasm: 'select',
  simplify: ({ inputs: [condition, x, y] }) => {
    const known = fillValue(condition!);
    return known === undefined ? undefined : known === 0 ? y : x;
  },
  reference: (_, condition, x, y) => (condition !== 0 ? x : y),
});
