/**
 * The bundles that cold starts are measured with, minified as a page would load them: by the suite `start`, in pages and
 * processes, and by the benchmark's own page, in workers. One file each, as `gradlet.min.js` is: what a bundler splits off
 * and then imports at once costs a page another round to the server, here 5 ms.
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
