/** The lines of the roofline picture: the measured arithmetic rate and memory bandwidth of each backend. */
import type { BackendName } from '../suite.ts';
import { formatNumber } from '../table.ts';
import { svg } from './element.ts';
import { backendTitles } from './plan.ts';
import type { Frame } from './scale.ts';
import type { State } from './state.ts';

export interface Roof {
  readonly backend: BackendName;
  readonly gflops: number;
  /** GB/s. */
  readonly memory: number;
  readonly cached: number;
}

export function roofsOf({ measured }: State): Roof[] {
  return Object.entries(measured).flatMap(([backend, { ceilings }]) => {
    if (ceilings === undefined) return [];
    const { gflops, memoryBandwidth: memory, cachedBandwidth: cached } = ceilings;
    return [{ backend: backend as BackendName, gflops, memory, cached }];
  });
}

export function drawRoof(frame: Frame, { backend, gflops, memory, cached }: Roof): SVGElement {
  const { x, y, xRange } = frame;
  const slope = (bandwidth: number): string => {
    const from = startOf(frame, bandwidth);
    return `M${x(from)},${y(from * bandwidth)}L${x(gflops / bandwidth)},${y(gflops)}`;
  };
  return svg(
    'g',
    { class: backend },
    svg('path', { class: 'roof', d: `${slope(memory)}H${x(xRange[1])}` }),
    // most caches are faster; where a copy is too short to show this, the line would only confuse
    ...(cached > memory ? [svg('path', { class: 'roof cached', d: slope(cached) })] : []),
  );
}

/** Where the sloped line enters the picture: from the left or from below. */
const startOf = ({ xRange, yRange }: Frame, bandwidth: number): number => Math.max(xRange[0], yRange[0] / bandwidth);

/**
 * Label positions: the higher line's label is above it, the lower one's below, so that labels of close lines do not
 * overlap.
 */
export function drawLabels(frame: Frame, roofs: readonly Roof[]): SVGElement[] {
  const highest = Math.max(...roofs.map(({ gflops }) => gflops));
  const widest = Math.max(...roofs.map(({ memory }) => memory));
  return roofs.flatMap((roof) => [
    roofLabel(frame, roof, roof.gflops === highest),
    slopeLabel(frame, roof, roof.memory === widest),
  ]);
}

function roofLabel({ x, y, xRange }: Frame, { backend, gflops }: Roof, isAbove: boolean): SVGElement {
  const text = `${backendTitles[backend]} ${formatNumber(gflops)} GFLOP/s`;
  const at = { x: x(xRange[1]), y: y(gflops) + (isAbove ? -7 : 16), 'text-anchor': 'end' };
  return svg('text', { class: `roof-label ${backend}`, ...at }, text);
}

function slopeLabel(frame: Frame, { backend, memory }: Roof, isAbove: boolean): SVGElement {
  const { x, y } = frame;
  const from = startOf(frame, memory);
  const [left, base] = [x(from), y(from * memory)];
  const angle = (Math.atan2(y(2 * from * memory) - base, x(2 * from) - left) * 180) / Math.PI;
  const turned = `translate(${left},${base}) rotate(${angle.toFixed(1)})`;
  const at = { transform: turned, dx: isAbove ? 10 : 26, dy: isAbove ? -7 : 16 };
  return svg('text', { class: `roof-label ${backend}`, ...at }, `${formatNumber(memory)} GB/s`);
}
