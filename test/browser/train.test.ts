/**
 * Training in a page, on each of its backends: the same loss curves within rounding, deterministic bits, and a responsive page.
 */
import { describe, expect, it } from 'vitest';
import { browserModule } from '../support/browser.ts';
import { cases } from '../support/non-finite.ts';

const page = browserModule<typeof import('./pages/train.ts')>('test/browser/pages/train.ts');

describe.each(['wasm', 'webgpu'])('%s in a page', (backend) => {
  it('trains as the reference does, and takes no more memory in a second run', async () => {
    const expected = await page('fit', 'reference');
    const given = await page('fit', backend);
    expect(Object.keys(given.history)).toEqual(['loss', 'accuracy', 'val_loss', 'val_accuracy']);
    for (const [name, values] of Object.entries(expected.history)) {
      values.forEach((value, epoch) => expect(given.history[name]![epoch]).toBeCloseTo(value, 3));
    }
    expected.predictions.forEach((value, place) => expect(given.predictions[place]).toBeCloseTo(value, 3));
    expect(given.history['val_accuracy']!.at(-1)).toBeGreaterThan(0.9);
    expect(given.bytesAfter).toBe(given.bytesBefore);
  });

  it('counts precision, recall, F1 and AUC as the reference does', async () => {
    const [expected, given] = [await page('classify', 'reference'), await page('classify', backend)];
    expect(Object.keys(given)).toEqual(['loss', 'f1Score', 'precision', 'recall', 'auc', 'pr']);
    for (const [name, value] of Object.entries(expected)) expect(given[name]).toBeCloseTo(value, 3);
    expect(given['auc']).toBeGreaterThan(0.5);
  });

  it('goes on after a file as if it had not stopped, bit by bit', async () => {
    const { whole, parts } = await page('resume', backend);
    expect(parts).toEqual(whole);
  });

  it('normalizes batches as the reference does, and its moving averages go the same way', async () => {
    const [expected, given] = [await page('normalized', 'reference'), await page('normalized', backend)];
    expected.losses.forEach((value, epoch) => expect(given.losses[epoch]).toBeCloseTo(value, 3));
    expected.weights.forEach((value, place) => expect(given.weights[place]).toBeCloseTo(value, 2));
    expect(given.losses.at(-1)).toBeLessThan(0.7 * given.losses[0]!);
    expect(await page('normalized', backend)).toEqual(given);
  });

  it('adds up an epoch without losing what is small', async () => {
    expect(await page('epochSums', backend)).toEqual([1, 3, -1].map((step) => 2 ** 24 + 3000 * step));
  });

  it('trains a short last batch as the same samples in a batch of their own, with a loss that has no slope at 0', async () => {
    const { whole, apart } = await page('shortBatch', backend);
    expect(whole.every(Number.isFinite)).toBe(true);
    expect(whole).toEqual(apart);
  });

  it('names what is not finite: weights, optimizer state, layers and metrics', async () => {
    const expected = Object.entries(cases).map(([name, { message, where, step }]) => [name, { message, where, step }]);
    expect(await page('nonFinite', backend)).toEqual(Object.fromEntries(expected));
  });

  it('lets the page live, and finds what is not finite', async () => {
    const { ticks, error } = await page('alive', backend);
    expect(ticks).toBeGreaterThan(3);
    expect(error).toMatch(/^NonFiniteError: fit: the output of layer 'dense(_1)?' became NaN or infinite/);
  });
});
