/**
 * The interface of compared libraries. Each has a module that exports `start`, a `Start`. Modules of the peers are in
 * bench/peers, gradlet's is in this folder.
 */

export type Start = (options: StartOptions) => Promise<Candidate>;

export interface StartOptions {
  readonly backend: 'wasm' | 'webgpu';
  /** The most threads; by default what the library takes. Peers that cannot be told ignore it. */
  readonly threads?: number;
}

/** A library that has started on its backend. */
export interface Candidate {
  readonly threads: number;
  /** In its own words, where it has some. */
  readonly device?: string;
  /** Missing where the library has no such thing. */
  product?(task: ProductTask): Promise<Product>;
  training?(task: TrainingTask): Promise<Training>;
  recurrentTraining?(task: RecurrentTask): Promise<Training>;
}

/** a · b, both n × n and float32. */
export interface ProductTask {
  readonly size: number;
  readonly a: Float32Array;
  readonly b: Float32Array;
}

export interface Product {
  /** Multiplies anew, and brings the result back. */
  run(): Promise<Float32Array>;
  dispose(): void;
}

/**
 * Dense layers with relu between them, trained with Adam (0.001, 0.9, 0.999, 1e-7) and softmax cross-entropy, on a few
 * batches that stay on the device in fixed order.
 */
export interface TrainingTask {
  /** Of the layers: [784, 128, 64, 10]. */
  readonly sizes: readonly number[];
  /** Kernel and bias, layer by layer: [in, out], [out]. */
  readonly weights: readonly Float32Array[];
  readonly batch: number;
  readonly batches: number;
  /** [batches · batch, inputs] and, one-hot, [batches · batch, classes]. */
  readonly samples: Float32Array;
  readonly labels: Float32Array;
}

/**
 * An LSTM over whole sequences with a sigmoid of its last state, trained with Adam (0.001, 0.9, 0.999, 1e-7) and binary
 * cross-entropy, on a few batches that stay on the device in fixed order.
 */
export interface RecurrentTask {
  readonly length: number;
  readonly features: number;
  readonly units: number;
  /** [features, 4 · units], [units, 4 · units], [4 · units] with gates i, f, g, o; [units, 1], [1]. */
  readonly weights: readonly [Float32Array, Float32Array, Float32Array, Float32Array, Float32Array];
  readonly batch: number;
  readonly batches: number;
  /** [batches · batch, length, features] and [batches · batch, 1]. */
  readonly samples: Float32Array;
  readonly labels: Float32Array;
}

export interface Training {
  /** One step for each batch, and the mean of their losses: a single number, brought back at the end. */
  round(): Promise<number>;
  dispose(): void;
}

/** Kernel and bias of each layer, with their shapes. */
export function layersOf({ sizes, weights }: Pick<TrainingTask, 'sizes' | 'weights'>): Layer[] {
  return sizes.slice(1).map((outputs, layer) => ({
    inputs: sizes[layer]!,
    outputs,
    isLast: layer === sizes.length - 2,
    kernel: weights[2 * layer]!,
    bias: weights[2 * layer + 1]!,
  }));
}

export interface Layer {
  readonly inputs: number;
  readonly outputs: number;
  readonly isLast: boolean;
  readonly kernel: Float32Array;
  readonly bias: Float32Array;
}

/** The samples and labels of each batch. */
export function batchesOf(task: Omit<TrainingTask, 'sizes' | 'weights'>): Batch[] {
  const { batch, batches, samples, labels } = task;
  const [inputs, classes] = [samples, labels].map(({ length }) => length / (batch * batches)) as [number, number];
  return Array.from({ length: batches }, (_, index) => ({
    samples: samples.subarray(index * batch * inputs, (index + 1) * batch * inputs),
    labels: labels.subarray(index * batch * classes, (index + 1) * batch * classes),
  }));
}

export interface Batch {
  readonly samples: Float32Array;
  readonly labels: Float32Array;
}
