/**
 * Layers with several outputs, such as recurrent layers that return their states. In a functional model, `apply` returns one
 * symbolic tensor per output; the topology calls the layer once for all of them.
 */
import { rawOf, unproxied } from '../../core/raw.ts';
import type { Shape } from '../../core/shape.ts';
import type { Node } from '../../graph/node.ts';
import { Layer } from '../layer.ts';
import type { CallContext, Mask, SymbolicTensor } from '../layer.ts';

/** The type of a layer whose `apply` returns several symbolic tensors. `sequential` does not accept it. */
export interface LayerOfSeveral extends Omit<Layer, 'apply'> {
  apply(inputs: SymbolicTensor | readonly SymbolicTensor[]): SymbolicTensor[];
}

/** Subclasses define `outputShapes` and `callAll`. With a single output, the layer behaves like any other. */
export abstract class SeveralOutputs extends Layer {
  /** The sample shape of each output. */
  abstract outputShapes(inputs: readonly Shape[]): readonly Shape[];

  abstract override callAll(
    inputs: readonly Node[],
    context: CallContext,
    masks: readonly Mask[],
  ): readonly [Node, ...Node[]];

  /** The shape of the first output. */
  outputShape(inputs: readonly Shape[]): Shape {
    return this.outputShapes(inputs)[0]!;
  }

  /** Returns only the first output. */
  call(inputs: readonly Node[], context: CallContext, masks: readonly Mask[] = []): Node {
    return this.callAll(inputs, context, masks)[0];
  }

  /** Returns a list if there are several outputs. The return types of the factories (`lstm` and so on) reflect this. */
  override apply(given: SymbolicTensor | readonly SymbolicTensor[]): SymbolicTensor {
    const inputs = [given].flat() as SymbolicTensor[];
    const [, ...others] = this.outputShapes(inputs.map(({ shape }) => shape));
    const first = super.apply(inputs);
    if (others.length === 0) return first;
    const further = others.map((shape, index) =>
      unproxied({ shape, layer: rawOf(this), inputs: [first], output: index + 1 }),
    );
    return [first, ...further] as unknown as SymbolicTensor;
  }
}
