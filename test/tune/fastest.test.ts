/** The choice among timed candidates, with simulated timings. */
import { expect, it } from 'vitest';
import { fastest } from '../../src/tune/fastest.ts';
import type { Timer } from '../../src/tune/fastest.ts';

/** A device with given milliseconds per run and 0.2 per submit; `disturb` adds noise to the timing with this index. */
function device(costs: Readonly<Record<string, number>>, disturb: (timing: number) => number = () => 0) {
  const asked: { name: string; runs: number }[] = [];
  const time: Timer = (name, runs) => {
    asked.push({ name, runs });
    return Promise.resolve(0.2 + runs * costs[name]! + disturb(asked.length));
  };
  return { asked, time };
}

it('takes the fastest', async () => {
  const { time } = device({ a: 0.3, b: 0.2, c: 0.25 });
  const { name, milliseconds } = await fastest(['a', 'b', 'c'], 'a', time);
  expect(name).toBe('b');
  expect(Object.keys(milliseconds)).toEqual(['a', 'b', 'c']);
  expect(milliseconds['c']).toBeCloseTo(0.25, 1);
});

it('stays with what it knows unless another is clearly faster', async () => {
  expect((await fastest(['a', 'b'], 'a', device({ a: 1, b: 0.97 }).time)).name).toBe('a');
  expect((await fastest(['a', 'b'], 'a', device({ a: 1, b: 0.9 }).time)).name).toBe('b');
  expect((await fastest(['a', 'b'], 'b', device({ a: 1, b: 0.9 }).time)).name).toBe('b');
});

it('is not misled by what disturbs a few timings', async () => {
  const { time } = device({ a: 0.1, b: 0.05 }, (timing) => (timing % 5 === 0 ? 90 : 0));
  expect((await fastest(['a', 'b'], 'a', time)).name).toBe('b');
});

it('runs short candidates often enough to see them, and long ones no more than needed', async () => {
  const short = device({ a: 0.001, b: 0.002 });
  await fastest(['a', 'b'], 'a', short.time);
  expect(short.asked.at(-1)!.runs * 0.001).toBeGreaterThan(1);
  expect(Math.max(...short.asked.map(({ runs }) => runs))).toBeLessThanOrEqual(4096);
  const long = device({ a: 200, b: 150 });
  await fastest(['a', 'b'], 'a', long.time);
  expect(new Set(long.asked.map(({ runs }) => runs))).toEqual(new Set([1]));
});

it('ends where the clock stands still', async () => {
  const { name } = await fastest(['a', 'b'], 'b', () => Promise.resolve(0));
  expect(name).toBe('b');
});

it('gives a hopeless candidate three timings', async () => {
  const { asked, time } = device({ a: 20, b: 500, c: 15 });
  const { name, milliseconds } = await fastest(['a', 'b', 'c'], 'a', time);
  expect(name).toBe('c');
  expect(asked.filter((timing) => timing.name === 'b').length).toBe(3);
  expect(milliseconds['b']).toBeUndefined();
});

it('keeps the known choice in the race however slow it is', async () => {
  const { name, milliseconds } = await fastest(['a', 'b'], 'a', device({ a: 500, b: 15 }).time);
  expect(name).toBe('b');
  expect(milliseconds['a']).toBeCloseTo(500, 0);
});

it('times in turn', async () => {
  const { asked, time } = device({ a: 20, b: 21, c: 19 });
  await fastest(['a', 'b', 'c'], 'a', time);
  expect(asked.slice(-6).map(({ name }) => name)).toEqual(['a', 'b', 'c', 'a', 'b', 'c']);
});
