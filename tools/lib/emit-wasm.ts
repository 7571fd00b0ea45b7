/** Generates the modules of the wasm binaries: what a page loads of each, and the lists that the tests read. */
import { deflateAsync } from '@gfx/zopfli';
import { camelCase } from './files.ts';
import { exportedFunctions, readInterface } from './wasm-module.ts';

export interface Binary {
  /** That of its file in assembly/modules/. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

/**
 * Deflated before base64, because base64 of a raw binary hides its repetitions from a web server's gzip. Zopfli makes
 * it 4 % smaller than zlib, in a tenth of a second.
 */
export async function emitBinary(header: string, { name, bytes }: Binary): Promise<string> {
  const { memoryFlags } = readInterface(bytes);
  const deflated = Buffer.from(await deflateAsync(bytes, { numiterations: 100 })).toString('base64');
  return `${header}import type { WasmSource } from '../../core/wasm-source.ts';

export const ${camelCase(name)}Wasm: WasmSource = {
  name: '${name}',
  size: ${bytes.length},
  memoryFlags: ${memoryFlags},
  deflated:
    '${deflated}',
};
`;
}

/** The functions that each module exports. */
export function emitExports(header: string, binaries: readonly Binary[]): string {
  const lists = binaries.map(({ name, bytes }) => {
    const names = exportedFunctions(readInterface(bytes)).map((entry) => `'${entry}'`);
    return `  '${name}': [${names.join(', ')}],\n`;
  });
  return `${header}
export const wasmExports: Readonly<Record<string, readonly string[]>> = {
${lists.join('')}};
`;
}
