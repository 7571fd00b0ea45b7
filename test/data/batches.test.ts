/** Batches: every sample once per epoch, arrays in the same order, orders by seed and epoch, shared memory only on request. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { batches } from '../../src/data/batches.ts';
import type { BatchesOptions } from '../../src/data/batches.ts';
import { tensor } from '../../src/data/tensor.ts';
import type { HostTensor } from '../../src/data/tensor.ts';
import { thrown } from '../support/models.ts';

const x = tensor(
  Float32Array.from({ length: 14 }, (_, place) => place),
  [7, 2],
);
const y = Int32Array.from({ length: 7 }, (_, sample) => sample);

/** The samples of each batch, identified by their labels. */
function ordersOf(loader: Iterable<[HostTensor, HostTensor]>): number[][] {
  return Array.from(loader, ([, labels]) => [...labels.data]);
}

describe('batches', () => {
  it('go through the data as it lies, the last one shorter', () => {
    const loader = batches([x, y], { batchSize: 3 });
    expect(loader.length).toBe(3);
    const all = [...loader];
    expect(all.map(([features]) => features.shape)).toEqual([
      [3, 2],
      [3, 2],
      [1, 2],
    ]);
    expect(all.map(([, labels]) => labels.shape)).toEqual([[3], [3], [1]]);
    expect(all.flatMap(([features]) => [...features.data])).toEqual([...x.data]);
    expect(all[0]![1].data).toEqual(Int32Array.of(0, 1, 2));
  });

  it('leave a short last one out when told to', () => {
    const loader = batches([x, y], { batchSize: 3, dropLast: true });
    expect([loader.length, ordersOf(loader)]).toEqual([
      2,
      [
        [0, 1, 2],
        [3, 4, 5],
      ],
    ]);
  });

  it('keep arrays in step, and hold every sample once, whatever the options', () => {
    const options = fc.record({
      batchSize: fc.integer({ min: 1, max: 9 }),
      shuffle: fc.boolean(),
      seed: fc.integer(),
      initialEpoch: fc.nat(5),
      reuse: fc.boolean(),
    });
    fc.assert(
      fc.property(options, (given) => {
        const seen: number[] = [];
        for (const [features, labels] of batches([x, y], given)) {
          expect([...features.data]).toEqual([...labels.data].flatMap((label) => [2 * label, 2 * label + 1]));
          seen.push(...labels.data);
        }
        expect(seen.sort((a, b) => a - b)).toEqual([...y]);
      }),
    );
  });

  it('have an order for each epoch of a seed, also when training goes on', () => {
    const options: BatchesOptions = { batchSize: 7, shuffle: true, seed: 3 };
    const loader = batches([x, y], options);
    const epochs = [ordersOf(loader), ordersOf(loader), ordersOf(loader)];
    expect(new Set(epochs.map(String)).size).toBe(3);
    expect(loader.epoch).toBe(3);
    const again = batches([x, y], { ...options, initialEpoch: 1 });
    expect([ordersOf(again), ordersOf(again)]).toEqual(epochs.slice(1));
    expect(ordersOf(batches([x, y], { ...options, seed: 4 }))).not.toEqual(epochs[0]);
  });

  it('give bytes and scaled values as the float32 that a model reads', () => {
    const bytes = tensor(Uint8Array.of(0, 51, 255), [3], { scale: 1 / 255, offset: -1 });
    const floats = { data: Float32Array.of(1, 2, 3), shape: [3], scale: 2 };
    const [[a, b, plain]] = [...batches([bytes, floats, Uint8Array.of(7, 8, 9)])] as [
      [HostTensor, HostTensor, HostTensor],
    ];
    expect(a.data).toEqual(Float32Array.of(-1, 51 / 255 - 1, 0));
    expect([a.scale, a.offset]).toEqual([1, 0]);
    expect(b.data).toEqual(Float32Array.of(2, 4, 6));
    expect(plain.data).toEqual(Float32Array.of(7, 8, 9));
  });

  it('have memory of their own, or one memory an epoch', () => {
    const memories = (reuse: boolean): number =>
      new Set(Array.from(batches([x], { batchSize: 3, reuse }), ([features]) => features.data.buffer)).size;
    expect([memories(false), memories(true)]).toEqual([3, 1]);
    // Two concurrent iterations are independent.
    const loader = batches([y], { batchSize: 2, reuse: true });
    const [first, second] = [loader[Symbol.iterator](), loader[Symbol.iterator]()];
    const [held] = first.next().value!;
    second.next();
    second.next();
    expect([...held.data]).toEqual([0, 1]);
  });

  it('take arrays in arrays, and samples without values', () => {
    expect(
      Array.from(
        batches(
          [
            [
              [1, 2],
              [3, 4],
            ],
          ],
          { batchSize: 1 },
        ),
        ([rows]) => rows.toArray(),
      ),
    ).toEqual([[[1, 2]], [[3, 4]]]);
    expect([...batches([tensor([], [2, 0])])][0]![0].shape).toEqual([2, 0]);
  });

  it.each([
    [
      () => batches([]),
      'ValueError: batches: takes a list of arrays with as many samples each: give one, such as [x, y]',
    ],
    [() => batches(y as unknown as number[][]), 'batches: takes a list of arrays'],
    [() => batches([x, [1]]), 'ShapeError: batches: data[0] has 7 samples and data[1] has 1: they must be equal'],
    [() => batches([x], { batchSize: 0 }), 'ValueError: batches: batchSize must be an integer ≥ 1, not 0'],
    [() => batches([x], { batchSize: 8, dropLast: true }), 'at most the 7 samples there are with dropLast, not 8'],
    [() => batches([x], { seed: NaN }), 'seed must be an integer'],
    [() => batches([x], { initialEpoch: -1 }), 'initialEpoch must be an integer ≥ 0, not -1'],
  ])('%s', (action, message) => {
    expect(thrown(action)).toContain(message);
  });
});
