/**
 * shaders/<family>/<name>.wgsl → src/generated/shaders/<name>.ts, with `// #include "name"` replaced by
 * shaders/include/<name>.wgsl. Run by `npm run build:shaders`. `--readable` preserves comments, lines and names,
 * because the GPU compiler's messages refer to the text that it receives. Files are written only when they change, so
 * this can run before every test.
 */
import { readFileSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { emitIndex, emitShader } from './lib/emit-shader.ts';
import { listFiles, projectRoot, writeIfChanged } from './lib/files.ts';
import { LocatedError, located, resolveIncludes } from './lib/wgsl-include.ts';
import type { ResolvedShader } from './lib/wgsl-include.ts';
import { shortNames } from './lib/wgsl-minify.ts';
import { reflectShader } from './lib/wgsl-reflect.ts';

export interface BuildShadersOptions {
  readonly source: string;
  readonly target: string;
  readonly minify?: boolean;
}

/**
 * Builds every shader of `source` into `target`; files of `source`/include are only included.
 *
 * @returns problems, each as `file:line: message`; empty if all shaders were written
 */
export function buildShaders({ source, target, minify = true }: BuildShadersOptions): string[] {
  const problems = new Set<string>(); // an included file's error appears in each shader
  const written = new Set(['index.ts']);
  const stems: string[] = [];
  const shaders = readShaders(source, problems);
  const names = shortNames(shaders.map(({ text }) => text));
  for (const shader of shaders) {
    const { file, text } = shader;
    const stem = basename(file, '.wgsl');
    try {
      const code = emitShader(reflectShader(stem, text, minify, names), `shaders/${file}`);
      writeIfChanged(join(target, `${stem}.ts`), code);
      if (written.has(`${stem}.ts`)) throw new Error(`another folder has a shader '${stem}' too: rename one of them`);
      written.add(`${stem}.ts`);
      stems.push(stem);
    } catch (error) {
      problems.add(located(shader, error).message);
    }
  }
  if (problems.size > 0) return [...problems];
  writeIfChanged(join(target, 'index.ts'), emitIndex(stems));
  for (const stale of listFiles(target, '.ts')) if (!written.has(stale)) rmSync(join(target, stale));
  return [];
}

const isInclude = (file: string): boolean => dirname(file) === 'include';

/** Every shader of `source` with its includes. A shader that cannot be resolved adds to `problems`. */
export function readShaders(source: string, problems: Set<string>): ResolvedShader[] {
  const texts = new Map(listFiles(source, '.wgsl').map((file) => [file, readFileSync(join(source, file), 'utf8')]));
  return [...texts.keys()].flatMap((file) => {
    if (isInclude(file)) return [];
    try {
      return [resolveIncludes(file, texts)];
    } catch (error) {
      if (!(error instanceof LocatedError)) throw error;
      problems.add(error.message);
      return [];
    }
  });
}

function main(): void {
  const source = join(projectRoot, 'shaders');
  const problems = buildShaders({
    source,
    target: join(projectRoot, 'src/generated/shaders'),
    minify: !process.argv.includes('--readable'),
  });
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) process.exitCode = 1;
  else console.log(`shaders: ${listFiles(source, '.wgsl').filter((file) => !isInclude(file)).length} ready`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main();
