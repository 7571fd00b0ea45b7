/** Builds the package with `npm run build:dist`, only if a source file is newer than the build. */
import { execFile } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { listFiles, projectRoot } from '../../tools/lib/files.ts';

export const run: (
  file: string,
  args: readonly string[],
  options: { readonly cwd: string },
) => Promise<{ stdout: string; stderr: string }> = promisify(execFile);

/** The path of `dist`, which is up to date. */
export async function builtPackage(): Promise<string> {
  const dist = join(projectRoot, 'dist');
  const last = join(dist, 'gradlet.d.ts'); // written last
  const sources = listFiles(join(projectRoot, 'src'), '.ts').map((file) => join(projectRoot, 'src', file));
  const changed = [...sources, join(projectRoot, 'rollup.config.mjs')].map((file) => statSync(file).mtimeMs);
  if (!existsSync(last) || statSync(last).mtimeMs < Math.max(...changed)) {
    const rollup = join(projectRoot, 'node_modules/rollup/dist/bin/rollup');
    await run(process.execPath, [rollup, '--config', 'rollup.config.mjs', '--silent'], { cwd: projectRoot });
  }
  return dist;
}
