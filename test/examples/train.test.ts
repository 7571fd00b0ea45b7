/**
 * A complete training run in Node on a small part of MNIST: from the settings of the command line to the files.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findExample } from '../../examples/list.ts';
import { type Result, runExample, type Settings } from '../../tools/examples/example.ts';
import { runFromCommandLine } from '../../tools/examples/main.ts';
import { progressReporter } from '../../tools/examples/progress.ts';

let folder = '';
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'gradlet-examples-'))));
afterAll(() => rmSync(folder, { recursive: true }));

const settings: Settings = {
  example: 'p2-ten-digits',
  epochs: 1,
  batchSize: 32,
  seed: 1,
  small: true,
  trainCount: 2_500,
  testCount: 500,
  backend: 'wasm',
};

describe('the ten digits', () => {
  it('are learned from 2,000 of them in one epoch, and the files are written', async () => {
    const stream = Object.assign(new PassThrough(), { isTTY: false });
    const [out, json] = [join(folder, 'p2'), join(folder, 'json/result.json')];
    const reporter = progressReporter(stream as unknown as NodeJS.WriteStream);
    await runFromCommandLine(
      findExample('p2-ten-digits'),
      { settings, browser: false, gpu: false, out, json },
      reporter,
    );

    const result = JSON.parse(readFileSync(json, 'utf8')) as Result;
    expect(result.test.accuracy).toBeGreaterThan(0.8);
    expect(result.settings).toEqual(settings);
    expect(result.engine.name).toBe('wasm');
    expect(Object.keys(result.history)).toEqual(['loss', 'accuracy', 'val_loss', 'val_accuracy']);
    expect(result.seconds).toBeGreaterThan(0);
    expect(readFileSync(join(out, 'result.json'), 'utf8')).toBe(readFileSync(json, 'utf8'));
    expect(readFileSync(join(out, 'curves.svg'), 'utf8')).toContain('Ten digits');
    expect(existsSync(join(out, 'model.safetensors'))).toBe(true);

    const lines = String(stream.read()).split('\n');
    expect(lines[0]).toMatch(/^wasm: WebAssembly .*; one thread; asked for$/);
    expect(lines[1]).toBe('Epoch 1/1');
    expect(lines[2]).toMatch(
      /^63\/63 ━{20} \d+s \d+.s\/step - loss: \d.*- accuracy: .*- val_loss: .*- val_accuracy: \d/,
    );
    expect(lines[3]).toMatch(/^test loss: \d\.\d{4} - test accuracy: 0\.\d{4}$/);
    expect(lines[4]).toMatch(/ s; wrote .*curves\.svg, .*model\.safetensors/);
  });

  it('give the same numbers for the same seed, and others for another', async () => {
    const few = { ...settings, trainCount: 320, testCount: 100 };
    const train = async (seed: number) =>
      (await runExample(findExample('p2-ten-digits'), { ...few, seed }, () => {})).result.history;
    const first = await train(7);
    expect(await train(7)).toEqual(first);
    expect(await train(8)).not.toEqual(first);
  });
});

it.each([
  ['p1-binary-digits', 0.85, ['loss', 'accuracy', 'val_loss', 'val_accuracy']],
  ['p4-learning-curves', 0.85, ['loss', 'accuracy', 'val_loss', 'val_accuracy']],
  ['custom-loop', 0.75, ['loss']],
])('%s learns', async (name, accuracy, names) => {
  const { result } = await runExample(findExample(name), { ...settings, example: name, epochs: 2 }, () => {});
  expect(result.test.accuracy).toBeGreaterThan(accuracy);
  expect(Object.keys(result.history)).toEqual(names);
});

it.each([
  ['p3-text-classifier', ['loss', 'accuracy', 'val_loss', 'val_accuracy']],
  ['p5-text-with-dropout', ['loss', 'accuracy', 'val_loss', 'val_accuracy']],
])('%s learns from some mails', async (name, names) => {
  const some = { ...settings, example: name, batchSize: 32, trainCount: 240, epochs: 3 };
  const lines: string[] = [];
  const { result, model } = await runExample(findExample(name), some, (event) => {
    if (event.kind === 'line') lines.push(event.text);
  });
  expect(Object.keys(result.history)).toEqual(names);
  expect(result.history.loss!.at(-1)).toBeLessThan(result.history.loss![0]!);
  expect(result.test.accuracy).toBeGreaterThan(0.5);
  expect(lines.join('\n')).toMatch(/precision +recall +F1[^]*wanted +[01]\.\d{4}[^]*is \\ taken for/);
  expect(model!.length).toBeGreaterThan(4 * 160_000); // the embeddings
});

it('novel-characters learns from a chapter, and writes', async () => {
  const some = { ...settings, example: 'novel-characters', trainCount: 1, epochs: 2 };
  const lines: string[] = [];
  const { result } = await runExample(findExample('novel-characters'), some, (event) => {
    if (event.kind === 'line') lines.push(event.text);
  });
  expect(result.history.loss![1]).toBeLessThan(result.history.loss![0]!);
  expect(lines.filter((line) => /^at temperature (0\.5|1): "Whale.{10,}"$/.test(line))).toHaveLength(4);
});

describe('the command', () => {
  const run = (...words: readonly string[]) =>
    promisify(execFile)(process.execPath, ['--import', 'tsx', ...words], { env: { ...process.env, NO_COLOR: '1' } });

  it('trains in a process of its own', async () => {
    const out = join(folder, 'process');
    const { stdout } = await run('examples/run.ts', 'p4-learning-curves', '--small', '--epochs', '1', '--out', out);
    expect(stdout).toMatch(/Epoch 1\/1\n.*val_accuracy.*\ntest loss: \d\.\d{4} - test accuracy: 0\.\d{4}\n/);
    expect(stdout).not.toContain('\u001b');
    expect(existsSync(join(out, 'curves.svg'))).toBe(true);
  });

  it('saves parameters that give the same predictions in another process', { timeout: 60_000 }, async () => {
    const out = join(folder, 'p3');
    await run('examples/run.ts', 'p3-text-classifier', '--small', '--epochs', '1', '--backend', 'wasm', '--out', out);
    const file = join(out, 'model.safetensors');
    const again = ['--file', file, '--backend', 'wasm', '--out', join(folder, 'again')];
    const { stdout } = await run('examples/run.ts', 'p3-saved-parameters', ...again);
    expect(stdout).toMatch(/all \d+ logits are those of the process that trained, to the bit/);
    expect(stdout).toMatch(/(spam|wanted): Claim your free prize now!/);
    expect(existsSync(join(folder, 'again/curves.svg'))).toBe(false);
    const missing = await run('examples/run.ts', 'p3-saved-parameters', '--file', 'no/such').catch(
      (error: unknown) => error,
    );
    expect(missing).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('run npm run example -- p3-text-classifier'),
    });
  });

  it('lists the examples, and ends with 1 for one that does not exist', async () => {
    expect((await run('examples/run.ts')).stdout).toContain('p2-ten-digits');
    const failure = await run('examples/run.ts', 'p2-ten-digit').catch((error: unknown) => error as { code: number });
    expect(failure).toMatchObject({ code: 1, stderr: expect.stringContaining("did you mean 'p2-ten-digits'?") });
  });
});
