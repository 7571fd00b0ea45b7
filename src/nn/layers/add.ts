/** The element-wise sum of several inputs, for residual connections. */
import { checkCount } from '../../core/arguments.ts';
import type { Node } from '../../graph/node.ts';
import { add as addNodes } from '../../ops/elementwise/arithmetic.ts';
import type { Layer, LayerOptions } from '../layer.ts';
import { Merge } from './merge.ts';

/** The layer that `add()` creates. */
export class Add extends Merge {
  readonly kind = 'add';

  constructor(options: LayerOptions = {}) {
    super(options, 'add', {});
  }

  protected combine(x: Node, y: Node): Node {
    return addNodes(x, y);
  }
}

/**
 * Adds two or more inputs of equal or broadcastable shapes: x + y + …
 *
 * @example
 * const x = input({ shape: [16] });
 * const y = add().apply([x, dense({ units: 16 }).apply(x)]);
 */
export function add(options: LayerOptions = {}): Layer {
  checkCount('add', arguments, 'options');
  return new Add(options);
}
