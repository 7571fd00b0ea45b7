/**
 * Looks whether a program fits the adapter before anything is allocated for it: one that does not is refused as a whole, with
 * the numbers of what is furthest beyond. Workgroup memory is left out: every kernel does with what WebGPU promises
 * (`test/browser/kernel-variants.test.ts` has devices with no more), and the pipelines are made before the buffers anyway.
 */
import { BackendError } from '../../core/errors.ts';
import { bytesOf } from '../../compiler/program.ts';
import type { Needs } from '../backend.ts';

type Limit =
  | 'maxBufferSize'
  | 'maxStorageBufferBindingSize'
  | 'maxStorageBuffersPerShaderStage'
  | 'maxComputeWorkgroupsPerDimension';

/** Throws `BackendError` unless everything in it is within `limits`. */
export function requireFit(
  limits: Pick<GPUSupportedLimits, Limit>,
  { variables = [], constants = [], allocations = [], buffers = [], steps = [] }: Needs,
): void {
  let worst = 1;
  let found = '';
  const look = (what: string, needs: number, ...names: readonly Limit[]): void => {
    for (const name of names) {
      const share = needs / limits[name];
      if (share <= worst) continue;
      worst = share;
      found = `${what} needs ${needs}, ${name} of this adapter is ${limits[name]}`;
    }
  };
  const lookAt = (what: string, bytes: number): void =>
    look(what, bytes, 'maxBufferSize', 'maxStorageBufferBindingSize');
  steps.forEach(({ label, inputs, outputs, scratch, dispatches }, index) => {
    const what = `step ${index}, ${label}`;
    for (const place of [...outputs, ...inputs, ...scratch]) {
      lookAt(`${what}, '${buffers[place]!.label}'`, buffers[place]!.bytes);
    }
    for (const { bindings, grid } of dispatches) {
      look(what, Object.keys(bindings).length, 'maxStorageBuffersPerShaderStage');
      look(what, Math.max(...grid), 'maxComputeWorkgroupsPerDimension');
    }
  });
  for (const { name, type } of variables) lookAt(`'${name}'`, bytesOf(type));
  if (found === '') return;
  const bytes = [...variables, ...constants].reduce((sum, { type }) => sum + bytesOf(type), 0);
  const total = allocations.reduce((sum, allocation) => sum + allocation, bytes);
  throw new BackendError(
    `webgpu: ${found}; ${total} bytes in all: use smaller batches, stream the data, or use another backend`,
  );
}
