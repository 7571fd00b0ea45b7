/** The built file in a plain page, with a content security policy that allows only its own scripts and WebAssembly. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, inject, it } from 'vitest';
import { withPage } from '../support/browser.ts';
import { builtPackage } from '../support/dist.ts';

const policy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; img-src data:";

const script = (backend: string): string => `
  import { adam, createEngine, dense, sequential } from '/package/gradlet.min.js';
  async function train() {
    const engine = await createEngine({ backend: '${backend}' });
    const model = sequential(
      [dense({ units: 8, activation: 'tanh', inputShape: [2] }), dense({ units: 1, activation: 'sigmoid' })],
      { engine, seed: 1 },
    );
    model.compile({ optimizer: adam({ learningRate: 0.1 }), loss: 'binaryCrossentropy' });
    const x = [[0, 0], [0, 1], [1, 0], [1, 1]];
    await model.fit(x, [0, 1, 1, 0].map((label) => [label]), { epochs: 100 });
    return [...(await model.predict(x)).data].map(Math.round);
  }
  window.trained = train();
`;

let library = '';

beforeAll(async () => {
  library = await readFile(join(await builtPackage(), 'gradlet.min.js'), 'utf8');
}, 120_000);

it.each([
  ['wasm', true],
  ['wasm', false],
  ['webgpu', true],
])('gradlet.min.js trains XOR on %s under a strict policy (isolated: %s)', async (backend, isolated) => {
  const result = await withPage({}, async (page) => {
    const pages: Readonly<Record<string, readonly [type: string, body: string]>> = {
      '/package/': [
        'text/html',
        '<!doctype html><link rel="icon" href="data:,"><script type="module" src="train.js"></script>',
      ],
      '/package/train.js': ['text/javascript', script(backend)],
      '/package/gradlet.min.js': ['text/javascript', library],
    };
    const isolation = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };
    await page.setRequestInterception(true);
    page.on('request', (request) => {
      const [type, body] = pages[new URL(request.url()).pathname] ?? ['text/plain', ''];
      const headers = { 'Content-Security-Policy': policy, ...(isolated && isolation) };
      void request.respond({ contentType: `${type}; charset=utf-8`, body, headers });
    });
    await page.goto(`${inject('serverOrigin')}/package/`);
    return page.evaluate('window.trained');
  });
  expect(result).toEqual([0, 1, 1, 0]);
});
