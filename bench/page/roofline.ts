/**
 * The roofline picture: operations per byte against operations per second, both logarithmic. A case is limited by
 * memory bandwidth (the sloped line) and by the rate of multiply-adds (the flat line).
 */
import type { BackendName } from '../suite.ts';
import { formatNumber } from '../table.ts';
import { element, svg } from './element.ts';
import { backendTitles, titleOf } from './plan.ts';
import { labelDots } from './dot-labels.ts';
import { drawLabels, drawRoof, roofsOf } from './roofs.ts';
import { type Frame, frameOf } from './scale.ts';
import type { State } from './state.ts';

export interface Dot {
  readonly backend: BackendName;
  readonly suite: string;
  readonly name: string;
  /** Operations a byte. */
  readonly x: number;
  /** GFLOP/s. */
  readonly y: number;
}

/** The marker shape of each suite, around the point 0, 0. */
const shapes: Readonly<Record<string, string>> = {
  matmul: 'M-4.5,0a4.5,4.5 0 1,0 9,0a4.5,4.5 0 1,0 -9,0z',
  elementwise: 'M-4,-4h8v8h-8z',
  step: 'M0,-5.5l5.5,5.5l-5.5,5.5l-5.5,-5.5z',
};

function dotsOf({ measured }: State): Dot[] {
  return Object.values(measured).flatMap(({ records }) =>
    records.flatMap(({ suite, name, backend, milliseconds, work }) => {
      if (work === undefined) return [];
      const [x, y] = [work.operations / work.bytes, work.operations / milliseconds.median / 1e6];
      return [{ backend: backend as BackendName, suite, name, x, y }];
    }),
  );
}

export function drawRoofline(host: HTMLElement, state: State): void {
  const [dots, roofs] = [dotsOf(state), roofsOf(state)];
  const frame = frameOf(host.clientWidth, dots, roofs);
  const { width, height } = frame;
  const empty = svg('text', { x: width / 2, y: height / 2, 'text-anchor': 'middle' }, 'Fills as it is measured');
  host.replaceChildren(
    svg(
      'svg',
      { viewBox: `0 0 ${width} ${height}`, height, role: 'img', 'aria-labelledby': 'picture-title picture-text' },
      svg('title', { id: 'picture-title' }, 'Roofline: GFLOP/s by operations for each byte'),
      svg('desc', { id: 'picture-text' }, describe(state, dots)),
      ...axes(frame),
      ...(roofs.length + dots.length === 0 ? [empty] : []),
      ...roofs.map((roof) => drawRoof(frame, roof)),
      ...drawLabels(frame, roofs),
      ...labelDots(frame, dots),
      ...dots.map((dot) => drawDot(frame, dot)),
    ),
  );
}

function drawDot({ x, y }: Frame, dot: Dot): SVGElement {
  const title = `${backendTitles[dot.backend]}, ${titleOf(dot.suite)}, ${dot.name}: ${formatNumber(dot.y)} GFLOP/s at ${formatNumber(dot.x)} operations a byte`;
  return svg(
    'path',
    { class: `mark dot ${dot.backend}`, d: shapes[dot.suite]!, transform: `translate(${x(dot.x)},${y(dot.y)})` },
    svg('title', {}, title),
  );
}

/** The text for screen readers. */
function describe(state: State, dots: readonly Dot[]): string {
  const roofs = roofsOf(state).map(
    ({ backend, gflops, memory }) =>
      `${backendTitles[backend]}: roof ${formatNumber(gflops)} GFLOP/s, memory ${formatNumber(memory)} GB/s`,
  );
  const best = [...dots].sort((a, b) => b.y - a.y)[0];
  const fastest = best && `fastest: ${titleOf(best.suite)} ${best.name}, ${formatNumber(best.y)} GFLOP/s`;
  const parts = [...roofs, ...(fastest ? [`${dots.length} cases, ${fastest}`] : [])];
  return parts.length === 0 ? 'Nothing has been measured yet.' : `${parts.join('; ')}. The table has the numbers.`;
}

function axes({ width, height, left, right, top, bottom, x, y, xTicks, yTicks }: Frame): SVGElement[] {
  const base = height - bottom;
  return [
    ...xTicks.flatMap((tick) => [
      svg('line', { class: 'grid', x1: x(tick), x2: x(tick), y1: top, y2: base }),
      svg('text', { x: x(tick), y: base + 18, 'text-anchor': 'middle' }, String(tick)),
    ]),
    ...yTicks.flatMap((tick) => [
      svg('line', { class: 'grid', x1: left, x2: width - right, y1: y(tick), y2: y(tick) }),
      svg('text', { x: left - 8, y: y(tick) + 4, 'text-anchor': 'end' }, String(tick)),
    ]),
    svg('text', { x: width - right, y: height - 6, 'text-anchor': 'end' }, 'operations a byte'),
    svg('text', { x: 0, y: 12 }, 'GFLOP/s'),
  ];
}

export function drawLegend(list: HTMLElement): void {
  const item = (text: string, backend: string, ...marks: readonly SVGElement[]): HTMLElement => {
    const picture = svg('svg', { width: 24, height: 14, viewBox: '-12 -7 24 14', 'aria-hidden': 'true' }, ...marks);
    return element('li', { class: backend }, picture, text);
  };
  const line = (dashes: string): SVGElement => svg('line', { x1: -11, x2: 11, 'stroke-dasharray': dashes });
  list.replaceChildren(
    item('WebAssembly', 'wasm', svg('path', { class: 'mark', d: shapes['matmul']! })),
    item('WebGPU', 'webgpu', svg('path', { class: 'mark', d: shapes['matmul']! })),
    ...Object.entries(shapes).map(([suite, d]) => item(titleOf(suite), '', svg('path', { class: 'mark', d }))),
    item('memory bandwidth and peak', '', line('none')),
    item('bandwidth in the cache', '', line('4 3')),
  );
}
