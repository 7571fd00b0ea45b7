/**
 * WebGPU in Node: `navigator.gpu` of Dawn, from the optional package `webgpu`. The benchmark and the examples call this
 * before they start a WebGPU engine outside a browser.
 */

/** The exports of the package. */
export interface Dawn {
  /** Takes Dawn's own switches, such as `adapter=…`. */
  create(switches: readonly string[]): GPU;
  /** Constants and classes that a page has as globals. */
  readonly globals: Readonly<Record<string, unknown>>;
}

const packageName = 'webgpu';

/** Installs `navigator.gpu` if it is missing. Throws an error with the remedy if the package is not installed. */
export async function provideGpu(
  load: () => Promise<unknown> = () => import(/* @vite-ignore */ packageName),
): Promise<void> {
  const { navigator } = globalThis as { readonly navigator?: Partial<Navigator> };
  if (navigator?.gpu !== undefined) return;
  let dawn: Dawn;
  try {
    dawn = (await load()) as Dawn;
  } catch (error) {
    throw new Error(
      `WebGPU in Node needs the package 'webgpu': npm install --no-save webgpu, or use --browser (${String(error)})`,
      { cause: error },
    );
  }
  Object.assign(globalThis, dawn.globals);
  const gpu = dawn.create([]);
  // Node 20 has no navigator; later versions have one that cannot be assigned to.
  Object.defineProperty(globalThis, 'navigator', { value: { ...navigator, gpu }, configurable: true });
}
