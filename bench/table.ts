/** Records as a plain text table: one line each, columns below their headings. */
import type { Size } from './comparison/report.ts';
import type { BenchRecord } from './suite.ts';

/** Three significant digits: 0.0123, 1.23, 12.3, 123. */
export function formatNumber(value: number): string {
  if (value === 0 || !Number.isFinite(value)) return String(value);
  const decimals = Math.max(0, Math.min(6, 2 - Math.floor(Math.log10(Math.abs(value)))));
  return value.toFixed(decimals);
}

interface Column {
  readonly head: string;
  readonly width: number;
  readonly left?: true;
  readonly text: (record: BenchRecord) => string;
}

const columns: readonly Column[] = [
  { head: 'name', width: 34, left: true, text: ({ name }) => name },
  { head: 'backend', width: 7, left: true, text: ({ backend }) => backend },
  { head: 'threads', width: 7, text: ({ threads }) => String(threads) },
  { head: 'median ms', width: 10, text: ({ milliseconds }) => formatNumber(milliseconds.median) },
  {
    head: 'p10–p90',
    width: 16,
    text: ({ milliseconds: { p10, p90 } }) => `${formatNumber(p10)}–${formatNumber(p90)}`,
  },
  { head: 'value', width: 18, text: ({ value, unit }) => `${formatNumber(value)} ${unit}` },
  { head: 'ceiling', width: 8, text: ({ ceiling }) => (ceiling === null ? '–' : formatNumber(ceiling)) },
  { head: 'share', width: 6, text: ({ share }) => (share === null ? '–' : `${(100 * share).toFixed(0)} %`) },
];

const line = (texts: readonly string[], nameWidth: number): string =>
  texts
    .map((text, index) => {
      const { width, left } = columns[index]!;
      return left ? text.padEnd(index === 0 ? nameWidth : width) : text.padStart(width);
    })
    .join('  ')
    .trimEnd();

const usualWidth = columns[0]!.width;

export const tableHead = (nameWidth: number = usualWidth): string =>
  line(
    columns.map(({ head }) => head),
    nameWidth,
  );

export const tableLine = (record: BenchRecord, nameWidth: number = usualWidth): string =>
  line(
    columns.map(({ text }) => text(record)),
    nameWidth,
  );

export const sizeLine = ({ name, bytes, gzip }: Size, nameWidth: number = usualWidth): string =>
  `${name.padEnd(nameWidth)}  ${formatNumber(gzip / 1000)} kB gzipped, ${formatNumber(bytes / 1000)} kB before`;
