/** Faults in lifetimes, in the order of weight reads and writes, in short batches and in sums over epochs. */
import type { Fault } from '../../tools/lib/mutations.ts';

export const faults: readonly Fault[] = [
  {
    name: 'memory is freed while a pass uses it',
    file: 'src/model/activity.ts',
    find: 'if (this.#passes === 0) free();\n    else',
    replace: 'if (this.#passes >= 0) free();\n    else',
    tests: ['test/train/lifetimes.test.ts'],
  },
  {
    name: 'a change of weights overtakes a prediction that runs',
    file: 'src/variables/locks.ts',
    find: '(lock) => (writes || lock.writes) && variables',
    replace: '(lock) => lock.writes && variables',
    tests: ['test/train/lifetimes.test.ts'],
  },
  {
    name: 'a model forgets that it is busy when a second call is refused',
    file: 'src/model/activity.ts',
    find: 'this.requireIdle(caller);\n    this.#running = caller;\n    try {\n      return await run();',
    replace: 'try {\n      this.requireIdle(caller);\n      this.#running = caller;\n      return await run();',
    tests: ['test/train/lifetimes.test.ts'],
  },
  {
    name: 'values to set are not copied when they have to wait',
    file: 'src/variables/store.ts',
    find: '[variable, copied(own)]',
    replace: '[variable, own]',
    tests: ['test/train/lifetimes.test.ts'],
  },
  {
    name: 'an executable that was disposed runs',
    file: 'src/engine.ts',
    find: 'if (this.disposed) throw new StateError(`${caller}: the executable was disposed',
    replace: 'if (false as boolean) throw new StateError(`${caller}: the executable was disposed',
    tests: ['test/backends/lifetimes.test.ts'],
  },
  {
    name: 'samples of a short last batch are left out',
    file: 'src/data/data-set.ts',
    find: '{ size: count % batch, steps: 1 },',
    replace: '',
    tests: ['test/train/short-batches.test.ts'],
  },
  {
    name: 'a short batch weighs as much as a whole one',
    file: 'src/train/program.ts',
    find: '[mul(loss, batch), constant(batch)]',
    replace: '[mul(loss, view.batch), constant(view.batch)]',
    tests: ['test/train/short-batches.test.ts'],
  },
  {
    name: 'what rounding leaves out of a sum is lost',
    file: 'src/train/sums.ts',
    find: '[rest, sumError(next, total, added)]',
    replace: '[rest, rest]',
    tests: ['test/train/sums.test.ts'],
  },
  {
    name: 'what rounding left out is not in the result',
    file: 'src/train/sums.ts',
    find: 'value + rests[index]![element]!',
    replace: 'value + 0 * rests[index]![element]!',
    tests: ['test/train/sums.test.ts'],
  },
  {
    name: 'weights are not looked at after the last update',
    file: 'src/train/fit.ts',
    find: "await checkState(run.engine, 'fit', run.weights, run.setup.optimizer, run.stepsDone());",
    replace: 'void checkState;',
    tests: ['test/train/non-finite.test.ts', 'test/train/errors.test.ts'],
  },
];
