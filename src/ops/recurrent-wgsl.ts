/** The dispatches of the recurrent op and of its gradient on WebGPU. */
import type { GpuKernel } from '../graph/kernel.ts';
import type { RecurrentAttributes } from './recurrent-cell.ts';

export const recurrentGpu: readonly GpuKernel<RecurrentAttributes>[] = [];
export const recurrentGradientGpu: readonly GpuKernel<RecurrentAttributes>[] = [];
