/** Handmade model files: architectures without tensors, headers only, and a file with most features of the format. */
import { expect } from 'vitest';
import { model as functional } from '../../src/model/make-model.ts';
import { FormatError } from '../../src/core/errors.ts';
import { input } from '../../src/nn/symbolic-input.ts';
import { layerRegistry } from '../../src/nn/layer-registry.ts';
import type { LayerRegistry } from '../../src/nn/layer-registry.ts';
import { add } from '../../src/nn/layers/add.ts';
import { dense } from '../../src/nn/layers/dense.ts';
import { flatten } from '../../src/nn/layers/flatten.ts';
import { lstm } from '../../src/nn/layers/lstm.ts';
import { adam } from '../../src/optim/adam.ts';
import { linearWarmup, piecewiseConstant } from '../../src/optim/schedules.ts';
import { loadModel } from '../../src/files/load.ts';
import type { Model } from '../../src/model/model.ts';
import { encodeSafetensors } from '../../src/files/safetensors.ts';
import { save } from '../../src/files/save.ts';
import { referenceEngine } from './models.ts';

export const layers: LayerRegistry = layerRegistry;
export const load = (file: Uint8Array): Model => loadModel(file, { layers, engine: referenceEngine() });

/** A model file without tensors. */
export const fileOf = (architecture: object): Uint8Array =>
  encodeSafetensors(new Map(), new Map([['gradlet', JSON.stringify(architecture)]]));

export const chainOf = (count: number, config: object = {}): object => ({
  format: 'gradlet-model',
  version: 1,
  name: 'm',
  seed: 1,
  inputShape: [2],
  layers: Array.from({ length: count }, () => ({ kind: 'flatten', config })),
  graph: null,
  training: null,
});

/** One layer called `calls` times in sequence; the last result is merged `inputs` times. */
export const graphOf = (calls: number, inputs: number): object => ({
  ...chainOf(0),
  inputShape: null,
  layers: [{ kind: 'input', config: { shape: [2] } }, ...['flatten', 'add'].map((kind) => ({ kind, config: {} }))],
  graph: {
    calls: [
      { layer: 0, inputs: [] },
      ...Array.from({ length: calls - 2 }, (_, index) => ({ layer: 1, inputs: [index] })),
      { layer: 2, inputs: new Array<number>(inputs).fill(calls - 2) },
    ],
    inputs: [0],
    output: calls - 1,
  },
});

/** A file that consists of this header only. */
export function withHeader(header: string): Uint8Array {
  const encoded = new TextEncoder().encode(header);
  const file = new Uint8Array(8 + encoded.length);
  new DataView(file.buffer).setBigUint64(0, BigInt(encoded.length), true);
  file.set(encoded, 8);
  return file;
}

/** Branches, a schedule, several outputs and a nested layer: most features of the format. */
export async function sample(): Promise<Uint8Array> {
  const x = input({ shape: [3, 2], name: 'x' });
  const [, state] = lstm({ units: 2, returnState: true }).apply(x) as unknown as (typeof x)[];
  const inner = layers['timeDistributed']!({ layer: { kind: 'dense', config: { units: 2 } } }, layers).apply(x);
  const flat = dense({ units: 2, useBias: false }).apply(flatten().apply(inner));
  const model = functional({ inputs: x, outputs: add().apply([state!, flat]), engine: referenceEngine(), seed: 1 });
  const after = piecewiseConstant({ boundaries: [2, 4], values: [0.1, 0.2, 0.3] });
  const learningRate = linearWarmup({ warmupSteps: 3, after });
  model.compile({ optimizer: adam({ learningRate }), loss: 'mse', metrics: ['mae'] });
  return save(model);
}

/** Returns whether `read` throws; fails unless the error is a FormatError. */
export function refused(read: () => unknown): boolean {
  try {
    read();
  } catch (error) {
    expect(error).toBeInstanceOf(FormatError);
    return true;
  }
  return false;
}
