/**
 * Looks whether a program fits the adapter before anything is allocated for it: one that does not is refused as a whole, with
 * the numbers of what is furthest beyond. Workgroup memory is left out: every kernel does with what WebGPU promises
 * (`test/browser/kernel-variants.test.ts` has devices with no more), and the pipelines are made before the buffers anyway.
 */
import { BackendError } from '../../core/errors.ts';
import { bytesOf } from '../../compiler/program.ts';
import type { Needs } from '../backend.ts';

type Limit = 'maxStorageBufferBindingSize' | 'maxStorageBuffersPerShaderStage' | 'maxComputeWorkgroupsPerDimension';

/** Throws `BackendError` unless everything in it is within `limits`. No limit of a buffer is below that of a binding. */
export function requireFit(
  limits: Pick<GPUSupportedLimits, Limit>,
  { variables = [], constants = [], allocations = [], buffers = [], steps = [] }: Needs,
): void {
  let worst = 1;
  let found = '';
  const look = (what: string, needs: number, name: Limit = 'maxStorageBufferBindingSize'): void => {
    const share = needs / limits[name];
    if (share <= worst) return;
    worst = share;
    found = `${what} needs ${needs}, ${name} of this adapter is ${limits[name]}`;
  };
  steps.forEach(({ label, inputs, outputs, scratch, dispatches }, index) => {
    const what = `step ${index}, ${label}`;
    for (const place of [...outputs, ...inputs, ...scratch]) {
      look(`${what}, '${buffers[place]!.label}'`, buffers[place]!.bytes);
    }
    for (const { bindings, grid } of dispatches) {
      look(what, Object.keys(bindings).length, 'maxStorageBuffersPerShaderStage');
      look(what, Math.max(...grid), 'maxComputeWorkgroupsPerDimension');
    }
  });
  let total = 0;
  for (const bytes of allocations) total += bytes;
  for (const { type } of constants) total += bytesOf(type);
  for (const { name, type } of variables) {
    total += bytesOf(type);
    look(`'${name}'`, bytesOf(type));
  }
  if (found === '') return;
  throw new BackendError(`webgpu: ${found}; ${total} bytes in all: use smaller batches or another backend`);
}
