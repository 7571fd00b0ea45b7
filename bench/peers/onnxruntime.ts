/** onnxruntime-web: only the product, as a model with one node. It does not train. */
import type * as Runtime from 'onnxruntime-web';
import type { Product, ProductTask } from '../comparison/candidate.ts';
import { onnxProduct } from '../comparison/onnx-model.ts';

/** Copies a matrix to where the model reads it. */
export type Place = (values: Float32Array, dims: readonly number[]) => Promise<Runtime.Tensor>;

export async function product(
  { InferenceSession }: typeof Runtime,
  backend: 'wasm' | 'webgpu',
  { size, a, b }: ProductTask,
  place: Place,
): Promise<Product> {
  const session = await InferenceSession.create(onnxProduct(size), { executionProviders: [backend] });
  const feeds = { a: await place(a, [size, size]), b: await place(b, [size, size]) };
  return {
    run: async () => (await session.run(feeds)).y!.data as Float32Array,
    dispose() {
      feeds.a.dispose();
      feeds.b.dispose();
      void session.release();
    },
  };
}
