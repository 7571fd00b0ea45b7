/** A copy shader: the maximum bandwidth of a GPU. The suite `memory` reports it next to WebAssembly's copies. */
import type { Execution } from '../executions.ts';
import { withTimestamps } from '../gpu-timer.ts';

const workgroup = 256;

const shader = /* wgsl */ `
@group(0) @binding(0) var<storage, read> source: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> copied: array<vec4f>;

@compute @workgroup_size(${workgroup})
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x < arrayLength(&copied)) { copied[id.x] = source[id.x]; }
}`;

/** @param bytes size of the copied block: a multiple of 16, at most 128 MiB, which every device can bind */
export async function gpuCopy(bytes: number): Promise<Execution> {
  const timed = withTimestamps(navigator.gpu);
  const adapter = await timed.gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) throw new Error('there is no WebGPU adapter here');
  const device = await adapter.requestDevice();
  const pipeline = await device.createComputePipelineAsync({
    layout: 'auto',
    compute: { module: device.createShaderModule({ code: shader }), entryPoint: 'main' },
  });
  const buffers = [0, 1].map(() => device.createBuffer({ size: bytes, usage: GPUBufferUsage.STORAGE }));
  const group = device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: buffers.map((buffer, binding) => ({ binding, resource: { buffer } })),
  });
  return {
    timer: timed.timer ?? undefined,
    async run(repeats) {
      const encoder = device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, group);
      for (let repeat = 0; repeat < repeats; repeat++) pass.dispatchWorkgroups(Math.ceil(bytes / 16 / workgroup));
      pass.end();
      device.queue.submit([encoder.finish()]);
      await device.queue.onSubmittedWorkDone();
    },
    dispose: () => device.destroy(),
  };
}
