/** The input layer: the start of every functional model, and an optional first layer of a sequential model. */
import { checkCount } from '../../core/arguments.ts';
import type { DType } from '../../core/dtype.ts';
import { ShapeError } from '../../core/errors.ts';
import { formatShape, sameShape } from '../../core/shape.ts';
import type { Shape } from '../../core/shape.ts';
import type { Node } from '../../graph/node.ts';
import { checkInput } from '../symbolic-input.ts';
import type { InputOptions } from '../symbolic-input.ts';
import { Layer } from '../layer.ts';
import type { LayerConfig } from '../layer.ts';

/** The layer that `inputLayer()` creates. */
export class InputLayer extends Layer {
  readonly kind = 'input';
  readonly dtype: DType;

  constructor(options: InputOptions) {
    checkInput(options);
    const { shape, dtype = 'float32', ...rest } = options;
    super({ ...rest, inputShape: shape }, 'input');
    this.dtype = dtype;
  }

  override config(): LayerConfig {
    const { inputShape: shape, ...rest } = super.config();
    return { ...rest, shape, dtype: this.dtype };
  }

  /** Returns the declared shape; an input must have the same shape. */
  outputShape(inputs: readonly Shape[]): Shape {
    const [expected, given] = [this.inputShape!, inputs[0]];
    if (given !== undefined && !sameShape(given, expected)) {
      throw new ShapeError(
        `${this.label}: expects samples of shape ${formatShape(expected)}, got ${formatShape(given)}: reshape the data`,
      );
    }
    return expected;
  }

  call(inputs: readonly Node[]): Node {
    return inputs[0]!;
  }
}

/**
 * Creates an explicit first layer for a sequential model.
 *
 * @throws ValueError for an invalid option; ShapeError for an invalid shape
 * @example
 * sequential([inputLayer({ shape: [784] }), dense({ units: 10, activation: 'softmax' })]);
 */
export function inputLayer(options: InputOptions): Layer {
  checkCount('inputLayer', arguments, 'options');
  return new InputLayer(options);
}
