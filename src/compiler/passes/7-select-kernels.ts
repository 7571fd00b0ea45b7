/**
 * Seventh pass: selects the kernel of each step, which is the variant requested by name or the first that fits the
 * shapes and the device, and lowers the step to calls or dispatches.
 */
import { sizeOf } from '../../core/shape.ts';
import type { DeviceTraits, GpuKernel, StepTypes, WasmKernel } from '../../graph/kernel.ts';
import type { TensorType } from '../../graph/op.ts';
import type { ProgramStep, Target } from '../program.ts';
import type { ScheduledStep } from './step.ts';

export interface KernelChoice {
  /** Traits of the device that will run the program. */
  readonly device?: DeviceTraits | undefined;
  /** Names of kernels by op or by `kernelKey`. */
  readonly kernels?: Readonly<Record<string, string>>;
}

/** A step's kernel; `scratch` has the bytes of each scratch buffer. */
export type Selected = Pick<ProgramStep, 'kernel' | 'calls' | 'dispatches' | 'scratch'>;

const nothing: Selected = { kernel: '', scratch: [], calls: [], dispatches: [] };

/** The key under which the fastest kernel is stored: `matmul 32x784 784x128 128 {"transposeA":false,…}`. */
export function kernelKey(op: string, inputs: readonly TensorType[], attributes: unknown): string {
  return [op, ...inputs.map(({ shape }) => shape.join('x')), JSON.stringify(attributes)].join(' ');
}

/**
 * Selects the requested variant, or the first that fits the shapes, and lowers the step. A step without output elements
 * gets no calls.
 */
export function selectKernel(step: ScheduledStep, target: Target, { device, kernels }: KernelChoice): Selected {
  if (target === 'reference') return nothing;
  const types: StepTypes<typeof step.attributes> = { ...step, epilogue: step.op.epilogue, device };
  if (types.outputs.every(({ shape }) => sizeOf(shape) === 0)) return nothing;
  const { name: op, kernels: all } = step.op;
  const variants = (all[target] as readonly (GpuKernel<never> | WasmKernel<never>)[]).filter(
    (variant) => variant.requires?.(types as never) !== false,
  );
  const wanted = variants[1] && kernels && (kernels[op] ?? kernels[kernelKey(op, types.inputs, types.attributes)]);
  const kernel =
    variants.find(({ name }) => name === wanted) ??
    variants.find((variant) => variant.when?.(types as never) !== false)!; // the last has no `when`
  return {
    ...nothing,
    kernel: kernel.name,
    scratch: kernel.scratch?.(types as never) ?? [],
    [target === 'wasm' ? 'calls' : 'dispatches']: kernel.lower(types as never),
  };
}
