/**
 * The programs whose size is measured, with the budget of each. `npm run size` prints the sizes; a test enforces the
 * budgets.
 */
export interface SizedProgram {
  readonly entry: string;
  /** What the page does. */
  readonly what: string;
  /** Kilobytes, minified and gzipped: what the page loads before it needs a chunk on demand, such as threads. */
  readonly budget: number;
}

export const sizedPrograms: readonly SizedProgram[] = [
  { entry: 'bench/size/graph.ts', what: 'trains a graph, both backends', budget: 51.5 },
  { entry: 'bench/size/graph-wasm.ts', what: 'trains a graph, WebAssembly only', budget: 43.5 },
  { entry: 'bench/size/graph-webgpu.ts', what: 'trains a graph, WebGPU only', budget: 35.5 },
  { entry: 'bench/size/train-dense.ts', what: 'trains a model of dense layers', budget: 91.5 },
  { entry: 'bench/size/predict-dense.ts', what: 'predicts with a saved model of dense layers', budget: 98.5 },
  { entry: 'bench/size/predict-any.ts', what: 'predicts with a saved model of any layers', budget: 132 },
];
