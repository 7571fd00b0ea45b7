/** Runs an example in headless Chromium: calls page.ts there, forwards its progress, and returns the result. */
import type { LaunchOptions } from '../browser.ts';
import { callInPage, withBrowserPage } from './browser-page.ts';
import type { Run, Settings } from './example.ts';
import type { PageRun } from './page.ts';
import type { ProgressEvent } from './progress.ts';

export async function runInBrowser(
  settings: Settings,
  emit: (event: ProgressEvent) => void,
  options: LaunchOptions = {},
): Promise<Run> {
  const { result, model } = await withBrowserPage(async (page) => {
    await page.exposeFunction('gradletProgress', emit);
    return callInPage<PageRun>(page, 'tools/examples/page.ts', 'runInPage', settings);
  }, options);
  return { result, model: model === undefined ? undefined : new Uint8Array(Buffer.from(model, 'base64')) };
}
