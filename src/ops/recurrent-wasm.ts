/** How the recurrent op and its gradient are called on WebAssembly. */
import type { WasmKernel } from '../graph/kernel.ts';
import type { RecurrentAttributes } from './recurrent-cell.ts';

export const recurrentWasm: readonly WasmKernel<RecurrentAttributes>[] = [];
export const recurrentGradientWasm: readonly WasmKernel<RecurrentAttributes>[] = [];
