/** Two recurrent layers that process a sequence in opposite directions, with merged outputs (Schuster, Paliwal 1997). */
import { checkCount } from '../../core/arguments.ts';
import type { ArgumentType } from '../../core/arguments.ts';
import { ShapeError } from '../../core/errors.ts';
import { deriveKey } from '../../core/random.ts';
import type { Key } from '../../core/random.ts';
import type { Shape } from '../../core/shape.ts';
import type { Node } from '../../graph/node.ts';
import { add, mul } from '../../ops/elementwise/arithmetic.ts';
import { concatenate } from '../../ops/shape/concatenate.ts';
import { reverse } from '../../ops/shape/reverse.ts';
import { labelOf } from '../layer.ts';
import type { CallContext, Layer, LayerConfig, LayerOptions, Mask } from '../layer.ts';
import { buildInner, describeInner, requireInner } from './inner-layer.ts';
import { Recurrent } from './recurrent.ts';
import { SeveralOutputs } from './several-outputs.ts';
import type { LayerOfSeveral } from './several-outputs.ts';

/** How the outputs of the two directions are merged; null returns both. */
export type MergeMode = 'concat' | 'sum' | 'mul' | 'ave' | null;

/** Options of `bidirectional`. */
export interface BidirectionalOptions extends LayerOptions {
  /** Default 'concat': along the last axis, forward direction first. */
  readonly mergeMode?: MergeMode;
}

const merges: Readonly<Record<string, (x: Node, y: Node) => Node>> = {
  concat: (x, y) => concatenate([x, y], -1),
  sum: (x, y) => add(x, y),
  mul: (x, y) => mul(x, y),
  ave: (x, y) => mul(add(x, y), 0.5),
};

const mergeModes: ArgumentType = {
  expected: "'concat', 'sum', 'mul', 'ave' or null",
  accepts: (value) => value === null || (typeof value === 'string' && Object.hasOwn(merges, value)),
};

/** The layer that `bidirectional()` creates. */
export class Bidirectional extends SeveralOutputs {
  readonly kind = 'bidirectional';
  private readonly mergeMode: MergeMode;
  private readonly given: Recurrent;
  private readonly forward: Recurrent;
  private readonly backward: Recurrent;

  constructor(layer: Layer | LayerOfSeveral, options: BidirectionalOptions = {}) {
    const isFit = layer instanceof Recurrent && !layer.goBackwards;
    requireInner(
      labelOf(options, 'bidirectional'),
      layer,
      'simpleRNN(), lstm() or gru() with goBackwards: false',
      isFit,
    );
    const given = layer as unknown as Recurrent;
    super(options, 'bidirectional', { mergeMode: mergeModes }, { defaults: given as LayerOptions });
    this.mergeMode = options.mergeMode === undefined ? 'concat' : options.mergeMode;
    this.given = given;
    // Masked steps are zeros. Otherwise the directions would repeat different states after the end of a sequence.
    const zeroOutputForMask = given.returnSequences;
    this.forward = given.copy({ zeroOutputForMask });
    this.backward = given.copy({ zeroOutputForMask, goBackwards: true });
  }

  override config(): LayerConfig {
    return { ...super.config(), mergeMode: this.mergeMode, layer: describeInner(this.given) };
  }

  outputShapes(inputs: readonly Shape[]): readonly Shape[] {
    const [forward, backward] = this.halves(inputs);
    const [output, ...states] = this.forward.outputShapes(forward);
    const others = this.backward.outputShapes(backward).slice(1);
    const joined = this.mergeMode === 'concat' ? [...output!.slice(0, -1), 2 * output!.at(-1)!] : output!;
    return [joined, ...(this.mergeMode === null ? [joined] : []), ...states, ...others];
  }

  protected override createWeights(inputs: readonly Shape[], key: Key): void {
    const [forward, backward] = this.halves(inputs);
    this.ownWeights.push(
      ...buildInner(this.forward, this.label, 'forward', forward, deriveKey(key, 0)),
      ...buildInner(this.backward, this.label, 'backward', backward, deriveKey(key, 1)),
    );
  }

  callAll(
    inputs: readonly Node[],
    context: CallContext,
    masks: readonly Mask[],
  ): readonly [output: Node, ...others: Node[]] {
    const [forward, backward] = this.halves(inputs);
    const [x, ...states] = this.forward.callAll(forward, context, masks);
    const [reversed, ...others] = this.backward.callAll(backward, context, masks);
    const y = this.given.returnSequences ? reverse(reversed, 1) : reversed;
    const outputs: [Node, ...Node[]] = this.mergeMode === null ? [x, y] : [merges[this.mergeMode]!(x, y)];
    return [...outputs, ...states, ...others];
  }

  override computeMask(inputs: readonly Node[], masks: readonly Mask[]): readonly Mask[] {
    const mask = this.forward.computeMask(inputs, masks);
    return this.mergeMode === null ? [...mask, ...mask] : mask;
  }

  override penalties(): readonly Node[] {
    return [...this.forward.penalties(), ...this.backward.penalties()];
  }

  /** The inputs of each direction: the sequence and its initial states. The first half of the states is for forward. */
  private halves<T>([sequence, ...states]: readonly T[]): readonly [forward: T[], backward: T[]] {
    const count = this.given.stateCount;
    if (sequence === undefined || (states.length > 0 && states.length !== 2 * count)) {
      throw new ShapeError(
        `${this.label}: takes a sequence, or with it ${2 * count} initial states, the forward ones first, ` +
          `not ${sequence === undefined ? 'nothing' : `${states.length} states`}`,
      );
    }
    return [
      [sequence, ...states.slice(0, count)],
      [sequence, ...states.slice(count)],
    ];
  }
}

/**
 * Runs a `simpleRNN`, `lstm` or `gru` forwards and backwards over a sequence and merges the outputs with `mergeMode`; sequences
 * are merged step by step. Both directions are new layers with the options of `layer`, which itself is not used. If
 * sequences are returned, masked steps are zeros, as in Keras.
 *
 * With `mergeMode: null` or `returnState`, `apply` returns a list: the output (or both outputs), then the states, forward
 * direction first. Initial states are passed in the same order: `apply([x, ...forward, ...backward])`.
 *
 * @param layer the recurrent layer to copy, with `goBackwards: false`
 * @throws ValueError for another layer, `goBackwards: true`, or an unknown mode
 * @example
 * sequential([
 *   embedding({ inputDim: 10_000, outputDim: 32, inputLength: 100, maskZero: true }),
 *   bidirectional(lstm({ units: 16 })),
 *   dense({ units: 1, activation: 'sigmoid' }),
 * ]);
 */
export function bidirectional(
  layer: Layer,
  options: BidirectionalOptions & { readonly mergeMode: null },
): LayerOfSeveral;
export function bidirectional(layer: Layer, options?: BidirectionalOptions): Layer;
export function bidirectional(layer: LayerOfSeveral, options?: BidirectionalOptions): LayerOfSeveral;
export function bidirectional(
  layer: Layer | LayerOfSeveral,
  options: BidirectionalOptions = {},
): Layer | LayerOfSeveral {
  checkCount('bidirectional', arguments, 'layer', 'options');
  return new Bidirectional(layer, options);
}
