/**
 * The development server for pages, browser tests and benchmarks: static files of the project, and TypeScript bundled
 * on request. `tsx tools/serve.ts [port]` starts it manually. It answers only requests from this machine to its own
 * host name, never leaves its root, by links or otherwise, and does not serve dot files.
 *
 * Pages are cross-origin isolated, so that they can share memory between threads; `?isolated=no` turns this off.
 */
import { readFile, realpath, stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createBundler } from './lib/bundle-on-request.ts';
import { projectRoot } from './lib/files.ts';

export interface ServeOptions {
  readonly root?: string;
  /** 0, the default, takes any free port. */
  readonly port?: number;
  /** Whether pages are cross-origin isolated unless their address says otherwise. */
  readonly isolated?: boolean;
}

export interface DevelopmentServer {
  /** `http://127.0.0.1:port`. Its `/blank` is an empty page. */
  readonly origin: string;
  close(): Promise<void>;
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.ts': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.wasm': 'application/wasm',
  '.wgsl': 'text/plain; charset=utf-8',
  '.md': 'text/plain; charset=utf-8',
};

const blankPage = '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><title>gradlet</title>\n';

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string | Uint8Array;
}

const refuse = (status: number, body: string): Answer => ({ status, type: 'text/plain; charset=utf-8', body });

/** The real file of a request's path, or null. */
async function locate(root: string, pathname: string): Promise<string | null> {
  let path: string;
  try {
    path = decodeURIComponent(pathname);
  } catch {
    return null;
  }
  // eslint-disable-next-line no-control-regex
  if (/[\u0000-\u001f\\]/.test(path) || path.split('/').some((part) => part.startsWith('.'))) return null;
  try {
    let file = await realpath(join(root, path));
    if ((await stat(file)).isDirectory()) file = await realpath(join(file, 'index.html'));
    const inside = file.startsWith(root + sep) && !file.slice(root.length).includes(`${sep}.`);
    return inside && (await stat(file)).isFile() ? file : null;
  } catch {
    return null;
  }
}

function headers(isolated: boolean, type: string): Record<string, string> {
  return {
    'Content-Type': type,
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    'Cross-Origin-Resource-Policy': 'same-origin',
    ...(isolated && {
      'Cross-Origin-Opener-Policy': 'same-origin',
      'Cross-Origin-Embedder-Policy': 'require-corp',
    }),
  };
}

export async function startServer(options: ServeOptions = {}): Promise<DevelopmentServer> {
  const root = await realpath(options.root ?? projectRoot);
  const bundler = createBundler(root);
  let hosts: readonly string[] = [];

  const answer = async (request: IncomingMessage, url: URL): Promise<Answer> => {
    // a foreign page whose host name resolves to this machine must not read the files
    if (!hosts.includes(request.headers.host ?? '')) return refuse(403, 'unknown host\n');
    if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(405, 'only GET and HEAD\n');
    if (url.pathname === '/blank') return { status: 200, type: types['.html']!, body: blankPage };
    const file = await locate(root, url.pathname);
    if (file === null) return refuse(404, 'not found\n');
    const ending = extname(file);
    const body = ending === '.ts' ? await bundler.bundle(file) : await readFile(file);
    return { status: 200, type: types[ending] ?? 'application/octet-stream', body };
  };

  const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    let url: URL;
    try {
      // the raw path, so that `//` is not parsed as a host
      url = new URL(`http://localhost/${(request.url ?? '/').replace(/^\/+/, '')}`);
    } catch {
      response.writeHead(400).end();
      return;
    }
    const { status, type, body } = await answer(request, url);
    const isolated = (options.isolated ?? true) && url.searchParams.get('isolated') !== 'no';
    response.writeHead(status, headers(isolated, type)).end(request.method === 'HEAD' ? undefined : body);
  };

  const server = createServer((request, response) => {
    respond(request, response).catch((error: unknown) => {
      console.error(error);
      response.destroy();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  hosts = [`127.0.0.1:${port}`, `localhost:${port}`];
  return {
    origin: `http://127.0.0.1:${port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await bundler.close();
    },
  };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { origin } = await startServer({ port: Number(process.argv[2] ?? 8080) });
  console.log(`serving at ${origin}`);
}
