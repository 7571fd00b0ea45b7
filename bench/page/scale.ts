/** The axes of the roofline picture: two logarithmic scales that cover all drawn values. */
import type { Dot } from './roofline.ts';
import type { Roof } from './roofs.ts';

export type Range = readonly [from: number, to: number];

export interface Frame {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  readonly xRange: Range;
  readonly yRange: Range;
  /** From a value to its place. */
  x(value: number): number;
  y(value: number): number;
  readonly xTicks: readonly number[];
  readonly yTicks: readonly number[];
}

const margins = { left: 44, right: 12, top: 24, bottom: 44 } as const;

export function frameOf(width: number, dots: readonly Dot[], roofs: readonly Roof[]): Frame {
  const height = Math.round(Math.min(440, Math.max(300, width * 0.5)));
  const { left, right, top, bottom } = margins;
  // space on the right for the roof beyond its intersection with the sloped line
  const xRange = rangeOf(
    [0.05, 200, ...dots.map(({ x }) => x), ...roofs.map(({ gflops, memory }) => (4 * gflops) / memory)],
    1.3,
  );
  const heights = [...dots.map(({ y }) => y), ...roofs.map(({ gflops }) => gflops)];
  const yRange = rangeOf(heights.length === 0 ? [0.1, 100] : heights, 2);
  const place = (value: number, [from, to]: Range): number => Math.log(value / from) / Math.log(to / from);
  return {
    ...{ width, height, left, right, top, bottom, xRange, yRange },
    x: (value) => round(left + place(value, xRange) * (width - left - right)),
    y: (value) => round(height - bottom - place(value, yRange) * (height - top - bottom)),
    xTicks: decades(xRange),
    yTicks: decades(yRange),
  };
}

/** Slightly more than from minimum to maximum, and at least two decades, so that there are ticks. */
function rangeOf(values: readonly number[], slack: number): Range {
  const to = Math.max(...values) * slack;
  return [Math.min(Math.min(...values) / slack, to / 100), to];
}

/** The powers of ten in the range: 0.1, 1, 10. */
function decades([from, to]: Range): number[] {
  const [first, last] = [Math.ceil(Math.log10(from)), Math.floor(Math.log10(to))];
  return Array.from({ length: last - first + 1 }, (_, index) => Number(`1e${first + index}`));
}

const round = (place: number): number => Math.round(place * 10) / 10;
