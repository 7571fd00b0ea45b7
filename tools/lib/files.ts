/** File helpers shared by the build scripts. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const projectRoot: string = fileURLToPath(new URL('../..', import.meta.url)).replace(/[\\/]$/, '');

/** Writes only if the text differs, so that watchers and time stamps are not triggered. Returns whether it wrote. */
export function writeIfChanged(file: string, text: string): boolean {
  if (existsSync(file) && readFileSync(file, 'utf8') === text) return false;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return true;
}

/** All files under `folder` with the extension, as relative paths, sorted; empty if the folder is missing. */
export function listFiles(folder: string, ending: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}

/**
 * `entry` and all files that it imports by relative paths, directly or indirectly, sorted. `.ts` extensions are
 * optional.
 */
export function importedFiles(entry: string): string[] {
  const found = new Set<string>([entry]);
  for (const file of found) {
    const text = readFileSync(file, 'utf8');
    for (const [, path] of text.matchAll(/\b(?:from|import)\s+'(\.[^']*)'/g)) {
      found.add(join(dirname(file), path!.endsWith('.ts') ? path! : `${path!}.ts`));
    }
  }
  return [...found].sort();
}

/** A hash of the names and contents of some files. */
export function hashFiles(files: readonly string[], salt = ''): string {
  const hash = createHash('sha256').update(salt);
  for (const file of files) hash.update(`\0${relative(projectRoot, file)}\0`).update(readFileSync(file));
  return hash.digest('hex');
}

/** `matmul-tiled` → `matmulTiled`. */
export function camelCase(stem: string): string {
  return stem.replace(/-+([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
