/** The element-wise product of several inputs, for gates. */
import { checkCount } from '../../core/arguments.ts';
import type { Node } from '../../graph/node.ts';
import { mul as mulNodes } from '../../ops/elementwise/arithmetic.ts';
import type { Layer, LayerOptions } from '../layer.ts';
import { Merge } from './merge.ts';

/** The layer that `multiply()` creates. */
export class Multiply extends Merge {
  readonly kind = 'multiply';

  constructor(options: LayerOptions = {}) {
    super(options, 'multiply', {});
  }

  protected combine(x: Node, y: Node): Node {
    return mulNodes(x, y);
  }
}

/**
 * Multiplies two or more inputs of equal or broadcastable shapes: x · y · …
 *
 * @example
 * const x = input({ shape: [16] });
 * const y = multiply().apply([x, dense({ units: 16, activation: 'sigmoid' }).apply(x)]);
 */
export function multiply(options: LayerOptions = {}): Layer {
  checkCount('multiply', arguments, 'options');
  return new Multiply(options);
}
