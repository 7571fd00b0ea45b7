/** Exports: one file per backend, in the format of `npm run bench -- SUITE --json FILE`, and the same as Markdown. */
import { version } from '../../package.json';
import type { BenchFile } from '../run.ts';
import type { BackendName, BenchRecord } from '../suite.ts';
import { formatNumber } from '../table.ts';
import { formatShare, formatSpread, formatTime } from './format.ts';
import type { Machine } from './machine.ts';
import { backendTitles, titleOf } from './plan.ts';
import type { State } from './state.ts';

/** Null until the ceilings of that backend are known: records mean little without them. */
export function fileOf(state: State, machine: Machine, backend: BackendName): BenchFile | null {
  const { device, ceilings, records } = state.measured[backend] ?? {};
  if (device === undefined || ceilings === undefined) return null;
  return {
    environment: {
      gradlet: version,
      date: state.date,
      cpu: 'unknown to a page',
      cores: machine.cores,
      node: null,
      browser: machine.browser,
      adapter: 'obstacle' in machine.gpu ? null : machine.gpu.description,
      flags: flagsOf(state, machine),
      ceilings,
      device: device.description,
    },
    records: records ?? [],
  };
}

function flagsOf({ options }: State, { isolated }: Machine): string[] {
  return [...(options?.quick ? ['quick'] : []), ...(isolated ? [] : ['not cross-origin isolated'])];
}

export function markdownOf(state: State, machine: Machine): string {
  const backends: readonly BackendName[] = ['wasm', 'webgpu'];
  const sections = backends.flatMap((backend) => {
    const file = fileOf(state, machine, backend);
    return file === null ? [] : [sectionOf(state, backend, file)];
  });
  const when = state.date.slice(0, 10);
  const quick = state.options?.quick ? ' A quick run: it shows that everything works, not how fast it is.' : '';
  const head = `gradlet ${version}, ${machine.browser}, ${machine.cores} cores, ${when}.${quick}`;
  return `${[head, ...sections].join('\n\n')}\n`;
}

function sectionOf({ measured }: State, backend: BackendName, { environment, records }: BenchFile): string {
  const { gflops, memoryBandwidth, cachedBandwidth } = environment.ceilings;
  const software = measured[backend]?.device?.isSoftware ? ', a software adapter' : '';
  const ceilings = `${formatNumber(gflops)} GFLOP/s, ${formatNumber(memoryBandwidth)} GB/s in memory, ${formatNumber(cachedBandwidth)} GB/s in the cache`;
  return [
    `**${backendTitles[backend]}**: ${escaped(environment.device)}${software}. Ceilings: ${ceilings}.`,
    '',
    '| suite | case | threads | result | of ceiling | median | p10–p90 | GPU median |',
    '| --- | --- | --: | --: | --: | --: | --: | --: |',
    ...records.map((record) => `| ${cellsOf(record).map(escaped).join(' | ')} |`),
  ].join('\n');
}

function cellsOf({ suite, name, threads, value, unit, share, milliseconds }: BenchRecord): string[] {
  const { median, gpu } = milliseconds;
  return [
    titleOf(suite),
    name.trim(),
    String(threads),
    `${formatNumber(value)} ${unit}`,
    share === null ? '–' : formatShare(share),
    formatTime(median),
    formatSpread(milliseconds),
    gpu ? formatTime(gpu.median) : '–',
  ];
}

/** An adapter's description may contain any characters. */
const escaped = (text: string): string => text.replace(/[|<>*_`[\]\\]/g, '\\$&');

export function download(name: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  // the browser reads the bytes asynchronously
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
