/**
 * The compared libraries and their page bundles: minified, one per library, as a page would load it. gradlet comes
 * first, because the others are compared with it.
 */
import { build, type Plugin } from 'esbuild';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { projectRoot } from '../../tools/lib/files.ts';
import { markPureCalls } from '../../tools/lib/pure-calls.mjs';
import type { BackendName } from '../suite.ts';
import type { Library } from './page.ts';

interface Source {
  readonly name: string;
  /** The package that tells its version, and its place among the installed ones; null for gradlet. */
  readonly package: string | null;
  readonly entry: (backend: BackendName) => string;
  /** With an LSTM; undefined where the library trains none. */
  readonly recurrent?: string;
}

export const sources: readonly Source[] = [
  {
    name: 'gradlet',
    package: null,
    entry: () => 'bench/comparison/gradlet.ts',
    recurrent: 'bench/comparison/gradlet-recurrent.ts',
  },
  {
    name: 'jax-js',
    package: '@jax-js/jax',
    entry: () => 'bench/peers/jax.ts',
    recurrent: 'bench/peers/jax-recurrent.ts',
  },
  {
    name: 'tfjs',
    package: '@tensorflow/tfjs-core',
    entry: (backend) => `bench/peers/tfjs-${backend}.ts`,
    recurrent: 'bench/peers/tfjs-recurrent.ts',
  },
  { name: 'onnxruntime-web', package: 'onnxruntime-web', entry: (backend) => `bench/peers/onnxruntime-${backend}.ts` },
];

/** Bundles every library into build/, or those that train recurrent layers. Throws when one does not build. */
export async function bundleLibraries(backend: BackendName, kind: 'dense' | 'recurrent' = 'dense'): Promise<Library[]> {
  const folder = `build/peers-${kind}`;
  await rm(join(projectRoot, folder), { recursive: true, force: true });
  const entries = sources.flatMap(({ name, entry, recurrent }) => {
    const file = kind === 'dense' ? entry(backend) : recurrent;
    return file === undefined ? [] : [{ name, file }];
  });
  return Promise.all(
    entries.map(async ({ name, file }) => {
      const outdir = `${folder}/${name}`;
      await build({
        entryPoints: { index: file },
        absWorkingDir: projectRoot,
        outdir,
        bundle: true,
        splitting: true,
        minify: true,
        format: 'esm',
        platform: 'browser',
        target: 'es2022',
        logLevel: 'error',
        plugins: [pureCalls, ownFiles],
      });
      return { name, bundle: `/${outdir}/index.js` };
    }),
  );
}

/** As in gradlet's own build. */
export const pureCalls: Plugin = {
  name: 'pure-calls',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]src[\\/].*\.ts$/ }, async ({ path }) => {
      if (path.includes('node_modules')) return undefined;
      return { contents: markPureCalls(await readFile(path, 'utf8')), loader: 'ts' };
    });
  },
};

/** onnxruntime-web is already bundled and looks for its other files next to that bundle. */
const ownFiles: Plugin = {
  name: 'own-files',
  setup({ onResolve }) {
    onResolve({ filter: /^onnxruntime-web\// }, ({ path }) => ({
      path: `/bench/peers/node_modules/onnxruntime-web/dist/ort.${path.split('/')[1]}.bundle.min.mjs`,
      external: true,
    }));
  },
};
