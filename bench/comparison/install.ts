/**
 * Installs the peers. bench/peers is a separate package with exact versions, because only this benchmark needs them.
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../tools/lib/files.ts';

export const peersFolder: string = join(projectRoot, 'bench/peers');

interface Manifest {
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

const readManifest = (folder: string): Manifest =>
  JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;

/** Requested package and version of each peer. */
export const wantedVersions = (folder: string = peersFolder): Readonly<Record<string, string>> =>
  readManifest(folder).dependencies ?? {};

/** The packages that are missing or installed in another version. */
export function missingPackages(folder: string = peersFolder): string[] {
  return Object.entries(wantedVersions(folder))
    .filter(([name, version]) => {
      const place = join(folder, 'node_modules', name);
      return !existsSync(join(place, 'package.json')) || readManifest(place).version !== version;
    })
    .map(([name, version]) => `${name}@${version}`);
}

/** Installs missing peers. Throws an error that says what to do when they cannot be installed. */
export async function installPeers(folder: string = peersFolder, run: Npm = npm): Promise<void> {
  const missing = missingPackages(folder);
  if (missing.length === 0) return;
  console.log(`installing into bench/peers, about 260 MB: ${missing.join(', ')}\n`);
  const { code, output } = await run(['install', '--fetch-retries=1', '--fetch-retry-mintimeout=1000'], folder);
  if (code === 0 && missingPackages(folder).length === 0) return;
  throw new Error(
    'the peers cannot be installed: they come from the npm registry, which takes a network the first time; ' +
      `\`npm install\` in bench/peers does the same. npm said:\n${reasons(output)}`,
  );
}

/** The first lines with an error. The other lines give the location of npm and of its log. */
function reasons(output: string): string {
  const lines = output.trim().split('\n');
  const errors = lines.filter((line) => /^npm (error|ERR!) /.test(line));
  return (errors.length > 0 ? errors : lines).slice(0, 5).join('\n');
}

type Npm = (words: readonly string[], folder: string) => Promise<{ readonly code: number; readonly output: string }>;

const npm: Npm = (words, cwd) =>
  new Promise((resolve) => {
    let output = '';
    const child = spawn('npm', words, { cwd, shell: process.platform === 'win32', stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += String(text)));
    child.on('error', (error) => resolve({ code: 1, output: error.message }));
    child.on('close', (code) => resolve({ code: code ?? 1, output }));
  });
