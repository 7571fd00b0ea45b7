/** Faults in code that reads values, and in the handling of proxied objects. */
import type { Fault } from '../../tools/lib/mutations.ts';

export const faults: readonly Fault[] = [
  {
    name: 'Uint32Array is read as bytes',
    file: 'src/core/values.ts',
    find: "Uint32Array: 'int32',",
    replace: "Uint32Array: 'uint8',",
    tests: ['test/core/values.test.ts'],
  },
  {
    name: 'whole numbers are rounded to float32 without an error',
    file: 'src/core/values.ts',
    find: "store(caller, values, data, 0, 'float32', !areWhole)",
    replace: "store(caller, values, data, 0, 'float32', true)",
    tests: ['test/data/data-values.test.ts', 'test/core/values.test.ts'],
  },
  {
    name: 'an array of another realm is kept as it is',
    file: 'src/core/values.ts',
    find: 'if (Object.getPrototypeOf(values) === prototype || values.buffer.byteLength === 0) return values;',
    replace: 'if (prototype) return values;',
    tests: ['test/core/values.test.ts'],
  },
  {
    name: 'a Buffer is copied with its own slice, which is a view',
    file: 'src/core/dtype.ts',
    find: 'return Float32Array.prototype.slice.call(values) as TypedArray;',
    replace: 'return values.slice();',
    tests: ['test/data/data-values.test.ts', 'test/backends/lifetimes.test.ts', 'test/core/dtype.test.ts'],
  },
  {
    name: 'a view of an ArrayBuffer loses its offset',
    file: 'src/core/dtype.ts',
    find: 'new Uint8Array(buffer, view?.byteOffset, view?.byteLength)',
    replace: 'new Uint8Array(buffer, 0, view?.byteLength)',
    tests: ['test/core/dtype.test.ts', 'test/core/values.test.ts', 'test/files/save.test.ts'],
  },
  {
    name: 'the offset of a tensor is left out on the host',
    file: 'src/data/tensor.ts',
    find: 'Float64Array.from(data, (value) => value * scale + offset)',
    replace: 'Float64Array.from(data, (value) => value * scale)',
    tests: ['test/data/data-values.test.ts', 'test/data/tensor.test.ts'],
  },
  {
    name: 'labels are used without their scale',
    file: 'src/train/check-labels.ts',
    find: "checkFinite(caller, 'y', given).applyScale(`${caller}: y`)",
    replace: "checkFinite(caller, 'y', given)",
    tests: ['test/data/data-values.test.ts'],
  },
  {
    name: 'labels [batch] broadcast against predictions [batch, 1]',
    file: 'src/nn/losses/labels.ts',
    find: 'return sameShape(withoutLastOne(labels.shape), withoutLastOne(shape)) ? reshape(labels, shape) : labels;',
    replace: 'return labels;',
    tests: ['test/data/data-values.test.ts', 'test/nn/losses.test.ts'],
  },
  {
    name: 'class numbers up to the number of classes are accepted',
    file: 'src/train/check-labels.ts',
    find: 'value >= 0 && value < classes) return',
    replace: 'value >= 0 && value <= classes) return',
    tests: ['test/train/errors.test.ts'],
  },
  {
    name: 'an object behind a Proxy is not known as itself',
    file: 'src/core/raw.ts',
    find: 'return (object as { readonly [raw]?: T })[raw] ?? object;',
    replace: 'return object;',
    tests: ['test/core/raw.test.ts'],
  },
  {
    name: 'Vue is not told to leave an object alone',
    file: 'src/core/raw.ts',
    find: '{ __v_skip: mark(true), [raw]: mark(object) }',
    replace: '{ [raw]: mark(object) }',
    tests: ['test/core/raw.test.ts'],
  },
];
