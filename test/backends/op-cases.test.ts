/** Every op on WebAssembly, plain SIMD: all its cases within their analytic bounds. Relaxed SIMD runs in the browser. */
import { describe, expect, it } from 'vitest';
import { ReferenceBackend } from '../../src/backends/reference/index.ts';
import { WasmBackend } from '../../src/backends/wasm/index.ts';
import { Engine } from '../../src/engine.ts';
import { opNames, runCases } from '../support/run-cases.ts';

describe.each([
  ['wasm', () => WasmBackend.create({ binary: 'simd' })],
  ['reference', () => Promise.resolve(new ReferenceBackend())],
] as const)('%s', (_, create) => {
  it.each(opNames)('%s', async (name) => {
    const engine = new Engine(await create());
    expect(await runCases(engine, name, 'wasm')).toEqual([]);
    expect(engine.info.stateBytes + engine.info.arenaBytes).toBe(0); // everything was given back
    engine.dispose();
  });
});
