/**
 * Times the first step in a fresh page or process, stage by stage. It imports nothing of gradlet before the clock
 * starts, and then the bundle of first-step.ts.
 */
import type { EngineRequest } from '../start-engine.ts';
import type { firstStep } from './first-step.ts';

export interface ColdRequest {
  readonly engine: EngineRequest;
  /** The address of the bundle. */
  readonly bundle: string;
}

/** The folder of the bundles, relative to the project root. */
export const startFolder = 'build/start';

/** Milliseconds of each stage, in order. */
export interface ColdStart {
  readonly threads: number;
  /** What the engine ran on, in its own words. */
  readonly device: string;
  readonly stages: Readonly<Partial<Record<Stage, number>>>;
}

export const stages = ['import', 'unpack', 'engine', 'program', 'step'] as const;
export type Stage = (typeof stages)[number];

const sizes = [784, 128, 64, 10];
const batch = 32;

export async function coldStart({ engine, bundle }: ColdRequest): Promise<ColdStart> {
  const samples = Float32Array.from({ length: batch * sizes[0]! }, (_, index) => Math.abs(Math.sin(index)));
  const labels = Float32Array.from({ length: batch * sizes.at(-1)! }, (_, index) => Number(index % 11 === 0));
  const ends: [Stage, number][] = [];
  const mark = (stage: Stage): void => {
    if (!ends.some(([earlier]) => earlier === stage)) ends.push([stage, performance.now()]);
  };
  // the time before the first binary is used is decoding and inflating
  watchWebAssembly(() => mark('unpack'));
  const start = performance.now();
  const module = (await import(bundle)) as { readonly firstStep: typeof firstStep };
  mark('import');
  const { threads, description } = await module.firstStep({ engine, sizes, batch, samples, labels, mark });
  mark('step');
  const lengths = ends.map(([stage, end], index) => [stage, end - (ends[index - 1]?.[1] ?? start)]);
  return { threads, device: description, stages: Object.fromEntries(lengths) as ColdStart['stages'] };
}

/** Calls `onUse` whenever a binary is validated or compiled. */
function watchWebAssembly(onUse: () => void): void {
  for (const name of ['validate', 'compile', 'instantiate'] as const) {
    const original = WebAssembly[name] as (...given: unknown[]) => unknown;
    const watched = (...given: unknown[]): unknown => {
      onUse();
      return original.apply(WebAssembly, given);
    };
    Object.assign(WebAssembly, { [name]: watched });
  }
  WebAssembly.Module = new Proxy(WebAssembly.Module, {
    construct(original, given: [BufferSource]) {
      onUse();
      return new original(...given);
    },
  });
}
