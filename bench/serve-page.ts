/**
 * `npm run bench -- --page`: serves the benchmark's page, for a reader's own browser. It ends when it is interrupted.
 */
import { type DevelopmentServer, startServer } from '../tools/serve.ts';
import { bundleStart } from './start/bundle.ts';

export const pageAddress = '/bench/page/';

export async function servePage(port: number): Promise<DevelopmentServer> {
  await bundleStart();
  const server = await startServer({ port });
  console.log(`the benchmark's page: ${server.origin}${pageAddress}\n(Ctrl+C ends it)`);
  return server;
}
