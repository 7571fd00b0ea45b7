/**
 * The results as a table: a group of rows per suite, one row per case and backend. On a narrow screen, CSS turns rows
 * into cards; the roles are explicit because `display` removes the implicit ones of a table.
 */
import type { BenchRecord } from '../suite.ts';
import { formatNumber } from '../table.ts';
import { type Child, element } from './element.ts';
import { formatShare, formatSpread, formatTime } from './format.ts';
import { backendTitles, titleOf } from './plan.ts';

interface Column {
  readonly head: string;
  readonly class?: string;
  cell(record: BenchRecord): Child;
}

const absent = '–';

const columns: readonly Column[] = [
  { head: 'Case', cell: ({ name }) => name.trim() },
  { head: 'Backend', class: 'backend', cell: backendOf },
  { head: 'Result', class: 'number result', cell: ({ value, unit }) => `${formatNumber(value)} ${unit}` },
  { head: 'Of ceiling', class: 'number share', cell: shareOf },
  { head: 'Ceiling', class: 'number', cell: ({ ceiling }) => (ceiling === null ? absent : formatNumber(ceiling)) },
  { head: 'Median', class: 'number', cell: ({ milliseconds }) => formatTime(milliseconds.median) },
  { head: 'p10–p90', class: 'number', cell: ({ milliseconds }) => formatSpread(milliseconds) },
  {
    head: 'GPU median',
    class: 'number',
    cell: ({ milliseconds: { gpu } }) => (gpu ? formatTime(gpu.median) : absent),
  },
];

function backendOf({ backend, threads }: BenchRecord): Child {
  const title = backendTitles[backend as keyof typeof backendTitles];
  return element('span', { class: `chip ${backend}` }, threads === 1 ? title : `${title}, ${threads} threads`);
}

function shareOf({ share, backend }: BenchRecord): Child {
  if (share === null) return absent;
  const width = `${(100 * Math.min(1, share)).toFixed(1)}%`;
  const bar = element('span', { class: `bar ${backend}`, 'aria-hidden': 'true' }, element('span'));
  (bar.firstElementChild as HTMLElement).style.inlineSize = width;
  return element('span', { class: 'share-cell' }, bar, element('span', {}, formatShare(share)));
}

export function drawHead(row: HTMLElement): void {
  row.replaceChildren(
    ...columns.map((column) =>
      element('th', { scope: 'col', role: 'columnheader', class: column.class ?? '' }, column.head),
    ),
  );
}

/** Replaces the groups of `table` by those of `records`, in the order in which their suites arrived. */
export function drawRows(table: HTMLTableElement, records: readonly BenchRecord[]): void {
  for (const body of [...table.tBodies]) body.remove();
  for (const suite of new Set(records.map((record) => record.suite))) {
    const own = records.filter((record) => record.suite === suite);
    // results of one case on two backends are adjacent
    const names = [...new Set(own.map(({ name }) => name))];
    const rows = names.flatMap((name) => own.filter((record) => record.name === name)).map(drawRow);
    const head = element(
      'tr',
      { role: 'row', class: 'group' },
      element('th', { scope: 'rowgroup', role: 'rowheader', colspan: columns.length }, titleOf(suite)),
    );
    table.append(element('tbody', { role: 'rowgroup' }, head, ...rows));
  }
}

function drawRow(record: BenchRecord): HTMLElement {
  const [first, ...rest] = columns;
  const isPart = record.name.startsWith(' ');
  return element(
    'tr',
    { role: 'row' },
    element('th', { scope: 'row', role: 'rowheader', class: isPart ? 'part' : '' }, first!.cell(record)),
    ...rest.map((column) => {
      const cell = column.cell(record);
      const isEmpty = cell === absent;
      const style = `${column.class ?? ''}${isEmpty ? ' absent' : ''}`;
      return element('td', { role: 'cell', class: style, 'data-label': column.head }, cell);
    }),
  );
}
