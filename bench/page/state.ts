/**
 * The state of a run as plain data, and how each event changes it. Events come from the workers through runner.ts; the
 * table, the picture and the exports are rendered from the state.
 */
import type { BackendInfo } from '../../src/index.ts';
import type { Ceilings } from '../ceilings/ceilings.ts';
import type { BackendName, BenchRecord } from '../suite.ts';
import { ceilings, type Options, type Part } from './plan.ts';

export type Device = Pick<BackendInfo, 'description' | 'threads' | 'reason' | 'isSoftware'>;

export type RunEvent =
  | { readonly kind: 'device'; readonly backend: BackendName; readonly device: Device }
  | { readonly kind: 'ceilings'; readonly backend: BackendName; readonly ceilings: Ceilings }
  /** A case begins. */
  | { readonly kind: 'case'; readonly backend: BackendName; readonly suite: string; readonly name: string }
  | { readonly kind: 'record'; readonly record: BenchRecord }
  /** One step of a part is done. */
  | { readonly kind: 'step'; readonly backend: BackendName; readonly suite: string }
  /** Without a suite the whole backend has failed. */
  | { readonly kind: 'failure'; readonly backend: BackendName; readonly suite: string | null; readonly message: string }
  | { readonly kind: 'end'; readonly cancelled: boolean };

export interface Measurements {
  readonly device?: Device;
  readonly ceilings?: Ceilings;
  readonly records: readonly BenchRecord[];
}

export type Phase = 'ready' | 'running' | 'finished' | 'cancelled';

export interface State {
  readonly phase: Phase;
  readonly options: Options | null;
  /** ISO 8601. */
  readonly date: string;
  readonly parts: readonly Part[];
  readonly current: { readonly backend: BackendName; readonly suite: string; readonly name: string } | null;
  readonly measured: Readonly<Partial<Record<BackendName, Measurements>>>;
  readonly failures: readonly Extract<RunEvent, { kind: 'failure' }>[];
}

export const ready: State = {
  phase: 'ready',
  options: null,
  date: '',
  parts: [],
  current: null,
  measured: {},
  failures: [],
};

export const started = (options: Options, parts: readonly Part[]): State => ({
  ...ready,
  phase: 'running',
  options,
  date: new Date().toISOString(),
  parts,
});

export function next(state: State, event: RunEvent): State {
  switch (event.kind) {
    case 'device':
      return withMeasured(state, event.backend, { device: event.device });
    case 'ceilings':
      return advance(withMeasured(state, event.backend, { ceilings: event.ceilings }), event.backend, ceilings, 1);
    case 'case':
      return { ...state, current: event };
    case 'record': {
      const backend = event.record.backend as BackendName;
      const records = [...(state.measured[backend]?.records ?? []), event.record];
      return withMeasured(state, backend, { records });
    }
    case 'step':
      return advance(state, event.backend, event.suite, 1);
    case 'failure':
      return advance({ ...state, failures: [...state.failures, event] }, event.backend, event.suite, Infinity);
    case 'end':
      return { ...state, phase: event.cancelled ? 'cancelled' : 'finished', current: null };
  }
}

export const doneOf = ({ parts }: State): number => parts.reduce((sum, { done }) => sum + done, 0);
export const totalOf = ({ parts }: State): number => parts.reduce((sum, { steps }) => sum + steps, 0);

export const recordsOf = ({ measured }: State): BenchRecord[] =>
  Object.values(measured).flatMap(({ records }) => records);

function withMeasured(state: State, backend: BackendName, news: Partial<Measurements>): State {
  const known = state.measured[backend] ?? { records: [] };
  return { ...state, measured: { ...state.measured, [backend]: { ...known, ...news } } };
}

/** @param suite null for all suites of the backend */
function advance(state: State, backend: BackendName, suite: string | null, steps: number): State {
  const parts = state.parts.map((part) => {
    const isMeant = part.backend === backend && (suite === null || part.suite === suite);
    return isMeant ? { ...part, done: Math.min(part.steps, part.done + steps) } : part;
  });
  return { ...state, parts };
}
