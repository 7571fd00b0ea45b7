/** A comparison as a Markdown table: a row per measurement, a column per library, the best in bold. */
import type { BenchRecord } from '../suite.ts';
import { formatNumber } from '../table.ts';
import { parseRecordName, type PeersFile, type RecordName } from './report.ts';

interface Cell extends RecordName {
  readonly unit: string;
  /** Null when it failed. */
  readonly value: number | null;
}

/** The table, the environment of the measurement, and the reasons of failures. */
export function comparisonTable(file: PeersFile): string {
  const cells = cellsOf(file);
  const libraries = unique(cells.map(({ library }) => library));
  const rows = unique(cells.map(rowOf)).map((row) => {
    const own = cells.filter((cell) => rowOf(cell) === row);
    const best = bestOf(own);
    const texts = libraries.map((name) => {
      const cell = own.find(({ library }) => library === name);
      return cellText(cell, best);
    });
    return [row, ...texts];
  });
  const table = [['', ...libraries], ['---', ...libraries.map(() => '--:')], ...rows].map(
    (line) => `| ${line.join(' | ')} |`,
  );
  const failures = file.failures.map(({ name, message }) => `- ${name} failed: ${escaped(message)}`);
  return [`${caption(file)}\n`, ...table, ...(failures.length === 0 ? [] : ['', ...failures])].join('\n');
}

function cellsOf({ records, failures, sizes }: PeersFile): Cell[] {
  const measured = records.map((record) => ({ ...namesOf(record.name), unit: record.unit, value: record.value }));
  const units = new Map(measured.map(({ subject, unit }) => [subject, unit]));
  const failed = failures.map(({ name }) => {
    const names = namesOf(name);
    return { ...names, unit: units.get(names.subject) ?? '', value: null };
  });
  const kilobytes = sizes.map(({ name, gzip }) => ({ ...namesOf(name), unit: 'kB gzipped', value: gzip / 1000 }));
  return [...measured, ...failed, ...kilobytes];
}

function namesOf(name: string): RecordName {
  const names = parseRecordName(name);
  if (names === null) throw new Error(`'${name}' is not the name of a comparison's record`);
  return names;
}

const rowOf = ({ subject, unit }: Cell): string => (unit === '' ? subject : `${subject}, ${unit}`);

function bestOf(row: readonly Cell[]): number | null {
  const values = row.flatMap(({ value }) => (value === null ? [] : [value]));
  if (values.length < 2) return null;
  return row[0]!.unit === 'GFLOP/s' ? Math.max(...values) : Math.min(...values);
}

function cellText(cell: Cell | undefined, best: number | null): string {
  if (cell === undefined) return '–';
  if (cell.value === null) return 'failed';
  const text = formatNumber(cell.value);
  return cell.value === best ? `**${text}**` : text;
}

function caption({ environment, records }: PeersFile): string {
  const { browser, cpu, cores, date, device, versions } = environment;
  const onGpu = records.some(({ backend }) => backend === 'webgpu');
  const where = `${browser ?? 'a browser'} on ${cpu} with ${cores} cores, ${date.slice(0, 10)}`;
  const threads = onGpu ? '' : ` Threads: ${threadsOf(records)}.`;
  const peers = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return `${onGpu ? `WebGPU (${device})` : 'WebAssembly'}: ${where}.${threads} Peers: ${peers.join(', ')}.`;
}

function threadsOf(records: readonly BenchRecord[]): string {
  const threads = new Map(records.map(({ name, threads }) => [namesOf(name).library, threads]));
  return [...threads].map(([library, count]) => `${library} ${count}`).join(', ');
}

const unique = <T>(values: readonly T[]): T[] => [...new Set(values)];

/** One short line without URLs or characters that Markdown or HTML would interpret. */
function escaped(text: string): string {
  const line = text.replace(/\w+:\/\/\S+/g, '…').replace(/\s+/g, ' ');
  const short = line.length > 200 ? `${line.slice(0, 200)}…` : line;
  return short.replace(/[<>|*_`[\]\\]/g, '\\$&');
}
