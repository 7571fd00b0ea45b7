/** Faults in the worker with separate memory. */
import type { Fault } from '../../tools/lib/mutations.ts';

const file = 'src/backends/wasm/threads/remote.ts';
const tests = ['test/backends/remote.test.ts'];

export const faults: readonly Fault[] = [
  {
    name: 'a write to the worker takes all of the buffer instead of the view',
    file,
    find: 'new Uint8Array(values.buffer, values.byteOffset, values.byteLength).slice()',
    replace: 'new Uint8Array(values.buffer).slice()',
    tests,
  },
  {
    name: 'answers of the worker go to those who wait in the wrong order',
    file,
    find: 'this.#waiters.shift()?.resolve(bytes)',
    replace: 'this.#waiters.pop()?.resolve(bytes)',
    tests,
  },
  {
    name: 'memory that is used again in the worker is not cleared',
    file,
    find: "this.#post({ kind: 'clear', address, bytes });",
    replace: 'void [address, bytes];',
    tests,
  },
  {
    name: 'waiting for a failed worker never ends',
    file,
    find: 'for (const { reject } of this.#waiters.splice(0)) reject(error);',
    replace: 'this.#waiters.splice(0);',
    tests,
  },
  {
    name: 'the modules of a later program are not given to the worker',
    file,
    find: 'this.#post(modules[this.#loaded]!);',
    replace: 'void modules;',
    tests,
  },
];
