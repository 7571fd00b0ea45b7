/**
 * Measured ceilings of the machine: multiply-adds without loads, and copies, on as many threads as the case uses. Also
 * the minimum work of a training step, by arithmetic. The ratio to a ceiling shows how much can still be gained.
 */
import { wasmCeilings } from './wasm.ts';
import { gpuCeilings } from './webgpu.ts';

export interface Ceilings {
  /** 10⁹ floating-point operations a second; a multiply-add counts as two. */
  readonly gflops: number;
  /** 10⁹ bytes a second, read and written, of a block that stays in the cache, and of one that does not. */
  readonly cachedBandwidth: number;
  readonly memoryBandwidth: number;
  /** How they were measured. */
  readonly method: string;
}

export interface CeilingOptions {
  readonly backend?: 'wasm' | 'webgpu';
  readonly threads?: number;
  /** Of wasm: fused multiply-adds, or separate ones. By default as this engine can. */
  readonly relaxed?: boolean;
  readonly quick?: boolean;
}

/** Ceiling on wasm: one thread unless `options` say otherwise. */
export function measureCeilings(options: CeilingOptions = {}): Promise<Ceilings> {
  return options.backend !== 'webgpu' ? wasmCeilings(options) : gpuCeilings(options.quick === true);
}

/** Minimum multiply-adds and bytes of a training step of dense layers with Adam. */
export interface StepWork {
  readonly operations: number;
  readonly stateBytes: number;
}

/**
 * Forward and the weights' gradients take 2·B·in·out operations each. So does the input's gradient, which the first
 * layer does not need. Adam reads the parameter, both moments and the gradient, and writes all but the gradient.
 *
 * @param sizes of the layers: [784, 128, 64, 10]
 */
export function trainingWork(sizes: readonly number[], batch: number): StepWork {
  let operations = 0;
  let parameters = 0;
  for (let layer = 1; layer < sizes.length; layer++) {
    const [inputs, outputs] = [sizes[layer - 1]!, sizes[layer]!];
    operations += (layer === 1 ? 4 : 6) * batch * inputs * outputs;
    parameters += inputs * outputs + outputs;
  }
  return { operations, stateBytes: 7 * 4 * parameters };
}

export interface RecurrentShape {
  readonly length: number;
  readonly batch: number;
  readonly features: number;
  readonly units: number;
  /** 4 for an LSTM. */
  readonly gates: number;
  readonly outputs: number;
  /** Parameters before the recurrent layer, of an embedding: its inputs have a gradient then. Default 0. */
  readonly embedded?: number;
}

/**
 * Minimum work of a recurrent layer over whole sequences and a dense layer on its last state. Each step takes the
 * products of the inputs and of the state with their kernels; the backward pass takes the gradients of the kernels, of
 * the state and, with an embedding, of the inputs. Activations are not counted.
 */
export function recurrentWork(shape: RecurrentShape): StepWork {
  const { length, batch, features, units, gates, outputs, embedded = 0 } = shape;
  const columns = gates * units;
  const once = 2 * length * batch * columns;
  const operations = once * ((embedded > 0 ? 3 : 2) * features + 3 * units) + 6 * batch * units * outputs;
  const parameters = embedded + (features + units + 1) * columns + (units + 1) * outputs;
  return { operations, stateBytes: 7 * 4 * parameters };
}

/** Minimum time of that work in milliseconds. */
export function floorMilliseconds({ operations, stateBytes }: StepWork, ceilings: Ceilings): number {
  return operations / (ceilings.gflops * 1e6) + stateBytes / (ceilings.cachedBandwidth * 1e6);
}
