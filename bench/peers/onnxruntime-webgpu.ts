import * as runtime from 'onnxruntime-web/webgpu';
import type { Start } from '../comparison/candidate.ts';
import { type Place, product } from './onnxruntime.ts';

export const start: Start = () =>
  Promise.resolve({ threads: 1, product: (task) => product(runtime, 'webgpu', task, placeOnDevice) });

const placeOnDevice: Place = async (values, dims) => {
  const device = await runtime.env.webgpu.device;
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
  const buffer = device.createBuffer({ size: values.byteLength, usage });
  device.queue.writeBuffer(buffer, 0, new Float32Array(values));
  return runtime.Tensor.fromGpuBuffer(buffer, { dataType: 'float32', dims, dispose: () => buffer.destroy() });
};
