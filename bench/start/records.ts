/** Converts samples to the records of the suite `start`. */
import { spread } from '../measure.ts';
import type { EngineRequest } from '../start-engine.ts';
import { type BenchRecord, duration } from '../suite.ts';
import { type ColdStart, type Stage, stages } from './cold.ts';

const names: Readonly<Record<Stage, string>> = {
  import: 'fetch and parse the library',
  unpack: 'decode and inflate the binary',
  engine: 'compile it, start the engine',
  program: 'model, graph, program, chains',
  step: 'first step, with its loss',
};

/** The total, then its stages. There is no floor, because none of the work is unavoidable. */
export function recordsOf({ backend }: EngineRequest, starts: readonly ColdStart[]): BenchRecord[] {
  const record = (name: string, samples: readonly number[]): BenchRecord => {
    const times = spread(samples);
    const measured = duration(name, times, 'ms', times.median, null);
    return { suite: 'start', ...measured, backend, threads: starts[0]!.threads };
  };
  const lengths = (stage: Stage): number[] => starts.flatMap((start) => start.stages[stage] ?? []);
  const wholes = starts.map((start) => Object.values(start.stages).reduce((sum, length) => sum + length, 0));
  return [
    record('import to first step', wholes),
    ...stages.filter((stage) => lengths(stage).length > 0).map((stage) => record(`  ${names[stage]}`, lengths(stage))),
  ];
}
