/**
 * shaders/<family>/<name>.wgsl → src/generated/shaders/<name>.ts. Run by `npm run build:shaders`; `--readable` leaves comments, lines
 * and names as they are: the messages of the GPU's compiler speak of the text that it gets. Files are only written when they change, so this runs before every test.
 */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { emitIndex, emitShader } from './lib/emit-shader.ts';
import { listFiles, projectRoot, writeIfChanged } from './lib/files.ts';
import { shortNames } from './lib/wgsl-minify.ts';
import { reflectShader } from './lib/wgsl-reflect.ts';
import { ShaderError, tokenizeWgsl } from './lib/wgsl-tokens.ts';

export interface BuildShadersOptions {
  readonly source: string;
  readonly target: string;
  readonly minify?: boolean;
}

/** Gives the messages of what is wrong, each `file:line: message`; empty when all is well. */
export function buildShaders({ source, target, minify = true }: BuildShadersOptions): string[] {
  const problems: string[] = [];
  const written = new Set(['index.ts']);
  const stems: string[] = [];
  const texts = listFiles(source, '.wgsl').map((file) => [file, readFileSync(join(source, file), 'utf8')] as const);
  const names = shortNames(texts.map(([, text]) => text).filter(canBeRead));
  for (const [file, code] of texts) {
    const stem = basename(file, '.wgsl');
    try {
      const text = emitShader(reflectShader(stem, code, minify, names), `shaders/${file}`);
      writeIfChanged(join(target, `${stem}.ts`), text);
      if (written.has(`${stem}.ts`)) throw new Error(`another folder has a shader '${stem}' too: rename one of them`);
      written.add(`${stem}.ts`);
      stems.push(stem);
    } catch (error) {
      const line = error instanceof ShaderError ? error.line : 1;
      problems.push(`shaders/${file}:${line}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  if (problems.length > 0) return problems;
  writeIfChanged(join(target, 'index.ts'), emitIndex(stems));
  for (const stale of listFiles(target, '.ts')) if (!written.has(stale)) rmSync(join(target, stale));
  return problems;
}

/** Those that cannot are told about one by one. */
function canBeRead(code: string): boolean {
  try {
    tokenizeWgsl(code);
    return true;
  } catch {
    return false;
  }
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
  else console.log(`shaders: ${existsSync(source) ? listFiles(source, '.wgsl').length : 0} ready`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main();
