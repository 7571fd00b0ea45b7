/** Where data enter a model: the start of every functional model, and an optional first layer of a sequential one. */
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

  /** The declared shape; a given one must equal it. */
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

/** An explicit first layer for a sequential model. @throws ValueError for a shape that is none */
export function inputLayer(options: InputOptions): Layer {
  checkCount('inputLayer', arguments, 'options');
  return new InputLayer(options);
}
