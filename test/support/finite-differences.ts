/** Central differences in float64, to check gradient rules. */
import type { Node } from '../../src/graph/node.ts';
import { evaluate } from './evaluate.ts';
import type { Feeds } from './evaluate.ts';

/**
 * Returns d loss / d x for every element of `x` as (f(x + h) − f(x − h)) / 2h. With h = 10⁻⁵ · max(1, |x|) the truncation
 * error is about h² and the rounding error about 2⁻⁵³ / h: about 10⁻¹⁰ for a loss of about 1.
 */
export function centralDifferences(loss: Node, x: Node, feeds: Feeds): Float64Array {
  const values = Float64Array.from(feeds.get(x)!);
  const moved = new Map(feeds).set(x, values);
  return values.map((value, index) => {
    const h = 1e-5 * Math.max(1, Math.abs(value));
    const at = (place: number): number => {
      values[index] = place;
      const [[result] = []] = evaluate([loss], moved);
      values[index] = value;
      return result!;
    };
    return (at(value + h) - at(value - h)) / (2 * h);
  });
}

/** Describes the first element where the gradient differs from the finite differences; undefined if there is none. */
export function disagreement(gradient: Float64Array, differences: Float64Array, tolerance = 1e-6): string | undefined {
  const scale = Math.max(1, ...differences.map(Math.abs));
  for (const [index, value] of gradient.entries()) {
    const wanted = differences[index]!;
    if (!(Math.abs(value - wanted) <= tolerance * scale)) {
      return `element ${index}: the rule gives ${value}, differences ${wanted}`;
    }
  }
  return undefined;
}
