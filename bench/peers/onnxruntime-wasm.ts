import * as runtime from 'onnxruntime-web/wasm';
import type { Start } from '../comparison/candidate.ts';
import { product } from './onnxruntime.ts';

/** This backend has no device memory for inputs: every run copies them into its heap. */
export const start: Start = () => {
  const threads = navigator.hardwareConcurrency;
  runtime.env.wasm.numThreads = threads;
  return Promise.resolve({
    threads,
    product: (task) =>
      product(runtime, 'wasm', task, (values, dims) => Promise.resolve(new runtime.Tensor(values, dims))),
  });
};
