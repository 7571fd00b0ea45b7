/** Faults in the orthogonal initializer. */
import type { Fault } from '../../tools/lib/mutations.ts';

const file = 'src/nn/initializers/orthogonal.ts';
const tests = ['test/nn/initializers.test.ts'];

export const faults: readonly Fault[] = [
  {
    name: 'the signs of R are left as they fall',
    file,
    find: 'signs[j] = first < 0 ? 1 : -1;',
    replace: 'signs[j] = 1;',
    tests,
  },
  {
    name: 'sums beyond the first block begin one step late',
    file,
    find: 'for (let from = bottom; from < width; from += sumBlock) {',
    replace: 'for (let from = bottom + 4; from < width; from += sumBlock) {',
    tests,
  },
  {
    name: 'a wide matrix is written as a tall one',
    file,
    find: 'out[rows < columns ? j * columns + i : i * columns + j] = value;',
    replace: 'out[i * count + j] = value;',
    tests,
  },
];
