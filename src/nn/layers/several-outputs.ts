/**
 * A layer with more than one output, such as a recurrent one that gives its states too. In a functional model `apply`
 * gives a place for each; the topology calls the layer once for all of them.
 */
import { rawOf, unproxied } from '../../core/raw.ts';
import type { Shape } from '../../core/shape.ts';
import type { Node } from '../../graph/node.ts';
import { Layer } from '../layer.ts';
import type { CallContext, Mask, SymbolicTensor } from '../layer.ts';

/** What a layer is to who uses it when `apply` gives several places. Not for `sequential`. */
export interface LayerOfSeveral extends Omit<Layer, 'apply'> {
  apply(inputs: SymbolicTensor | readonly SymbolicTensor[]): SymbolicTensor[];
}

/** Subclasses give `outputShapes` and `callAll`; where there is one output, all is as for any layer. */
export abstract class SeveralOutputs extends Layer {
  /** The shape of each output of a sample. */
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

  /** The first output alone. */
  call(inputs: readonly Node[], context: CallContext, masks: readonly Mask[] = []): Node {
    return this.callAll(inputs, context, masks)[0];
  }

  /** A place; a list of them where there are several outputs, which the type of what a factory gives tells. */
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
