/** Flattens each sample to one axis, without moving data. */
import { checkCount } from '../../core/arguments.ts';
import { sizeOf } from '../../core/shape.ts';
import type { Shape } from '../../core/shape.ts';
import type { Node } from '../../graph/node.ts';
import { flatten as flattenNode } from '../../ops/shape/reshape.ts';
import { Layer } from '../layer.ts';
import type { LayerOptions } from '../layer.ts';
import { onlyShape } from './check.ts';

/** The layer that `flatten()` creates. */
export class Flatten extends Layer {
  readonly kind = 'flatten';

  constructor(options: LayerOptions = {}) {
    super(options, 'flatten', {});
  }

  override get integers(): 'kept' {
    return 'kept';
  }

  outputShape(inputs: readonly Shape[]): Shape {
    return [sizeOf(onlyShape(this.label, inputs))];
  }

  call(inputs: readonly Node[]): Node {
    return flattenNode(inputs[0]!);
  }
}

/**
 * Flattens each sample: [batch, ...shape] → [batch, size]. A scalar sample becomes [batch, 1].
 *
 * @example
 * sequential([flatten({ inputShape: [28, 28] }), dense({ units: 10, activation: 'softmax' })]);
 */
export function flatten(options: LayerOptions = {}): Layer {
  checkCount('flatten', arguments, 'options');
  return new Flatten(options);
}
