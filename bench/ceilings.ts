/**
 * What the machine allows at best, measured: multiply-adds with nothing to load, and copies. And what a training step
 * needs at least, by arithmetic. A share of such a ceiling says how much is left to gain.
 */
import { ceilingModule, hasRelaxedSimd, operationsPerTurn } from './ceiling-module.ts';
import { gpuCeilings } from './ceilings-webgpu.ts';
import { measure } from './measure.ts';

export interface Ceilings {
  /** 10⁹ floating-point operations a second; a multiply-add counts as two. */
  readonly gflops: number;
  /** 10⁹ bytes a second, read and written, of a block that stays in the cache, and of one that does not. */
  readonly cachedBandwidth: number;
  readonly memoryBandwidth: number;
  /** How they were measured. */
  readonly method: string;
}

const mebibyte = 2 ** 20;

export function measureCeilings(backend: 'wasm' | 'webgpu', threads: number, quick: boolean): Promise<Ceilings> {
  return backend === 'wasm' ? wasmCeilings(threads, quick) : gpuCeilings(quick);
}

/** The tenth percentile of the times, not the median: other work on the machine does not lower a ceiling. */
async function wasmCeilings(threads: number, quick: boolean): Promise<Ceilings> {
  const relaxed = hasRelaxedSimd();
  const options = { samples: quick ? 3 : 50, milliseconds: quick ? 0 : 200 };
  const module = await ceilingModule(relaxed, 128);
  const turns = 100_000;
  const multiply = await measure(() => void module.multiply_add(turns), options);
  const copy = async (bytes: number): Promise<number> => {
    const { p10 } = await measure(() => module.copy(64 * mebibyte, 0, bytes), options);
    return (2 * bytes) / p10 / 1e6;
  };
  const kind = relaxed ? 'fused multiply-adds (relaxed SIMD)' : 'separate multiplies and adds (plain SIMD)';
  const count = threads === 1 ? 'one thread' : `one thread, times ${threads}, memory not multiplied`;
  return {
    gflops: ((turns * operationsPerTurn) / multiply.p10 / 1e6) * threads,
    cachedBandwidth: (await copy(2 * mebibyte)) * threads,
    memoryBandwidth: await copy(64 * mebibyte),
    method: `WebAssembly, 12 independent accumulators of 4 lanes, ${kind}; memory.copy of 2 and 64 MiB; ${count}`,
  };
}

/** The multiply-adds and the bytes of a training step of dense layers with Adam. */
export interface StepWork {
  readonly operations: number;
  readonly stateBytes: number;
}

/**
 * @param sizes of the layers: [784, 128, 64, 10]
 *
 * Forward and the weights' gradients take 2·B·in·out operations each; so does the input's gradient, which the first
 * layer does not need. Adam reads the parameter, both moments and the gradient, and writes all but the gradient.
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

/** The least milliseconds for that work, were nothing else to do. */
export function floorMilliseconds({ operations, stateBytes }: StepWork, ceilings: Ceilings): number {
  return operations / (ceilings.gflops * 1e6) + stateBytes / (ceilings.cachedBandwidth * 1e6);
}
