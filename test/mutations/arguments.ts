/** Faults in the tables of arguments. */
import type { Fault } from '../../tools/lib/mutations.ts';

export const faults: readonly Fault[] = [
  {
    name: 'extra arguments are passed over',
    file: 'src/core/arguments.ts',
    find: 'if (given.length <= names.length) return;',
    replace: 'if (given.length >= 0) return;',
    tests: ['test/core/arguments.test.ts'],
  },
  {
    name: 'an option of a prototype counts as known',
    file: 'src/core/arguments.ts',
    find: 'if (Object.hasOwn(table, name)) continue;',
    replace: 'if (name in table) continue;',
    tests: ['test/core/arguments.test.ts'],
  },
  {
    name: 'holes in an array of arguments are passed over',
    file: 'src/core/arguments.ts',
    find: 'for (let index = 0; index < value.length; index++) {\n      checkValue(',
    replace: 'for (const index of Object.keys(value)) {\n      checkValue(',
    tests: ['test/core/arguments.test.ts'],
  },
  {
    name: 'infinity is a number for the settings of an operation',
    file: 'src/ops/arguments.ts',
    find: 'accepts: Number.isFinite, isRequired: true',
    replace: 'accepts: isNumber, isRequired: true',
    tests: ['test/ops/arguments.test.ts', 'test/ops/errors.test.ts'],
  },
  {
    name: 'axis 0 is an axis of a layer',
    file: 'src/nn/arguments.ts',
    find: 'Number.isInteger(value) && value !== 0',
    replace: 'Number.isInteger(value)',
    tests: ['test/nn/layers.test.ts', 'test/nn/layer-normalization.test.ts', 'test/nn/batch-normalization.test.ts'],
  },
];
