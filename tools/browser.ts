/**
 * Finds and starts a browser with WebGPU for tests, benchmarks and size checks. `tsx tools/browser.ts` prints the
 * browser found. Order: PUPPETEER_EXECUTABLE_PATH, an installed Chrome or Chromium, Puppeteer's cache,
 * @sparticuz/chromium.
 */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import puppeteer, { type Browser } from 'puppeteer';
import { bundledChromium } from './lib/bundled-chromium.ts';

export interface LaunchOptions {
  /** Use the machine's GPU instead of SwiftShader, which computes on the processor. */
  readonly gpu?: boolean;
  /** Show the window; for debugging, not with the bundled browser. */
  readonly visible?: boolean;
  /** Further command line switches. */
  readonly args?: readonly string[];
}

export interface FoundBrowser {
  readonly executablePath: string;
  readonly source: string;
  /** The bundled browser is Chromium's headless shell and nothing else. */
  readonly shell: boolean;
  readonly env: Readonly<Record<string, string>>;
}

const namesOnPath = [
  'google-chrome-stable',
  'google-chrome',
  'chromium',
  'chromium-browser',
  'chrome',
  'microsoft-edge',
];

function usualPlaces(): string[] {
  const home = process.env.HOME ?? '';
  const { PROGRAMFILES, LOCALAPPDATA } = process.env;
  if (process.platform === 'darwin') {
    const apps = ['Google Chrome', 'Chromium', 'Google Chrome Canary', 'Microsoft Edge'];
    return ['', home].flatMap((root) => apps.map((app) => `${root}/Applications/${app}.app/Contents/MacOS/${app}`));
  }
  if (process.platform === 'win32') {
    return [PROGRAMFILES, process.env['PROGRAMFILES(X86)'], LOCALAPPDATA]
      .filter((root) => root !== undefined)
      .flatMap((root) => [
        `${root}\\Google\\Chrome\\Application\\chrome.exe`,
        `${root}\\Microsoft\\Edge\\Application\\msedge.exe`,
      ]);
  }
  return ['/opt/google/chrome/chrome', '/usr/lib/chromium/chromium', '/usr/lib/chromium-browser/chromium-browser'];
}

function onPath(): string[] {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  const ending = process.platform === 'win32' ? '.exe' : '';
  return folders.flatMap((folder) => namesOnPath.map((name) => join(folder, name + ending)));
}

function inPuppeteerCache(): string | null {
  try {
    const path = puppeteer.executablePath();
    return existsSync(path) ? path : null;
  } catch {
    return null; // no browser was downloaded
  }
}

/** The browser that launchBrowser would start. If there is none, throws an error that says what to do. */
export function findBrowser(): FoundBrowser {
  const chosen = process.env.PUPPETEER_EXECUTABLE_PATH;
  if (chosen !== undefined && chosen !== '') {
    if (!existsSync(chosen)) throw new Error(`PUPPETEER_EXECUTABLE_PATH names '${chosen}', which does not exist`);
    return {
      executablePath: chosen,
      source: 'PUPPETEER_EXECUTABLE_PATH',
      shell: /headless[-_]shell/.test(chosen),
      env: {},
    };
  }
  const installed = [...onPath(), ...usualPlaces()].find((path) => existsSync(path));
  if (installed !== undefined) return { executablePath: installed, source: 'installed', shell: false, env: {} };
  const cached = inPuppeteerCache();
  if (cached !== null) return { executablePath: cached, source: "Puppeteer's cache", shell: false, env: {} };
  const bundled = bundledChromium();
  if (bundled !== null) return { ...bundled, source: '@sparticuz/chromium', shell: true };
  throw new Error(
    'no browser found: install Chrome or Chromium, or set PUPPETEER_EXECUTABLE_PATH, ' +
      'or run `npx puppeteer browsers install chrome` (@sparticuz/chromium only runs on Linux x64)',
  );
}

/** Flags for a quiet, reproducible browser with WebGPU. It opens only our own pages, so it needs no sandbox. */
function switches({ gpu = false, args = [] }: LaunchOptions): string[] {
  const device = gpu
    ? ['--ignore-gpu-blocklist', '--enable-features=Vulkan', '--use-angle=vulkan']
    : ['--use-webgpu-adapter=swiftshader'];
  return [
    '--no-sandbox',
    '--enable-unsafe-webgpu',
    ...(gpu && process.platform !== 'linux' ? [] : device),
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--disable-dev-shm-usage',
    // background pages must not be throttled: several are open at once
    '--disable-background-timer-throttling',
    '--disable-renderer-backgrounding',
    '--disable-backgrounding-occluded-windows',
    ...args,
  ];
}

export async function launchBrowser(options: LaunchOptions = {}): Promise<Browser> {
  const found = findBrowser();
  const env = Object.fromEntries(Object.entries(process.env).filter(([, value]) => value !== undefined));
  return puppeteer.launch({
    executablePath: found.executablePath,
    headless: found.shell ? 'shell' : options.visible !== true,
    args: switches(options),
    env: { ...env, ...found.env },
    protocolTimeout: 600_000, // a benchmark or a training run may take minutes; callers set their own limits
  });
}

async function main(): Promise<void> {
  const found = findBrowser();
  const browser = await launchBrowser();
  console.log(`${found.source}: ${found.executablePath}\n${await browser.version()}`);
  await browser.close();
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main();
