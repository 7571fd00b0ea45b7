/**
 * Page module: compiles and instantiates both wasm binaries, with a memory of its own and with a shared one.
 */
import { unpackWasm } from '../../../src/generated/wasm/packed.ts';

export async function instantiateBinaries(): Promise<string[]> {
  const done: string[] = [];
  for (const { name, bytes, memoryFlags } of await unpackWasm()) {
    for (const shared of [false, true]) {
      bytes[memoryFlags] = shared ? 3 : 1;
      const memory = new WebAssembly.Memory({ initial: 64, maximum: 1024, shared });
      const { instance } = await WebAssembly.instantiate(bytes, { env: { memory } });
      if (instance.exports.table instanceof WebAssembly.Table) done.push(`${name} ${shared ? 'shared' : 'alone'}`);
    }
  }
  return done;
}
