/** Embedding: looks up a trainable vector for each token id. */
import { boolean, checkCount, integer, required } from '../../core/arguments.ts';
import { ShapeError, ValueError } from '../../core/errors.ts';
import type { Key } from '../../core/random.ts';
import { sameShape, sizeOf } from '../../core/shape.ts';
import type { Shape } from '../../core/shape.ts';
import type { Node, Variable } from '../../graph/node.ts';
import { cast } from '../../ops/elementwise/clip.ts';
import { notEqual } from '../../ops/elementwise/compare.ts';
import { gather } from '../../ops/indexing/gather.ts';
import type { HostTensor } from '../../data/tensor.ts';
import type { InitializerLike } from '../initializers/initializers.ts';
import { Layer } from '../layer.ts';
import type { LayerConfig, LayerOptions, Mask } from '../layer.ts';
import type { RegularizerLike } from '../regularizers.ts';
import { formatSample, onlyShape } from './check.ts';

/** Options of `embedding`. */
export interface EmbeddingOptions extends LayerOptions {
  /** Vocabulary size: the largest token id plus one. A tokenizer's `vocabularySize`. */
  readonly inputDim: number;
  /** Size of the vectors. */
  readonly outputDim: number;
  /** Default 'randomUniform' in ±0.05. */
  readonly embeddingsInitializer?: InitializerLike;
  readonly embeddingsRegularizer?: RegularizerLike;
  /** Whether id 0 is padding: the layer then creates a mask, and the following layers ignore these steps. Default false. */
  readonly maskZero?: boolean;
  /** Number of ids per sample; equivalent to `inputShape: [inputLength]`. */
  readonly inputLength?: number;
}

/** The layer that `embedding()` creates. */
export class Embedding extends Layer {
  readonly kind = 'embedding';
  private readonly inputDim: number;
  private readonly outputDim: number;
  private readonly maskZero: boolean;
  private readonly inputLength: number | undefined;

  constructor(options: EmbeddingOptions) {
    const length = options?.inputLength;
    const types = {
      inputDim: required(integer(1)),
      outputDim: required(integer(1)),
      maskZero: boolean,
      inputLength: integer(1),
    };
    super(options, 'embedding', types, {
      defaults: length === undefined ? {} : { inputShape: [length] },
      weights: { embeddings: { initializer: 'randomUniform' } },
    });
    const { inputDim, outputDim, maskZero = false, inputLength } = options;
    this.inputDim = inputDim;
    this.outputDim = outputDim;
    this.maskZero = maskZero;
    this.inputLength = inputLength;
  }

  override config(): LayerConfig {
    const { inputDim, outputDim, maskZero, inputLength } = this;
    return { ...super.config(), inputDim, outputDim, maskZero, ...(inputLength !== undefined && { inputLength }) };
  }

  override get integers(): 'indices' {
    return 'indices';
  }

  outputShape(inputs: readonly Shape[]): Shape {
    const shape = onlyShape(this.label, inputs);
    const length = this.inputLength;
    if (length !== undefined && !sameShape(shape, [length])) {
      throw new ShapeError(
        `${this.label}: expects samples of inputLength ${length}, got ${formatSample(shape)}: pad the texts to that length`,
      );
    }
    return [...shape, this.outputDim];
  }

  protected override createWeights(_: readonly Shape[], key: Key): void {
    this.addWeight('embeddings', [this.inputDim, this.outputDim], key);
  }

  call(inputs: readonly Node[]): Node {
    const [table] = this.weights as [Variable];
    return gather(table, cast(inputs[0]!, 'int32'));
  }

  override computeMask([ids]: readonly Node[]): readonly Mask[] {
    return this.maskZero ? [notEqual(cast(ids!, 'float32'), 0)] : [];
  }

  /** Rejects ids without a row. The device would return zeros for them and could not report the sample. */
  override checkData(caller: string, name: string, { data, shape }: HostTensor): void {
    const maxId = this.inputDim - 1;
    for (let index = 0; index < data.length; index++) {
      const id = data[index]!;
      if (Number.isInteger(id) && id >= 0 && id <= maxId) continue;
      const sample = Math.floor(index / sizeOf(shape.slice(1)));
      throw new ValueError(
        `${caller}: ${name} holds ${id} in sample ${sample}, expected whole numbers from 0 to ${maxId} for '${this.label}': ` +
          `raise its inputDim, or leave rare words out of the vocabulary`,
      );
    }
  }
}

/**
 * Maps token ids to vectors: int32 [batch, ...] → float32 [batch, ..., outputDim]. Integers stored as float32 are accepted. The
 * weight `embeddings` is [inputDim, outputDim]. `fit`, `evaluate` and `predict` check the ids of a model input; an id out of
 * range that another layer computes yields zeros.
 *
 * @throws ValueError for dimensions that are not integers ≥ 1, or an unknown initializer or regularizer
 * @example
 * sequential([
 *   embedding({ inputDim: 10_000, outputDim: 32, inputLength: 100, maskZero: true }),
 *   gru({ units: 16 }),
 *   dense({ units: 1, activation: 'sigmoid' }),
 * ]);
 */
export function embedding(options: EmbeddingOptions): Layer {
  checkCount('embedding', arguments, 'options');
  return new Embedding(options);
}
