/** Applies a layer to every step of a sequence with the same weights: the steps become rows of one batch. */
import { checkCount } from '../../core/arguments.ts';
import { ShapeError, ValueError } from '../../core/errors.ts';
import { deriveKey } from '../../core/random.ts';
import type { Key } from '../../core/random.ts';
import { sizeOf } from '../../core/shape.ts';
import type { Shape } from '../../core/shape.ts';
import type { Node } from '../../graph/node.ts';
import { max } from '../../ops/reduce/reduce.ts';
import { reshape } from '../../ops/shape/reshape.ts';
import type { HostTensor } from '../../data/tensor.ts';
import { labelOf, Layer } from '../layer.ts';
import type { CallContext, LayerConfig, LayerOptions, Mask } from '../layer.ts';
import { formatSample, onlyShape } from './check.ts';
import { countedRows } from './counted-rows.ts';
import { buildInner, describeInner, requireInner } from './inner-layer.ts';
import { SeveralOutputs } from './several-outputs.ts';

/** The layer that `timeDistributed()` creates. */
export class TimeDistributed extends Layer {
  readonly kind = 'timeDistributed';
  override readonly supportsMasking = true;
  private readonly inner: Layer;

  constructor(layer: Layer, options: LayerOptions = {}) {
    const expected = 'a layer, such as dense({ units: 10 })';
    requireInner(labelOf(options, 'timeDistributed'), layer, expected, layer instanceof Layer);
    super(options, 'timeDistributed', {}, { defaults: { trainable: layer.trainable } });
    this.inner = layer;
  }

  override config(): LayerConfig {
    return { ...super.config(), layer: describeInner(this.inner) };
  }

  override get integers(): 'indices' | 'kept' | 'float32' {
    return this.inner.integers;
  }

  outputShape(inputs: readonly Shape[]): Shape {
    const [steps, ...sample] = this.sampleOf(inputs);
    const inner = this.inner;
    if (inner instanceof SeveralOutputs && inner.outputShapes([sample]).length > 1) {
      throw new ValueError(`${this.label}: '${inner.kind}' has several outputs: use one with returnState: false`);
    }
    return [steps!, ...inner.outputShape([sample])];
  }

  protected override createWeights(inputs: readonly Shape[], key: Key): void {
    const [, ...sample] = this.sampleOf(inputs);
    this.ownWeights.push(...buildInner(this.inner, this.label, this.inner.kind, [sample], deriveKey(key, 0)));
  }

  call([x]: readonly Node[], context: CallContext, [mask]: readonly Mask[] = []): Node {
    const [batch, steps] = x!.shape as [number, number];
    // The inner layer sees steps as rows of a batch: a step mask becomes its row mask, a deeper mask its mask.
    const within = mask && mask.shape.length > 2 ? rowsOf(mask) : undefined;
    const rowMask = countedRows([batch, steps], [context.rowMask, mask && mask.shape.length > 2 ? undefined : mask]);
    const { frozen = !this.trainable } = context;
    const y = this.inner.call([rowsOf(x!)], { ...context, frozen, rowMask: rowMask && rowsOf(rowMask) }, [within]);
    return reshape(y, [batch, steps, ...y.shape.slice(1)]);
  }

  /** Unless the inner layer propagates it, a mask deeper than the steps is reduced: a step with any valid item is valid. */
  override computeMask([x]: readonly Node[], [mask]: readonly Mask[]): readonly Mask[] {
    const [batch, steps] = x!.shape as [number, number];
    const [own] = this.inner.computeMask([rowsOf(x!)], [mask && mask.shape.length > 2 ? rowsOf(mask) : undefined]);
    if (own) return [reshape(own, [batch, steps, ...own.shape.slice(1)])];
    if (!mask || mask.shape.length === 2) return [mask];
    return [max(reshape(mask, [batch, steps, sizeOf(mask.shape.slice(2))]), -1)];
  }

  override penalties(): readonly Node[] {
    return this.inner.penalties();
  }

  override checkData(caller: string, name: string, values: HostTensor): void {
    this.inner.checkData?.(caller, name, values);
  }

  private sampleOf(inputs: readonly Shape[]): Shape {
    const shape = onlyShape(this.label, inputs);
    if (shape.length > 0) return shape;
    throw new ShapeError(`${this.label}: expects [batch, steps, ...], got ${formatSample(shape)}: there are no steps`);
  }
}

/** Reshapes [batch, steps, ...] to [batch · steps, ...]. */
function rowsOf(x: Node): Node {
  const [batch, steps, ...sample] = x.shape as [number, number, ...number[]];
  return reshape(x, [batch * steps, ...sample]);
}

/**
 * Applies `layer` to every step: [batch, steps, ...sample] → [batch, steps, ...output], where `layer` maps sample to output. The
 * wrapper owns the layer: it saves its weights and determines whether they are trained. Step masks are propagated.
 *
 * @throws ValueError if `layer` is not a layer or has several outputs
 * @example
 * sequential([
 *   lstm({ units: 16, returnSequences: true, inputShape: [100, 8] }),
 *   timeDistributed(dense({ units: 4, activation: 'softmax' })),
 * ]); // [batch, 100, 4]
 */
export function timeDistributed(layer: Layer, options: LayerOptions = {}): Layer {
  checkCount('timeDistributed', arguments, 'layer', 'options');
  return new TimeDistributed(layer, options);
}
