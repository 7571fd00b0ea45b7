/**
 * Runs once before the browser tests: starts the browser and the server that they share.
 */
import type { TestProject } from 'vitest/node';
import { launchBrowser } from '../../tools/browser.ts';
import { startServer } from '../../tools/serve.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    browserEndpoint: string;
    serverOrigin: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startServer();
  const browser = await launchBrowser();
  project.provide('browserEndpoint', browser.wsEndpoint());
  project.provide('serverOrigin', server.origin);
  return async () => {
    await browser.close();
    await server.close();
  };
}
