/**
 * src/index.ts → dist/: `gradlet.js` with one file a module below `modules/`, so that a user's bundler drops what a
 * program does not use; `gradlet.min.js`, the whole in one file for a page without a bundler; `gradlet-worker.js`, for
 * pages that do not allow workers made from text (`workerUrl`); `gradlet.d.ts`.
 */
import terser from '@rollup/plugin-terser';
import dts from 'rollup-plugin-dts';
import esbuild from 'rollup-plugin-esbuild';
import { markPureCalls } from './tools/lib/pure-calls.mjs';

const input = { gradlet: 'src/index.ts' };

const pureCalls = {
  name: 'pure-calls',
  transform: (code, id) => (id.endsWith('.ts') ? { code: markPureCalls(code), map: null } : null),
};

const plugins = [pureCalls, esbuild({ target: 'es2022', tsconfig: false })];

const minify = terser({
  module: true,
  ecma: 2020,
  compress: { passes: 2 },
  format: { preserve_annotations: true },
});

/** A warning of the bundler is a mistake of ours: a circle of imports, a name that does not exist. */
const onwarn = (warning) => {
  throw new Error(warning.message);
};

export default [
  {
    input,
    plugins,
    onwarn,
    output: {
      dir: 'dist',
      format: 'es',
      preserveModules: true,
      preserveModulesRoot: 'src',
      entryFileNames: ({ isEntry, name }) => (isEntry ? `${name}.js` : 'modules/[name].js'),
      plugins: [minify],
    },
  },
  {
    input,
    plugins,
    onwarn,
    output: {
      dir: 'dist',
      format: 'es',
      inlineDynamicImports: true,
      entryFileNames: '[name].min.js',
      plugins: [minify],
    },
  },
  {
    input: { 'gradlet-worker': 'src/backends/wasm/threads/worker.ts' },
    plugins,
    onwarn,
    output: { dir: 'dist', format: 'iife', entryFileNames: '[name].js', plugins: [minify] },
  },
  { input, plugins: [dts()], onwarn, output: { dir: 'dist', format: 'es', entryFileNames: '[name].d.ts' } },
];
