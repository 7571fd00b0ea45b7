/** The product of several inputs, element by element: a gate. */
import { checkCount } from '../../core/arguments.ts';
import type { Node } from '../../graph/node.ts';
import { mul as mulNodes } from '../../ops/elementwise/arithmetic.ts';
import type { Layer, LayerOptions } from '../layer.ts';
import { Merge } from './merge.ts';

export class Multiply extends Merge {
  readonly kind = 'multiply';

  constructor(options: LayerOptions = {}) {
    super(options, 'multiply', {});
  }

  protected combine(x: Node, y: Node): Node {
    return mulNodes(x, y);
  }
}

/** x · y · …, of two inputs or more whose shapes are equal or broadcast. */
export function multiply(options: LayerOptions = {}): Layer {
  checkCount('multiply', arguments, 'options');
  return new Multiply(options);
}
