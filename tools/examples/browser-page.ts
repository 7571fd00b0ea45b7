/** Opens a page of the development server in headless Chromium, and calls functions in it. */
import type { Page } from 'puppeteer';
import { launchBrowser, type LaunchOptions } from '../browser.ts';
import { startServer } from '../serve.ts';

/** Opens an empty page of the development server, and closes everything when `use` is done. */
export async function withBrowserPage<T>(use: (page: Page) => Promise<T>, options: LaunchOptions = {}): Promise<T> {
  const server = await startServer();
  try {
    const browser = await launchBrowser(options);
    try {
      const page = await browser.newPage();
      page.on('console', (message) => {
        if (message.type() === 'error' || message.type() === 'warn') console.error(`page: ${message.text()}`);
      });
      const crashed = new Promise<never>((_, reject) => {
        page.once('error', (error) => reject(new Error(`the page crashed: ${error.message}`)));
      });
      await page.goto(`${server.origin}/blank`);
      return await Promise.race([use(page), crashed]);
    } finally {
      await browser.close();
    }
  } finally {
    await server.close();
  }
}

/** Calls `name`, exported by the project's file `module`, in the page. Argument and result are JSON. */
export async function callInPage<R>(page: Page, module: string, name: string, argument: object): Promise<R> {
  // as text, so that no bundler rewrites the import
  const call = `import(${JSON.stringify(`/${module}`)})
    .then((module) => module[${JSON.stringify(name)}](${JSON.stringify(argument)}))
    .then((result) => JSON.stringify(result))`;
  return JSON.parse((await page.evaluate(call)) as string) as R;
}
