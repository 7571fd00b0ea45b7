/**
 * The fallback browser: @sparticuz/chromium, a headless Chromium for Linux x64 in an npm package. It needs no root
 * access and no system packages; the libraries that a bare system lacks are included in a separate archive.
 */
import { spawnSync } from 'node:child_process';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { projectRoot } from './files.ts';

export interface BundledChromium {
  readonly executablePath: string;
  /** What the browser's process needs in its environment. */
  readonly env: Readonly<Record<string, string>>;
}

function installedVersion(): string | null {
  try {
    const entry = createRequire(import.meta.url).resolve('@sparticuz/chromium');
    const manifest = JSON.parse(readFileSync(join(dirname(entry), '../../package.json'), 'utf8')) as {
      version: string;
    };
    return manifest.version;
  } catch {
    return null;
  }
}

/** A persistent folder: under node_modules, or the temporary folder if that is not writable. */
function cacheFolder(): string {
  const own = join(projectRoot, 'node_modules/.cache/gradlet');
  try {
    mkdirSync(own, { recursive: true });
    accessSync(own, constants.W_OK);
    return own;
  } catch {
    const user = process.getuid?.() ?? 0;
    const shared = join(tmpdir(), `gradlet-cache-${user}`);
    mkdirSync(shared, { recursive: true, mode: 0o700 });
    return shared;
  }
}

/**
 * The package unpacks into the temporary folder under fixed names and does not detect an incomplete file. So a child
 * process unpacks into a fresh folder, which is renamed once complete: concurrent runs do not interfere.
 */
function unpack(target: string): void {
  const staging = mkdtempSync(`${target}-unpacking-`);
  const script = "import('@sparticuz/chromium').then(({ default: chromium }) => chromium.executablePath())";
  const result = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: projectRoot,
    // the second variable makes the package unpack its libraries (nss, nspr, expat) too
    env: { ...process.env, TMPDIR: staging, AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs20.x' },
    encoding: 'utf8',
  });
  if (result.status !== 0 || !existsSync(join(staging, 'chromium'))) {
    rmSync(staging, { recursive: true, force: true });
    throw new Error(`cannot unpack @sparticuz/chromium: ${result.error?.message ?? result.stderr}`);
  }
  try {
    renameSync(staging, target);
  } catch (error) {
    rmSync(staging, { recursive: true, force: true });
    if (!existsSync(target)) throw error; // else another run was faster
  }
}

/**
 * The package's own font configuration is for another system. If no font is found, the first text in a page crashes the
 * browser.
 */
function listFonts(folder: string): string {
  const list = join(folder, 'fonts.conf');
  const folders = [join(folder, 'fonts/fonts'), '/usr/share/fonts'].map((path) => `<dir>${path}</dir>`);
  const cache = `<cachedir>${join(folder, 'fonts-cache')}</cachedir>`;
  if (existsSync(list)) return list;
  const staging = `${list}-${process.pid}`; // another run may be reading
  writeFileSync(staging, `<?xml version="1.0"?>\n<fontconfig>${[...folders, cache].join('')}</fontconfig>\n`);
  renameSync(staging, list);
  return list;
}

/** Null if it cannot run or is not installed. */
export function bundledChromium(): BundledChromium | null {
  if (process.platform !== 'linux' || process.arch !== 'x64') return null;
  const version = installedVersion();
  if (version === null) return null;
  const folder = join(cacheFolder(), `chromium-${version}`);
  if (!existsSync(join(folder, 'chromium'))) unpack(folder);
  const libraries = [join(folder, 'al2023/lib'), process.env.LD_LIBRARY_PATH].filter(Boolean).join(':');
  return {
    executablePath: join(folder, 'chromium'),
    env: { LD_LIBRARY_PATH: libraries, FONTCONFIG_FILE: listFonts(folder) },
  };
}
