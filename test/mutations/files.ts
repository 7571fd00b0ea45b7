/** Faults in code that reads and writes files. */
import type { Fault } from '../../tools/lib/mutations.ts';

export const faults: readonly Fault[] = [
  {
    name: 'a file is read while what was set before it still waits',
    file: 'src/variables/store.ts',
    find: 'withLock(variables, false, () => Promise.all(variables.map(readVariable)))',
    replace: 'withLock([], false, () => Promise.all(variables.map(readVariable)))',
    tests: ['test/files/save.test.ts'],
  },
  {
    name: 'a field of a tokenizer that is not known is passed over',
    file: 'src/text/tokenizer-json.ts',
    find: 'if (unknown !== undefined) fail(',
    replace: "if (unknown === '') fail(",
    tests: ['test/text/tokenizer-json.test.ts'],
  },
  {
    name: 'the second of two equal keys wins',
    file: 'src/core/json.ts',
    find: 'if (result.has(key)) this.#fail(`key ${describe(key)} is given twice`);',
    replace: '',
    tests: ['test/files/hostile/json.test.ts'],
  },
  {
    name: 'the depth of JSON is not limited',
    file: 'src/core/json.ts',
    find: 'result.push(this.value(depth + 1))',
    replace: 'result.push(this.value(depth))',
    tests: ['test/files/hostile/json.test.ts'],
  },
  {
    name: 'tensors of a file may share bytes',
    file: 'src/files/safetensors.ts',
    find: 'if (entry.begin !== end) {',
    replace: 'if (entry.begin > end) {',
    tests: ['test/files/safetensors.test.ts'],
  },
  {
    name: 'bytes behind the last tensor are passed over',
    file: 'src/files/safetensors.ts',
    find: 'if (end !== length)',
    replace: 'if (end > length)',
    tests: ['test/files/safetensors.test.ts', 'test/files/hostile/damaged.test.ts'],
  },
  {
    name: 'an axis of 0 hides an overflow of the others',
    file: 'src/files/safetensors.ts',
    find: 'if (!Number.isSafeInteger(nonZeroBytes))',
    replace: 'if (!Number.isSafeInteger(bytes))',
    tests: ['test/files/safetensors.test.ts'],
  },
  {
    name: 'one layer more than the limit is read',
    file: 'src/files/limits.ts',
    find: 'if (count <= fileLimits[limit]) return;',
    replace: 'if (count <= fileLimits[limit] + 1) return;',
    tests: ['test/files/hostile/limits.test.ts'],
  },
  {
    name: 'a call may be fed by itself',
    file: 'src/files/architecture.ts',
    find: 'call.inputs.find((from) => from >= index)',
    replace: 'call.inputs.find((from) => from > index)',
    tests: ['test/files/save.test.ts', 'test/files/hostile/damaged.test.ts'],
  },
  {
    name: 'a setting named __proto__ reaches the prototype',
    file: 'src/files/architecture.ts',
    find: "if (key === '__proto__') fail(\"no setting is named '__proto__'\");",
    replace: '',
    tests: ['test/files/save.test.ts', 'test/files/hostile/damaged.test.ts'],
  },
  {
    name: 'the weights of a file are set one by one as they are checked',
    file: 'src/files/load.ts',
    find: '  requireTensors(tensors, variables);\n  writeVariables([...variables].map(([name, variable]) => [variable, tensors.get(name)!.data]));',
    replace:
      '  for (const entry of variables) {\n    requireTensors(tensors, new Map([entry]));\n    writeVariables([[entry[1], tensors.get(entry[0])!.data]]);\n  }',
    tests: ['test/files/hostile/damaged.test.ts'],
  },
  {
    name: 'the rate of a loaded model is the one rounded to float32',
    file: 'src/model/model.ts',
    find: 'if (Math.fround(this.rate) !== learningRate) this.rate = learningRate;',
    replace: 'this.rate = learningRate;',
    tests: ['test/files/save.test.ts'],
  },
  {
    name: 'the layers that were trained are those that are not frozen now',
    file: 'src/files/save.ts',
    find: '(trainedLayers.has(layer) ? [index] : [])',
    replace: '(layer.trainable ? [index] : [])',
    tests: ['test/files/save.test.ts', 'test/train/errors.test.ts'],
  },
  {
    name: 'layer i draws from the stream of layer 0',
    file: 'src/nn/topology.ts',
    find: 'layer.build(shapes, deriveKey(key, index));',
    replace: 'layer.build(shapes, deriveKey(key, 0));',
    tests: ['test/train/errors.test.ts', 'test/train/numbers.test.ts', 'test/train/fit.test.ts'],
  },
];
