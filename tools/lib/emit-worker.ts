/**
 * src/backends/wasm/threads/worker.ts → the script text that workers start from. They need no separate file, and
 * bundlers need no configuration.
 */
import { transform } from 'esbuild';

/** The generated module. */
export async function emitWorker(header: string, source: string): Promise<string> {
  const { code } = await transform(source, { loader: 'ts', format: 'iife', target: 'es2022', minify: true });
  return `${header}
/** A classic script. */
export const workerSource: string =
  ${JSON.stringify(code.trim())};
`;
}
