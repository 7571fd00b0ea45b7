/**
 * Measures the download size of a program: bundled, minified and gzipped, and the shares of JavaScript, WebAssembly and
 * WGSL. The size of a part is the difference when that part is blanked.
 */
import { build, type Plugin } from 'esbuild';
import { readFile } from 'node:fs/promises';
import { relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import { projectRoot } from './files.ts';
import { markPureCalls } from './pure-calls.mjs';

type Part = 'wasm' | 'wgsl';

/** Every long text in a generated file is a binary or a shader. */
const blanked: Readonly<Record<Part, (file: string, code: string) => string>> = {
  wasm: (file, code) =>
    /[\\/]generated[\\/]wasm[\\/]/.test(file) ? code.replace(/(['"`])[^\s'"`]{100,}\1/g, "''") : code,
  wgsl: (file, code) =>
    /[\\/]generated[\\/]shaders[\\/]/.test(file) ? code.replace(/("?code"?: )".*"/g, '$1""') : code,
};

function sourcePlugin(without: readonly Part[]): Plugin {
  return {
    name: 'source',
    setup({ onLoad }) {
      onLoad({ filter: /[\\/]src[\\/].*\.ts$/ }, async ({ path }) => {
        const code = markPureCalls(await readFile(path, 'utf8'));
        return { contents: without.reduce((text, part) => blanked[part](path, text), code), loader: 'ts' };
      });
    },
  };
}

/**
 * The minified bundle that a page loads: the entry and its imports. A chunk that is imported on demand, such as
 * threads, is loaded only by pages that need it.
 *
 * @param entry a path relative to the project root
 */
export async function bundle(entry: string, without: readonly Part[] = []): Promise<Uint8Array> {
  const { outputFiles, metafile } = await build({
    entryPoints: [entry],
    absWorkingDir: projectRoot,
    bundle: true,
    minify: true,
    splitting: true,
    metafile: true,
    outdir: 'dist',
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    logLevel: 'error',
    plugins: [sourcePlugin(without)],
  });
  const { outputs } = metafile;
  const loaded = new Set<string>();
  const load = (file: string): void => {
    if (loaded.has(file)) return;
    loaded.add(file);
    for (const { path, kind } of outputs[file]!.imports) if (kind !== 'dynamic-import') load(path);
  };
  load(Object.keys(outputs).find((file) => outputs[file]!.entryPoint === entry)!);
  return Buffer.concat(
    outputFiles.filter(({ path }) => loaded.has(relative(projectRoot, path))).map(({ contents }) => contents),
  );
}

/** Gzipped bytes of the whole and of its parts; `plain` is the whole before gzip. */
export interface ProgramSize {
  readonly all: number;
  readonly javascript: number;
  readonly wasm: number;
  readonly wgsl: number;
  readonly plain: number;
}

const gzipped = (file: Uint8Array): number => gzipSync(file, { level: 9 }).length;

/** @param entry a path relative to the project root */
export async function programSize(entry: string): Promise<ProgramSize> {
  const file = await bundle(entry);
  const all = gzipped(file);
  const wasm = all - gzipped(await bundle(entry, ['wasm']));
  const wgsl = all - gzipped(await bundle(entry, ['wgsl']));
  return { all, wasm, wgsl, javascript: all - wasm - wgsl, plain: file.length };
}
