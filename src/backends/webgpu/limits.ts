/**
 * Checks whether a program fits the adapter before anything is allocated. A program that does not fit is rejected as a
 * whole, with the numbers of the limit that it exceeds most. Workgroup memory is not checked: every kernel needs at
 * most what WebGPU guarantees (`test/browser/kernel-variants.test.ts` runs on devices with no more), and pipelines are
 * created before buffers.
 */
import { BackendError } from '../../core/errors.ts';
import { bytesOf } from '../../compiler/program.ts';
import type { Needs } from '../backend.ts';

type Limit = 'maxStorageBufferBindingSize' | 'maxStorageBuffersPerShaderStage' | 'maxComputeWorkgroupsPerDimension';

/**
 * Throws `BackendError` unless everything in `needs` is within `limits`. Checking bindings also covers buffers: an
 * adapter's buffer limit is never below its binding limit.
 */
export function requireFit(
  limits: Pick<GPUSupportedLimits, Limit>,
  { variables = [], constants = [], allocations = [], buffers = [], steps = [] }: Needs,
): void {
  let worst = 1;
  let found = '';
  const compare = (what: string, needs: number, name: Limit = 'maxStorageBufferBindingSize'): void => {
    const ratio = needs / limits[name];
    if (ratio <= worst) return;
    worst = ratio;
    found = `${what} needs ${needs}, ${name} of this adapter is ${limits[name]}`;
  };
  steps.forEach(({ label, inputs, outputs, scratch, dispatches }, index) => {
    const what = `step ${index}, ${label}`;
    for (const buffer of [...outputs, ...inputs, ...scratch]) {
      compare(`${what}, '${buffers[buffer]!.label}'`, buffers[buffer]!.bytes);
    }
    for (const { bindings, grid } of dispatches) {
      compare(what, Object.keys(bindings).length, 'maxStorageBuffersPerShaderStage');
      compare(what, Math.max(...grid), 'maxComputeWorkgroupsPerDimension');
    }
  });
  let total = 0;
  for (const bytes of allocations) total += bytes;
  for (const { type } of constants) total += bytesOf(type);
  for (const { name, type } of variables) {
    total += bytesOf(type);
    compare(`'${name}'`, bytesOf(type));
  }
  if (found === '') return;
  throw new BackendError(`webgpu: ${found}; ${total} bytes in all: use smaller batches or another backend`);
}
