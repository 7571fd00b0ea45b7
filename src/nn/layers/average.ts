/** The mean of several inputs, element by element: an ensemble inside one model. */
import { checkCount } from '../../core/arguments.ts';
import type { Node } from '../../graph/node.ts';
import { add, mul } from '../../ops/elementwise/arithmetic.ts';
import type { Layer, LayerOptions } from '../layer.ts';
import { Merge } from './merge.ts';

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

/** (x + y + …) / n, of two inputs or more whose shapes are equal or broadcast. */
export function average(options: LayerOptions = {}): Layer {
  checkCount('average', arguments, 'options');
  return new Average(options);
}
