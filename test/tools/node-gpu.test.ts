/** WebGPU in Node, with a fake Dawn package: detection, and the message if it is not installed. */
import { afterEach, expect, it, vi } from 'vitest';
import { provideGpu } from '../../tools/node-gpu.ts';

afterEach(() => {
  vi.unstubAllGlobals();
});

it('gives Node what a page has', async () => {
  vi.stubGlobal('navigator', undefined);
  vi.stubGlobal('GPUBufferUsage', undefined);
  const gpu = { requestAdapter: () => Promise.resolve(null) };
  await provideGpu(() => Promise.resolve({ create: () => gpu, globals: { GPUBufferUsage: { STORAGE: 128 } } }));
  expect(globalThis.navigator.gpu).toBe(gpu);
  expect(GPUBufferUsage.STORAGE).toBe(128);
});

it('leaves the WebGPU that is there alone', async () => {
  const gpu = {};
  vi.stubGlobal('navigator', { gpu });
  await provideGpu(() => Promise.reject(new Error('not asked for')));
  expect(globalThis.navigator.gpu).toBe(gpu);
});

it('says which package to install', async () => {
  vi.stubGlobal('navigator', undefined);
  await expect(provideGpu(() => Promise.reject(new Error('Cannot find package')))).rejects.toThrow(
    /npm install --no-save webgpu, or use --browser \(Error: Cannot find package\)/,
  );
});
