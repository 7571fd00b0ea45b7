import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DevelopmentServer, startServer } from '../../tools/serve.ts';

let folder = '';
let server: DevelopmentServer;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gradlet-serve-'));
  const root = join(folder, 'root');
  mkdirSync(join(root, 'pages'), { recursive: true });
  mkdirSync(join(root, '.hidden'));
  writeFileSync(join(folder, 'secret.txt'), 'secret');
  writeFileSync(join(root, '.env'), 'secret');
  writeFileSync(join(root, '.hidden/file.txt'), 'secret');
  writeFileSync(join(root, 'pages/index.html'), '<!doctype html>hello');
  writeFileSync(join(root, 'part.ts'), 'export const answer: number = 42;');
  writeFileSync(
    join(root, 'entry.ts'),
    "import { answer } from './part.ts';\nexport const twice: number = 2 * answer;",
  );
  writeFileSync(join(root, 'broken.ts'), 'const = ;');
  symlinkSync(join(folder, 'secret.txt'), join(root, 'link.txt'));
  symlinkSync(join(root, '.hidden/file.txt'), join(root, 'hidden-link.txt'));
  symlinkSync(folder, join(root, 'up'));
  server = await startServer({ root });
});

afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

/** Sends a request with exactly this path; fetch would normalize it. */
function get(
  path: string,
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<{ status: number; body: string; headers: Record<string, unknown> }> {
  const { hostname, port } = new URL(server.origin);
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, path, method, headers }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (body += chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body, headers: response.headers }));
    });
    sent.on('error', reject);
    sent.end();
  });
}

describe('the development server', () => {
  it('binds to this machine only', () => {
    expect(server.origin).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  });

  it('serves files, an index and an empty page', async () => {
    expect((await get('/pages/')).body).toContain('hello');
    expect((await get('/blank')).headers['content-type']).toContain('text/html');
    expect((await get('/nothing')).status).toBe(404);
  });

  it('isolates pages unless told not to', async () => {
    const isolated = await get('/blank');
    expect(isolated.headers['cross-origin-opener-policy']).toBe('same-origin');
    expect(isolated.headers['cross-origin-embedder-policy']).toBe('require-corp');
    expect((await get('/blank?isolated=no')).headers['cross-origin-opener-policy']).toBeUndefined();
  });

  it.each([
    '/../secret.txt',
    '/pages/../../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/..%5csecret.txt',
    '//etc/passwd',
    '/link.txt',
    '/up/secret.txt',
    '/.env',
    '/%2eenv',
    '/.hidden/file.txt',
    '/hidden-link.txt',
    '/pages/%00',
    '/%zz',
  ])('does not serve %s', async (path) => {
    const { status, body } = await get(path);
    expect(status).toBe(404);
    expect(body).not.toContain('secret');
  });

  it('answers to its own name only', async () => {
    expect((await get('/blank', { host: 'example.com' })).status).toBe(403);
    expect((await get('/blank', { host: `localhost:${new URL(server.origin).port}` })).status).toBe(200);
    expect((await get('/blank', {}, 'POST')).status).toBe(405);
  });

  it('bundles TypeScript, and hands on what is wrong with it', async () => {
    const { body, headers } = await get('/entry.ts');
    expect(headers['content-type']).toContain('text/javascript');
    expect(body).toContain('42');
    expect(body).not.toContain('./part.ts');
    expect((await get('/broken.ts')).body).toMatch(/throw new Error\(.*broken\.ts/);
  });
});
