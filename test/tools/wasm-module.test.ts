/** The binaries of the build, and the errors for invalid ones. */
import { describe, expect, it } from 'vitest';
import { countMultiplyAdds, exportedFunctions, interfaceProblems, readInterface } from '../../tools/lib/wasm-module.ts';
import { wasmExports } from '../../src/generated/wasm/exports.ts';
import { moduleBytes } from '../assembly/kernels.ts';

const core = readInterface(moduleBytes('core', 'relaxed-simd'));

describe.each(Object.keys(wasmExports))('the module %s', (name) => {
  it.each(['simd', 'relaxed-simd'] as const)('keeps the interface that the loader expects: %s', (binary) => {
    const bytes = moduleBytes(name, binary);
    const wasm = readInterface(bytes);
    expect(interfaceProblems(wasm, bytes, name === 'core' ? undefined : core)).toEqual([]);
    expect(exportedFunctions(wasm)).toEqual(wasmExports[name]);
  });

  it('is plain SIMD without its relaxed multiply-adds, and as it was where it has none', () => {
    const [plain, relaxed] = [moduleBytes(name, 'simd'), moduleBytes(name, 'relaxed-simd')];
    expect(countMultiplyAdds(plain)).toBe(0);
    expect(WebAssembly.validate(plain)).toBe(true);
    if (countMultiplyAdds(relaxed) === 0) expect(plain).toEqual(relaxed);
    else expect(plain.length).toBeGreaterThan(relaxed.length);
  });
});

it('the core takes a shared memory once its flag is set', () => {
  const bytes = moduleBytes('core', 'simd');
  const limits = { initial: 64, maximum: 1024 };
  const start = (binary: BufferSource, memory: WebAssembly.Memory): WebAssembly.Instance =>
    new WebAssembly.Instance(new WebAssembly.Module(binary), { env: { memory } });
  const shared = bytes.slice();
  shared[core.memoryFlags] = 3;
  expect(start(bytes, new WebAssembly.Memory(limits)).exports.table).toBeInstanceOf(WebAssembly.Table);
  expect(() => start(bytes, new WebAssembly.Memory({ ...limits, shared: true }))).toThrow(WebAssembly.LinkError);
  expect(() => start(shared, new WebAssembly.Memory({ ...limits, shared: true }))).not.toThrow();
});

describe('interfaceProblems', () => {
  it('names what is missing', () => {
    const empty = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]);
    expect(interfaceProblems(readInterface(empty), empty).join()).toMatch(/env\.memory.*table.*__heap_base/);
  });

  it('names an import that nobody gives', () => {
    const section = [2, 13, 1, 3, 101, 110, 118, 5, 97, 98, 111, 114, 116, 0, 0]; // env.abort, a function
    const bytes = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, ...section]);
    expect(interfaceProblems(readInterface(bytes), bytes).join()).toContain(
      'imports env.abort (function), which nobody gives',
    );
  });
});
