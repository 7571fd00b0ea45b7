/**
 * Page module: parts of the WebGPU backend that the op cases do not cover: kernels for large shapes, many steps in one
 * submit, writes of odd sizes, failures. Called by ../webgpu-backend.test.ts.
 */
import { gradients } from '../../../src/autodiff/gradients.ts';
import type { Backend } from '../../../src/backends/backend.ts';
import { ReferenceBackend } from '../../../src/backends/reference/index.ts';
import { Device } from '../../../src/backends/webgpu/device.ts';
import { WebGPUBackend } from '../../../src/backends/webgpu/index.ts';
import { Pipelines } from '../../../src/backends/webgpu/pipelines.ts';
import { uniform } from '../../../src/core/random.ts';
import { sizeOf } from '../../../src/core/shape.ts';
import type { Shape } from '../../../src/core/shape.ts';
import { Engine } from '../../../src/engine.ts';
import type { Node, Variable } from '../../../src/graph/node.ts';
import * as ops from '../../../src/ops/index.ts';

/** A variable with values in [-1, 1) that depend only on the shape and `stream`. */
function filled(shape: Shape, stream = 0): Variable {
  const initialize = (): Float32Array => uniform([7, sizeOf(shape)], sizeOf(shape), stream).map((draw) => 2 * draw - 1);
  return ops.variable(shape, { initialize });
}

async function outputsOn(backend: Backend, outputs: Record<string, Node>): Promise<Record<string, number[]>> {
  const engine = new Engine(backend);
  const executable = await engine.compile({ outputs });
  executable.run();
  const names = Object.keys(outputs);
  const values = await Promise.all(names.map((name) => executable.read(name)));
  engine.dispose();
  return Object.fromEntries(names.map((name, index) => [name, Array.from(values[index]!)]));
}

/** The maximum difference between WebGPU and the reference for each output; two NaNs count as equal. */
async function compare(outputs: Record<string, Node>): Promise<Record<string, number>> {
  const got = await outputsOn(await WebGPUBackend.create(), outputs);
  const want = await outputsOn(new ReferenceBackend(), outputs);
  const difference = (a: number, b: number): number => (Object.is(a, b) ? 0 : Math.abs(a - b));
  const greatest = (name: string): number =>
    got[name]!.reduce((most, value, index) => {
      const error = difference(value, want[name]![index]!);
      return Number.isNaN(error) || error > most ? error : most;
    }, 0);
  return Object.fromEntries(Object.keys(outputs).map((name) => [name, greatest(name)]));
}

/** Products that use each tile, with an epilogue, in all four transpositions. */
export function products(): Promise<Record<string, number>> {
  const outputs: Record<string, Node> = {};
  const shapes = {
    plain: [70, 3, 50],
    small: [40, 100, 36],
    smallOdd: [33, 101, 37],
    medium: [204, 40, 196],
    odd: [203, 41, 197],
  };
  for (const [name, [m, k, n]] of Object.entries(shapes) as [string, [number, number, number]][]) {
    for (const transposeA of [false, true]) {
      for (const transposeB of [false, true]) {
        const a = filled(transposeA ? [k, m] : [m, k]);
        const b = filled(transposeB ? [n, k] : [k, n]);
        const y = ops.matmul(a, b, { transposeA, transposeB });
        outputs[`${name}${transposeA ? ' Aᵀ' : ''}${transposeB ? ' Bᵀ' : ''}`] = ops.tanh(ops.add(y, filled([n])));
      }
    }
  }
  outputs['batched'] = ops.matmul(filled([40, 33, 20]), filled([20, 35]));
  outputs['more matrices than groups'] = ops.matmul(filled([70_000, 4, 4]), filled([4, 4]));
  return compare(outputs);
}

/** Reductions of rows and columns, in one dispatch and in parts, with a NaN in the last part. */
export function reductions(): Promise<Record<string, number>> {
  const spoilt = ops.variable([9000], { initialize: () => new Float32Array(9000).fill(1).fill(NaN, 8999) });
  return compare({
    'sum of parts': ops.sum(filled([20_001])),
    'mean of parts of rows': ops.mean(filled([3, 9001]), 1),
    'sum of parts of columns': ops.sum(filled([5000, 7]), 0),
    'greatest of parts of columns': ops.max(filled([2, 3001, 5]), 1),
    'squares in parts': ops.sumOfSquares(filled([20_001])),
    'NaN in a part': ops.max(spoilt),
    'many rows': ops.sum(filled([70_000, 65]), 1),
    'argMax of many rows': ops.argMax(filled([70_000, 65]), 1),
    'softmax of many rows': ops.softmax(filled([70_000, 20])),
  });
}

/** An element-wise kernel over more elements than one row of workgroups covers. Returns the indices of wrong values. */
export async function manyElements(count: number): Promise<number[]> {
  const engine = new Engine(await WebGPUBackend.create());
  const x = ops.variable([count], {
    dtype: 'int32',
    initialize: () => Int32Array.from({ length: count }, (_, i) => i),
  });
  const executable = await engine.compile({ outputs: { y: ops.add(ops.cast(x, 'float32'), 1) } });
  executable.run();
  const y = await executable.read('y');
  engine.dispose();
  const wrong: number[] = [];
  for (let index = 0; index < count && wrong.length < 3; index++) if (y[index] !== index + 1) wrong.push(index);
  return wrong;
}

/** Trains a classifier with momentum for 12 steps, `steps` at a time. Returns the losses and the first weights. */
async function train(backend: Backend, steps: number): Promise<number[]> {
  const engine = new Engine(backend);
  const data = filled([40, 6]);
  const labels = ops.variable([40], {
    dtype: 'int32',
    initialize: () => Int32Array.from({ length: 40 }, (_, i) => i % 3),
  });
  const [w1, b1, w2] = [filled([6, 20], 1), filled([20], 2), filled([20, 3], 3)];
  const slots = [w1, b1, w2].map(({ shape }) => ops.variable(shape));
  const cursor = ops.variable([], { dtype: 'int32' });
  const losses = ops.variable([12]);
  const hidden = ops.relu(ops.add(ops.matmul(ops.gatherBatch(data, null, cursor, { batch: 40 }), w1), b1));
  const loss = ops.mean(ops.sparseSoftmaxCrossEntropy(labels, ops.matmul(hidden, w2)));
  const slopes = gradients(loss, [w1, b1, w2]);
  const moved = slots.map((slot, index) => ops.add(ops.mul(slot, 0.9), slopes[index]!));
  const step = ops.variable([], { dtype: 'int32' });
  const executable = await engine.compile({
    updates: [
      ...slots.map((slot, index) => [slot, moved[index]!] as const),
      ...[w1, b1, w2].map((weights, index) => [weights, ops.sub(weights, ops.mul(moved[index]!, 0.1))] as const),
      [losses, ops.storeRows(losses, step, ops.reshape(loss, [1]))],
      [step, ops.increment(step)],
    ],
  });
  for (let done = 0; done < 12; done += steps) executable.run(steps);
  const result = [...(await engine.read(losses)), ...(await engine.read(w1))];
  engine.dispose();
  return result;
}

export async function training(): Promise<{ reference: number[]; byOne: number[]; atOnce: number[] }> {
  return {
    reference: await train(new ReferenceBackend(), 1),
    byOne: await train(await WebGPUBackend.create(), 1),
    atOnce: await train(await WebGPUBackend.create(), 12),
  };
}

/** A counter after more steps than fit into one submit. */
export async function count(steps: number): Promise<number> {
  const engine = new Engine(await WebGPUBackend.create());
  const counter = ops.variable([], { dtype: 'int32' });
  const executable = await engine.compile({ updates: [[counter, ops.increment(counter)]] });
  executable.run(steps);
  const [value] = await engine.read(counter);
  engine.dispose();
  return value!;
}

/**
 * Writes bytes that do not fill whole words, some at the end of a buffer, and reads them into a new or an existing array. Returns
 * the indices of wrong values.
 */
export async function oddBytes(): Promise<number[]> {
  const engine = new Engine(await WebGPUBackend.create());
  const buffer = ops.variable([37], { dtype: 'uint8', initialize: () => new Uint8Array(37).fill(9) });
  const expected = new Uint8Array(37).fill(9);
  for (let offset = 0; offset < 37; offset += 4) {
    for (const length of [0, 4, 8, 37 - offset].filter((end) => offset + end <= 37)) {
      const values = new Uint8Array(length + 1).map((_, index) => offset * 10 + index + length).subarray(1);
      engine.write(buffer, values, offset);
      expected.set(values, offset);
    }
  }
  const got = await engine.read(buffer);
  const into = new Uint8Array(41).subarray(3, 40);
  const same = await engine.read(buffer, into);
  engine.dispose();
  if (same !== into) throw new Error('another array was returned than the one to read into');
  return Array.from(expected.keys()).filter((index) => got[index] !== expected[index] || into[index] !== got[index]);
}

/** Reads requested between runs see the results of earlier runs only. */
export async function readsBetweenRuns(): Promise<number[]> {
  const engine = new Engine(await WebGPUBackend.create());
  const counter = ops.variable([], { dtype: 'int32' });
  const executable = await engine.compile({ updates: [[counter, ops.increment(counter)]] });
  const reads: Promise<ArrayLike<number>>[] = [];
  for (let round = 0; round < 5; round++) {
    executable.run(round);
    reads.push(engine.read(counter));
  }
  const values = (await Promise.all(reads)).map((read) => read[0]!);
  engine.dispose();
  return values;
}

const messageOf = (error: unknown): string => `${(error as Error).name}: ${(error as Error).message}`;

/** The errors for allocations that are too large, and for use of a disposed backend. */
export async function failures(): Promise<string[]> {
  const backend = await WebGPUBackend.create();
  const messages: string[] = [];
  try {
    backend.allocate({ shape: [2 ** 31 - 1], dtype: 'float32' }, 'images');
  } catch (error) {
    messages.push(messageOf(error));
  }
  const small = backend.allocate({ shape: [3], dtype: 'float32' }, 'small');
  const waiting = backend.read(small);
  backend.dispose();
  for (const read of [waiting, backend.read(small), backend.finished()]) {
    messages.push(await read.then(() => 'nothing', messageOf));
  }
  return messages;
}

/** The error of a shader that does not compile. */
export async function faultyShader(): Promise<string> {
  const device = await Device.acquire({});
  const dispatch = ops.increment.op.kernels.webgpu[0]!.lower({
    attributes: { by: 1 },
    inputs: [],
    outputs: [],
    inPlace: [],
  })[0]!;
  const shader = { ...dispatch.shader, name: 'faulty', code: dispatch.shader.code.replace('+=', '+= missing *') };
  const message = await new Pipelines(device).prepare([{ ...dispatch, shader }]).then(() => 'nothing', messageOf);
  device.dispose();
  return message;
}

let survivor: { backend: WebGPUBackend; buffer: ReturnType<WebGPUBackend['allocate']> } | null = null;

/** Creates a backend in the page for a later device loss. */
export async function start(): Promise<number[]> {
  const backend = await WebGPUBackend.create();
  const buffer = backend.allocate({ shape: [2], dtype: 'float32' }, 'values');
  backend.write(buffer, Float32Array.of(1, 2));
  survivor = { backend, buffer };
  return Array.from(await backend.read(buffer));
}

/** The error of that backend after the loss, and the values that a new one reads. */
export async function afterLoss(): Promise<{ message: string; again: number[] }> {
  const { backend, buffer } = survivor!;
  const message = await backend.read(buffer).then(() => 'nothing', messageOf);
  return { message, again: await start() };
}
