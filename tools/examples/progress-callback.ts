/** The callback that converts `fit`'s reports to progress events. */
import type { Callback } from '../../src/index.ts';
import type { ProgressEvent } from './progress.ts';

export function progressCallback(epochs: number, emit: (event: ProgressEvent) => void): Callback {
  let begin = 0;
  let steps = 0;
  const seconds = (): number => (performance.now() - begin) / 1000;
  return {
    onEpochBegin(epoch) {
      begin = performance.now();
      emit({ kind: 'epochBegin', epoch, epochs });
    },
    onChunkEnd(progress, logs) {
      steps = progress.steps;
      emit({ kind: 'chunkEnd', step: progress.step, steps, seconds: seconds(), logs });
    },
    onEpochEnd(_epoch, logs) {
      emit({ kind: 'epochEnd', step: steps, steps, seconds: seconds(), logs: { ...logs } });
    },
  };
}
