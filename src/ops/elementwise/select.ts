/**
 * Choice by a mask, element-wise with broadcasting. Gradient rules mask by `select` and never by multiplication: the
 * side that is not taken may be infinite, and ∞ · 0 would be NaN.
 */
import { selectNonzeroHelper } from '../../generated/shaders/elementwise.ts';
import { fillValue } from '../../graph/node.ts';
import { ternary } from '../define.ts';
import type { Ternary } from '../define.ts';

/**
 * x where the condition is not 0 (NaN counts as true), y elsewhere. float32, broadcasts. The side that is not taken may be NaN
 * or infinite: its value is not used, and its gradient is 0.
 *
 * What that side was computed by still sees this 0, and a rule such as that of `sqrt` at 0 makes NaN of 0 · ∞, as in PyTorch
 * and JAX. So choose the operand of such an op as well: `select(inside, sqrt(select(inside, x, 1)), 0)`.
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
