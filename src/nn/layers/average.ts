/** The element-wise mean of several inputs, for ensembles within a model. */
import { checkCount } from '../../core/arguments.ts';
import type { Node } from '../../graph/node.ts';
import { add, mul } from '../../ops/elementwise/arithmetic.ts';
import type { Layer, LayerOptions } from '../layer.ts';
import { Merge } from './merge.ts';

/** The layer that `average()` creates. */
export class Average extends Merge {
  readonly kind = 'average';

  constructor(options: LayerOptions = {}) {
    super(options, 'average', {});
  }

  protected combine(x: Node, y: Node): Node {
    return add(x, y);
  }

  override call(inputs: readonly Node[]): Node {
    return mul(super.call(inputs), 1 / inputs.length);
  }
}

/**
 * Averages n ≥ 2 inputs of equal or broadcastable shapes: (x + y + …) / n.
 *
 * @example
 * const x = input({ shape: [16] });
 * const y = average().apply([dense({ units: 4 }).apply(x), dense({ units: 4 }).apply(x)]);
 */
export function average(options: LayerOptions = {}): Layer {
  checkCount('average', arguments, 'options');
  return new Average(options);
}
