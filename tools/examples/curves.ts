/** Draws learning curves by epoch: loss, accuracy and other metrics, training next to validation. */
import { parse, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';

/** A list per metric with one value per epoch; `val_loss` is the validation's `loss`. */
export type HistoryValues = Readonly<Record<string, readonly number[]>>;

export interface CurvesOptions {
  readonly title: string;
  readonly subtitle?: string;
  /** What to show, a panel each, side by side: ['loss', 'accuracy']. */
  readonly metrics: readonly string[];
}

interface Point {
  readonly epoch: number;
  readonly value: number;
  readonly part: 'training' | 'validation';
}

const validationPrefix = 'val_';

function pointsOf(history: HistoryValues, metric: string): Point[] {
  const points = (part: Point['part'], values: readonly number[] = []): Point[] =>
    values.map((value, index) => ({ epoch: index + 1, value, part })).filter(({ value }) => Number.isFinite(value));
  return [...points('training', history[metric]), ...points('validation', history[validationPrefix + metric])];
}

const ink = '#1f2933';
const faint = '#6b7784';
const colors = { training: '#2563b0', validation: '#d9762b' };

/** At most a dozen integers on the axis. */
function epochTicks(epochs: number): number[] {
  const step = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000].find((candidate) => epochs / candidate <= 12) ?? epochs;
  const ticks = Array.from({ length: Math.floor(epochs / step) }, (_, index) => (index + 1) * step);
  return step === 1 ? ticks : [1, ...ticks];
}

/** Metrics without ticks above 1. */
const isShare = (metric: string): boolean => /accuracy|precision|recall/i.test(metric);

function panel(metric: string, points: readonly Point[]): object {
  const epochs = Math.max(1, ...points.map(({ epoch }) => epoch));
  const parts = [...new Set(points.map(({ part }) => part))];
  const title = metric.charAt(0).toUpperCase() + metric.slice(1);
  return {
    title: { text: title, anchor: 'start', fontSize: 13, fontWeight: 600, color: ink, offset: 10 },
    width: 340,
    height: 230,
    data: { values: points },
    mark: { type: 'line', strokeWidth: 2.2, point: { size: 38, filled: true } },
    encoding: {
      x: {
        field: 'epoch',
        type: 'quantitative',
        title: 'epoch',
        scale: { domain: [epochs === 1 ? 0.5 : 1, epochs === 1 ? 1.5 : epochs], nice: false, padding: 10 },
        axis: { values: epochTicks(epochs), format: 'd', grid: false },
      },
      y: {
        field: 'value',
        type: 'quantitative',
        title: null,
        scale: { zero: false, nice: true, ...(isShare(metric) ? { domainMax: 1 } : { padding: 6 }) },
        axis: { tickCount: 6, domain: false },
      },
      color: {
        field: 'part',
        type: 'nominal',
        title: null,
        scale: { domain: parts, range: parts.map((part) => colors[part]) },
      },
    },
  };
}

/** The picture as SVG. Throws if the history has none of the metrics. */
export async function drawCurves(history: HistoryValues, options: CurvesOptions): Promise<string> {
  const panels = options.metrics
    .map((metric) => ({ metric, points: pointsOf(history, metric) }))
    .filter(({ points }) => points.length > 0);
  if (panels.length === 0) {
    const names = Object.keys(history).join(', ');
    throw new Error(`no curve to draw: asked for ${options.metrics.join(', ')}; the history has ${names}`);
  }
  const spec = {
    $schema: 'https://vega.github.io/schema/vega-lite/v5.json',
    background: '#ffffff',
    padding: 18,
    title: {
      text: options.title,
      ...(options.subtitle !== undefined && { subtitle: options.subtitle }),
      anchor: 'start',
      fontSize: 17,
      fontWeight: 600,
      color: ink,
      subtitleFontSize: 12,
      subtitleColor: faint,
      subtitlePadding: 5,
      offset: 16,
    },
    hconcat: panels.map(({ metric, points }) => panel(metric, points)),
    spacing: 36,
    config: {
      font: 'system-ui, -apple-system, "Segoe UI", "Helvetica Neue", Arial, sans-serif',
      view: { stroke: null },
      axis: { labelColor: faint, titleColor: faint, titleFontWeight: 400, labelFontSize: 11, titleFontSize: 12 },
      axisY: { gridColor: '#e6e9ed', tickColor: '#e6e9ed' },
      axisX: { domainColor: '#b8c0c9', tickColor: '#b8c0c9' },
      legend: {
        orient: 'bottom',
        symbolType: 'circle',
        symbolSize: 70,
        labelColor: ink,
        labelFontSize: 12,
        columnPadding: 18,
        offset: 10,
      },
    },
  } as TopLevelSpec;
  const view = new View(parse(compile(spec).spec), { renderer: 'none' });
  const svg = await view.toSVG();
  view.finalize();
  return svg;
}
