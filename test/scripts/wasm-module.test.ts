import { describe, expect, it } from 'vitest';
import { exportedFunctions, interfaceProblems, readInterface } from '../../scripts/lib/wasm-module.ts';
import { wasmExports } from '../../src/generated/wasm/exports.ts';
import { unpackWasm } from '../../src/generated/wasm/packed.ts';
import { relaxedSimdMemoryFlags, relaxedSimdWasm } from '../../src/generated/wasm/relaxed-simd.ts';
import { simdMemoryFlags, simdWasm } from '../../src/generated/wasm/simd.ts';

describe.each([
  ['simd', simdWasm, simdMemoryFlags],
  ['relaxed-simd', relaxedSimdWasm, relaxedSimdMemoryFlags],
])('the %s binary', (_, base64, memoryFlags) => {
  const bytes = new Uint8Array(Buffer.from(base64, 'base64'));

  it('keeps the interface that the loader expects', () => {
    const wasm = readInterface(bytes);
    expect(interfaceProblems(wasm, bytes)).toEqual([]);
    expect(exportedFunctions(wasm)).toEqual(wasmExports);
    expect(memoryFlags).toBe(wasm.memoryFlags);
  });

  // the engine of Node 20 does not know relaxed SIMD
  it.runIf(WebAssembly.validate(bytes))('takes a shared memory once its flag is set', () => {
    const limits = { initial: 64, maximum: 1024 };
    const start = (binary: BufferSource, memory: WebAssembly.Memory): WebAssembly.Instance =>
      new WebAssembly.Instance(new WebAssembly.Module(binary), { env: { memory } });
    const shared = bytes.slice();
    shared[memoryFlags] = 3;
    expect(start(bytes, new WebAssembly.Memory(limits)).exports.table).toBeInstanceOf(WebAssembly.Table);
    expect(() => start(bytes, new WebAssembly.Memory({ ...limits, shared: true }))).toThrow(WebAssembly.LinkError);
    expect(() => start(shared, new WebAssembly.Memory({ ...limits, shared: true }))).not.toThrow();
  });
});

it('packing loses nothing', async () => {
  const plain = [
    { name: 'simd', memoryFlags: simdMemoryFlags, base64: simdWasm },
    { name: 'relaxed-simd', memoryFlags: relaxedSimdMemoryFlags, base64: relaxedSimdWasm },
  ];
  const unpacked = (await unpackWasm()).map(({ bytes, ...rest }) => ({
    ...rest,
    base64: Buffer.from(bytes).toString('base64'),
  }));
  expect(unpacked).toEqual(plain);
});

describe('interfaceProblems', () => {
  it('names what is missing', () => {
    const empty = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]);
    expect(interfaceProblems(readInterface(empty), empty).join()).toMatch(/env\.memory.*table.*__heap_base/);
  });

  it('names an import that nobody gives', () => {
    const section = [2, 13, 1, 3, 101, 110, 118, 5, 97, 98, 111, 114, 116, 0, 0]; // env.abort, a function
    const bytes = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, ...section]);
    expect(interfaceProblems(readInterface(bytes), bytes).join()).toContain('imports env.abort (function)');
  });
});
