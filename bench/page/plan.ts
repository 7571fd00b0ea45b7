/** What the page offers, and the number of steps of a run. */
import { rounds } from '../start/repeat.ts';
import type { BackendName, Setting } from '../suite.ts';
import { start, suites } from '../suites/index.ts';

export interface Options {
  readonly backends: readonly BackendName[];
  readonly suites: readonly string[];
  readonly quick: boolean;
  readonly threads: number;
}

export interface Offer {
  readonly suite: string;
  readonly title: string;
  readonly description: string;
  steps(setting: Setting): number;
}

const titles: Readonly<Record<string, string>> = {
  memory: 'Memory bandwidth',
  matmul: 'Matrix products',
  elementwise: 'Element-wise, softmax, norms',
  step: 'Training step',
  start: 'Cold start',
};

/** The displayed name: `Matrix products`. */
export const titleOf = (suite: string): string => titles[suite] ?? suite;

export const backendTitles: Readonly<Record<BackendName, string>> = { wasm: 'WebAssembly', webgpu: 'WebGPU' };

export const offers: readonly Offer[] = [
  ...suites.flatMap(({ name, description, cases }) =>
    cases === undefined ? [] : [{ name, description, steps: (setting: Setting) => cases(setting).length }],
  ),
  { ...start, description: 'import to first finished step in a fresh worker, stage by stage', steps: roundsOf },
].map(({ name, description, steps }) => ({ suite: name, title: titleOf(name), description, steps }));

function roundsOf({ quick }: Setting): number {
  return rounds(quick);
}

/** The steps of one suite on one backend. Those of `ceilings` run first. */
export interface Part {
  readonly backend: BackendName;
  readonly suite: string;
  readonly steps: number;
  readonly done: number;
}

export const ceilings = 'ceilings';

/** @param isSoftware whether the WebGPU adapter is software, which gets less work */
export function planOf(options: Options, isSoftware: boolean): Part[] {
  return options.backends.flatMap((backend) => {
    const setting = { backend, quick: options.quick, isSoftware: backend === 'webgpu' && isSoftware };
    const chosen = offers.filter(({ suite }) => options.suites.includes(suite));
    const parts = chosen.map(({ suite, steps }) => ({ backend, suite, steps: steps(setting), done: 0 }));
    return [{ backend, suite: ceilings, steps: 1, done: 0 }, ...parts];
  });
}
