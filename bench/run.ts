/**
 * `npm run bench -- SUITE`: the benchmark's command line. Runs a suite in Node or, with --browser, in headless
 * Chromium, prints a table and, with --json, writes the records with their environment. --page serves a page instead,
 * in which readers measure any device.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { Option } from 'commander';
import { callInPage, withBrowserPage } from '../tools/examples/browser-page.ts';
import { runCommand } from '../tools/examples/main.ts';
import { provideGpu } from '../tools/node-gpu.ts';
import { toJson } from '../tools/examples/json.ts';
import { createCommand, wholeNumber } from '../tools/examples/options.ts';
import { installPeers } from './comparison/install.ts';
import { comparePeers } from './comparison/run-peers.ts';
import { describeEnvironment, type Environment } from './environment.ts';
import { runSuite, type SuiteReport, type SuiteRequest } from './run-suite.ts';
import { servePage } from './serve-page.ts';
import { coldStarts } from './start/run-start.ts';
import { binaries, type EngineRequest } from './start-engine.ts';
import type { BenchRecord } from './suite.ts';
import { findSuite, listSuites, peers, start } from './suites/index.ts';
import { formatNumber, sizeLine, tableHead, tableLine } from './table.ts';

interface Values extends EngineRequest {
  readonly browser?: true;
  readonly gpu?: true;
  readonly relaxedSimd?: true;
  readonly quick?: true;
  readonly only?: string;
  readonly json?: string;
  readonly page?: true;
  readonly port: number;
}

/** The file that --json writes. */
export interface BenchFile {
  /** With what the engine ran on, and the ceilings that were measured there. */
  readonly environment: Environment & Omit<SuiteReport, 'records'>;
  readonly records: readonly BenchRecord[];
}

const show = (record: BenchRecord): void => console.log(tableLine(record));

async function inNode(request: SuiteRequest, flags: readonly string[]): Promise<BenchFile> {
  if (request.backend === 'webgpu') await provideGpu();
  const { records, ...rest } = await runSuite(request, show);
  return { environment: { ...(await describeEnvironment(null, flags)), ...rest }, records };
}

function inBrowser(request: SuiteRequest, gpu: boolean): Promise<BenchFile> {
  return withBrowserPage(
    async (page) => {
      await page.exposeFunction('benchRecord', show);
      const module = 'bench/run-suite.ts';
      const { records, ...rest } = await callInPage<SuiteReport>(page, module, 'runSuiteInPage', request);
      return { environment: { ...(await describeEnvironment(page, gpu ? ['--gpu'] : [])), ...rest }, records };
    },
    { gpu },
  );
}

/** Names are longer in these suites. */
const peersWidth = 50;

async function besidePeers({ backend, threads, quick, gpu, only }: Values): Promise<BenchFile> {
  await installPeers();
  console.log(tableHead(peersWidth));
  const options = {
    backend,
    quick: quick === true,
    gpu: gpu === true,
    ...(threads !== undefined && { threads }),
    ...(only !== undefined && { only }),
  };
  const file = await comparePeers(options, {
    record: (record) => console.log(tableLine(record, peersWidth)),
    failure: ({ name, message }) => console.log(`${name.padEnd(peersWidth)}  failed: ${message}`),
  });
  file.sizes.forEach((size) => console.log(sizeLine(size, peersWidth)));
  return file;
}

async function bench(name: string, values: Values): Promise<void> {
  const { backend, browser = false, threads, binary, quick = false, json } = values;
  const { description } = [peers, start].find((each) => each.name === name) ?? findSuite(name);
  console.log(`${name}: ${description}\n`);
  let file: BenchFile;
  if (name === peers.name) {
    if (binary !== undefined) throw new Error('peers: --binary is not for comparisons: leave it out');
    file = await besidePeers(values);
  } else {
    const flags = values.relaxedSimd ? ['--experimental-wasm-relaxed-simd'] : [];
    for (const flag of flags) setFlagsFromString(flag);
    console.log(tableHead());
    const gpu = values.gpu === true;
    const engine = { backend, ...(threads !== undefined && { threads }), ...(binary !== undefined && { binary }) };
    const request = { suite: name, quick, ...engine };
    if (name === start.name) file = await coldStarts({ engine, browser, gpu, quick, flags }, show);
    else file = browser ? await inBrowser(request, gpu) : await inNode(request, flags);
  }
  showEnvironment(file);
  if (json !== undefined) {
    await mkdir(dirname(json), { recursive: true });
    await writeFile(json, toJson(file));
  }
}

function showEnvironment({ environment }: BenchFile): void {
  const { ceilings, device } = environment;
  const { gflops, cachedBandwidth, memoryBandwidth, method } = ceilings;
  console.log(`
${environment.cpu}, ${environment.cores} cores; ${environment.browser ?? `Node ${environment.node}`}; ${device}
ceilings: ${formatNumber(gflops)} GFLOP/s, ${formatNumber(cachedBandwidth)} GB/s in the cache, ${formatNumber(memoryBandwidth)} GB/s in memory
  (${method})`);
}

const command = createCommand('npm run bench --', 'measures gradlet')
  .argument('[suite]')
  .addOption(new Option('--backend <name>', 'what to measure').choices(['wasm', 'webgpu']).default('wasm'))
  .option('--browser', 'run in headless Chromium instead of Node')
  .option('--gpu', "with --browser: the machine's GPU instead of a software adapter")
  .addOption(new Option('--threads <n>', 'at most so many').argParser(wholeNumber(1)))
  .addOption(new Option('--binary <name>', 'of wasm: instead of the faster that runs here').choices(binaries))
  .option('--relaxed-simd', "switch on Node 20's relaxed SIMD, which browsers have anyway")
  .option('--quick', 'hardly any samples: to see whether it runs')
  .option('--only <text>', 'of peers: the tasks whose name has it, such as LSTM')
  .option('--json <file>', 'write records and environment there')
  .option('--page', 'serve a page that measures in any browser, and draws what it finds')
  .addOption(new Option('--port <n>', 'of --page; 0 takes any').argParser(wholeNumber(0)).default(8080))
  .addHelpText('after', `\n${listSuites()}`)
  .action(async (name: string | undefined, values: Values) => {
    if (values.page) await servePage(values.port);
    else if (name === undefined) console.log(listSuites());
    else await bench(name, values);
  });
await runCommand(command);
