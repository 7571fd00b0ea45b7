/**
 * The bundles for cold-start measurements, minified as a page would load them. Used by the suite `start`, in pages and
 * processes, and by the benchmark's page, in workers. Each is one file, like `gradlet.min.js`: a chunk that is split
 * off but imported immediately costs a page another round trip, here 5 ms.
 */
import { build } from 'esbuild';
import { projectRoot } from '../../tools/lib/files.ts';
import { pureCalls } from '../comparison/libraries.ts';
import { startFolder } from './cold.ts';

export async function bundleStart(): Promise<void> {
  await build({
    entryPoints: { cold: 'bench/start/cold.ts', 'first-step': 'bench/start/first-step.ts' },
    absWorkingDir: projectRoot,
    outdir: startFolder,
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    outExtension: { '.js': '.mjs' },
    logLevel: 'error',
    plugins: [pureCalls],
  });
}
