/** The sum of several inputs: what closes a residual connection. */
import { checkCount } from '../../core/arguments.ts';
import type { Node } from '../../graph/node.ts';
import { add as addNodes } from '../../ops/elementwise/arithmetic.ts';
import type { Layer, LayerOptions } from '../layer.ts';
import { Merge } from './merge.ts';

export class Add extends Merge {
  readonly kind = 'add';

  constructor(options: LayerOptions = {}) {
    super(options, 'add', {});
  }

  protected combine(x: Node, y: Node): Node {
    return addNodes(x, y);
  }
}

/** x + y + …, of two inputs or more whose shapes are equal or broadcast. */
export function add(options: LayerOptions = {}): Layer {
  checkCount('add', arguments, 'options');
  return new Add(options);
}
