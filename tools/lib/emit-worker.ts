/**
 * src/backends/wasm/threads/worker.ts → the text that workers are started from: they need no file of their own then, and no
 * bundler has to know about them.
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
