import { transform } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { emitPacked } from '../../scripts/lib/emit-packed.ts';

interface Unpacked {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly memoryFlags: number;
}

describe('packed binaries', () => {
  // pieces are 8192 bytes long
  it.each([
    [100, 90],
    [8192, 8193],
    [30_000, 20_000],
    [10_000, 50_000],
  ])('of %i and %i bytes come out as they went in', async (...sizes) => {
    const binaries = sizes.map((size, index) => ({
      name: `binary-${index}`,
      bytes: Uint8Array.from({ length: size }, (_, at) => (at * (index + 3)) % 251),
      memoryFlags: index,
    }));
    const { code } = await transform(emitPacked('', binaries), { loader: 'ts' });
    const module = (await import(`data:text/javascript,${encodeURIComponent(code)}`)) as {
      unpackWasm(): Promise<Unpacked[]>;
    };
    expect(await module.unpackWasm()).toEqual(binaries);
  });
});
