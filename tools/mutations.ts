/**
 * `npm run test:mutations`: applies each fault of test/mutations to a copy of the repository, one at a time, and runs
 * the tests that should fail. Exits with an error if a fault survives. Does not modify the working tree.
 */
import { execFileSync, spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Command } from 'commander';
import { projectRoot } from './lib/files.ts';
import { loadFaults, markdownTable, outcomeOf, problemOf, withFault } from './lib/mutations.ts';
import type { Fault, Outcome, TestReport } from './lib/mutations.ts';

/** Timeout in milliseconds for the tests of one fault. A fault may cause an endless loop. */
const patience = 600_000;

/** Generated files that are not in git: copied, so that they need not be generated again for each fault. */
const generated = ['src/generated', 'build/wasm'];

/** A copy of the current working tree in a separate folder, with the installed packages. */
function copyRepository(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'gradlet-mutations-')));
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: projectRoot,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  for (const file of listed.split('\0').filter((name) => name !== '' && existsSync(join(projectRoot, name)))) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    cpSync(join(projectRoot, file), join(folder, file));
  }
  copyGenerated(folder);
  symlinkSync(realpathSync(join(projectRoot, 'node_modules')), join(folder, 'node_modules'), 'junction');
  return folder;
}

function copyGenerated(folder: string): void {
  for (const name of generated.filter((name) => existsSync(join(projectRoot, name)))) {
    rmSync(join(folder, name), { recursive: true, force: true });
    cpSync(join(projectRoot, name), join(folder, name), { recursive: true, preserveTimestamps: true });
  }
}

/** Runs a command in `folder`; returns its exit code (null after a timeout) and the end of its output. */
function runIn(
  folder: string,
  command: string,
  args: readonly string[],
): Promise<{ code: number | null; text: string }> {
  return new Promise((resolve, reject) => {
    // A separate process group, so that the test run's workers end with it.
    const child = spawn(command, args, { cwd: folder, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    const note = (chunk: Buffer): void => {
      text = (text + chunk.toString()).slice(-4000);
    };
    child.stdout.on('data', note);
    child.stderr.on('data', note);
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      process.kill(-child.pid!, 'SIGKILL');
    }, patience);
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code: isLate ? null : code, text });
    });
  });
}

/** Runs the tests until the first failure. */
async function runTests(folder: string, tests: readonly string[]): Promise<[TestReport | null, reason: string]> {
  const output = join(folder, 'build/test-results.json'); // as in vitest.config.ts
  rmSync(output, { force: true });
  const vitest = join(folder, 'node_modules/vitest/vitest.mjs');
  const { code, text } = await runIn(folder, process.execPath, [vitest, 'run', '--bail=1', ...tests]);
  if (code === null) return [null, `the tests did not end within ${patience / 1000} s`];
  if (!existsSync(output)) return [null, `the tests did not run: ${text.trim().split('\n').at(-1)}`];
  const report = JSON.parse(readFileSync(output, 'utf8')) as TestReport;
  if (report.numTotalTests === 0 && report.testResults.length === 0) return [null, 'there are no such tests'];
  return [report, code === 0 ? '' : `vitest ended with code ${code} although no test failed`];
}

async function tryFault(folder: string, fault: Fault): Promise<Outcome> {
  const file = join(folder, fault.file);
  const original = readFileSync(file, 'utf8');
  const isGenerated = /^(?:assembly|shaders)\//.test(fault.file);
  try {
    writeFileSync(file, withFault(original, fault));
    if (isGenerated) {
      const { code, text } = await runIn(folder, 'npm', ['run', '--silent', 'generate']);
      if (code !== 0) return { fault, state: 'invalid', detail: `generate failed: ${text.trim().split('\n').at(-1)}` };
    }
    return outcomeOf(fault, ...(await runTests(folder, fault.tests)));
  } finally {
    writeFileSync(file, original);
    if (isGenerated) copyGenerated(folder);
  }
}

/** Without a fault the tests must pass, or they would detect anything. */
async function requirePassing(folder: string, faults: readonly Fault[]): Promise<void> {
  const tests = [...new Set(faults.flatMap((fault) => fault.tests))];
  const none: Fault = { name: 'no fault', file: '', find: '', replace: '', tests };
  const { state, detail } = outcomeOf(none, ...(await runTests(folder, tests)));
  if (state !== 'survived') throw new Error(`a test fails without any fault: ${detail}`);
}

async function main(): Promise<void> {
  const { only, family, list, markdown } = new Command('mutations')
    .description('puts faults into a copy of the code, and sees that a test fails for each')
    .option('--only <name...>', 'only the faults whose names contain one of these')
    .option('--family <name>', 'only those of this file of test/mutations')
    .option('--list', 'lists the faults, and runs none')
    .option('--markdown', 'prints the table of docs/testing.md')
    .parse()
    .opts<{ only?: string[]; family?: string; list?: boolean; markdown?: boolean }>();
  const faults = [...(await loadFaults())]
    .filter(([name]) => family === undefined || name === family)
    .flatMap(([, own]) => own)
    .filter(({ name }) => only?.some((part) => name.includes(part)) ?? true);
  if (faults.length === 0) throw new Error('there are no such faults: see --list');
  const problems = faults.map(problemOf).filter((problem) => problem !== '');
  if (problems.length > 0) throw new Error(problems.join('\n'));
  if (list) {
    for (const { name, file } of faults) console.log(`${name}  (${file})`);
    return;
  }
  const folder = copyRepository();
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  process.once('SIGINT', () => {
    remove();
    process.exit(130);
  });
  const outcomes: Outcome[] = [];
  try {
    await requirePassing(folder, faults);
    for (const fault of faults) {
      const outcome = await tryFault(folder, fault);
      outcomes.push(outcome);
      console.error(`${outcome.state.padEnd(8)}  ${fault.name}${outcome.detail && `  [${outcome.detail}]`}`);
    }
  } finally {
    remove();
  }
  if (markdown) console.log(markdownTable(outcomes));
  const caught = outcomes.filter(({ state }) => state === 'caught').length;
  console.error(`${caught} of ${outcomes.length} caught`);
  if (caught < outcomes.length) process.exitCode = 1;
}

await main();
