/**
 * The ceilings of a WebGPU device: a shader that only multiplies and adds in registers, and copies between two buffers.
 */
import type { Ceilings } from './ceilings.ts';
import { measure, repeatsFor } from '../measure.ts';

const turns = 256;
const workgroups = 1024;
const accumulators = 8;

/** Every invocation has 8 vectors of four. The result is stored so that no compiler drops the work. */
const shader = /* wgsl */ `
@group(0) @binding(0) var<storage, read_write> out: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let x = vec4f(f32(id.x & 7u)) * 0.125f;
  let y = x * 0x1p-10f;
  ${Array.from({ length: accumulators }, (_, index) => `var s${index} = x;`).join(' ')}
  for (var turn = 0u; turn < ${turns}u; turn++) {
    ${Array.from({ length: accumulators }, (_, index) => `s${index} = s${index} * x + y;`).join(' ')}
  }
  out[id.x] = ${Array.from({ length: accumulators }, (_, index) => `s${index}`).join(' + ')};
}`;

export async function gpuCeilings(quick: boolean): Promise<Ceilings> {
  const adapter = await navigator.gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) throw new Error('there is no WebGPU adapter here');
  const device = await adapter.requestDevice();
  const options = { warmUp: 2, samples: quick ? 2 : 10, milliseconds: quick ? 0 : 200, atMost: 3000 };
  try {
    const multiply = await multiplyAdd(device);
    const repeats = quick ? 1 : await repeatsFor(multiply.run);
    const times = await measure(() => multiply.run(repeats), options);
    const copy = async (bytes: number): Promise<number> => {
      const { p10 } = await measure(copier(device, bytes), options);
      return (2 * bytes * copiesPerRun) / p10 / 1e6;
    };
    return {
      gflops: (repeats * multiply.operations) / times.p10 / 1e6,
      cachedBandwidth: await copy(2 ** 21),
      memoryBandwidth: await copy(quick ? 2 ** 22 : 2 ** 26),
      method: 'WebGPU, 8 independent vec4f accumulators an invocation; copyBufferToBuffer of 2 and 64 MiB',
    };
  } finally {
    device.destroy();
  }
}

interface MultiplyAdd {
  /** So often in one submission, which alone may take longer than the work. */
  run(repeats: number): Promise<void>;
  /** Of one. */
  readonly operations: number;
}

async function multiplyAdd(device: GPUDevice): Promise<MultiplyAdd> {
  const pipeline = await device.createComputePipelineAsync({
    layout: 'auto',
    compute: { module: device.createShaderModule({ code: shader }), entryPoint: 'main' },
  });
  const out = device.createBuffer({ size: workgroups * 64 * 16, usage: GPUBufferUsage.STORAGE });
  const layout = pipeline.getBindGroupLayout(0);
  const group = device.createBindGroup({ layout, entries: [{ binding: 0, resource: { buffer: out } }] });
  const run = async (repeats: number): Promise<void> => {
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    for (let repeat = 0; repeat < repeats; repeat++) pass.dispatchWorkgroups(workgroups);
    pass.end();
    device.queue.submit([encoder.finish()]);
    await device.queue.onSubmittedWorkDone();
  };
  return { run, operations: workgroups * 64 * turns * accumulators * 4 * 2 };
}

/** Several per submit: a submit alone takes some ten microseconds. */
const copiesPerRun = 8;

function copier(device: GPUDevice, size: number): () => Promise<void> {
  const usage = GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
  const [from, to] = [device.createBuffer({ size, usage }), device.createBuffer({ size, usage })];
  return async () => {
    const encoder = device.createCommandEncoder();
    for (let copy = 0; copy < copiesPerRun; copy++) encoder.copyBufferToBuffer(from, 0, to, 0, size);
    device.queue.submit([encoder.finish()]);
    await device.queue.onSubmittedWorkDone();
  };
}
