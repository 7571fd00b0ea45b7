/**
 * Mutation testing: what a fault is, how it is applied to a file, and how the report of a test run is interpreted. A
 * test must fail for each fault. `tools/mutations.ts` runs them.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { listFiles, projectRoot } from './files.ts';

export interface Fault {
  /** Says what the code does wrong. */
  readonly name: string;
  /** The file that it is put into, from the project's root. */
  readonly file: string;
  /** Text of that file that occurs once in it. */
  readonly find: string;
  readonly replace: string;
  /** The test files, of which one must fail, from the project's root. */
  readonly tests: readonly string[];
}

export interface Outcome {
  readonly fault: Fault;
  /** `invalid`: the code did not run at all, which shows nothing about the tests. */
  readonly state: 'caught' | 'survived' | 'invalid';
  /** The first test that failed, or why the code did not run. */
  readonly detail: string;
}

/** The parts of vitest's JSON report used here. */
export interface TestReport {
  readonly numTotalTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

/** The folder of the fault tables: each file exports `faults`. */
export const faultsFolder: string = join(projectRoot, 'test/mutations');

/** All faults, by file name without extension. */
export async function loadFaults(): Promise<Map<string, readonly Fault[]>> {
  const families = new Map<string, readonly Fault[]>();
  for (const file of listFiles(faultsFolder, '.ts')) {
    const module = (await import(pathToFileURL(join(faultsFolder, file)).href)) as { faults: readonly Fault[] };
    families.set(file.replace(/\.ts$/, ''), module.faults);
  }
  return families;
}

/**
 * Applies the fault to `text`.
 *
 * @throws Error if the text to find does not occur exactly once, or the replacement is the same
 */
export function withFault(text: string, { name, file, find, replace }: Omit<Fault, 'tests'>): string {
  const count = find === '' ? 0 : text.split(find).length - 1;
  if (count !== 1) throw new Error(`${name}: its text occurs ${count} times in ${file}, not once: ${find}`);
  if (find === replace) throw new Error(`${name}: it changes nothing in ${file}`);
  return text.replace(find, () => replace);
}

/** The problem of a fault in the current repository; an empty string if there is none. */
export function problemOf(fault: Fault): string {
  const missing = [fault.file, ...fault.tests].find((file) => !existsSync(join(projectRoot, file)));
  if (missing !== undefined) return `${fault.name}: there is no file ${missing}`;
  if (fault.tests.length === 0) return `${fault.name}: it names no test`;
  try {
    withFault(readFileSync(join(projectRoot, fault.file), 'utf8'), fault);
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}

/** The outcome of a test run with the fault applied. Without a report the run ended early, for `reason`. */
export function outcomeOf(fault: Fault, report: TestReport | null, reason: string): Outcome {
  if (report === null) return { fault, state: 'invalid', detail: reason };
  for (const { assertionResults } of report.testResults) {
    const failed = assertionResults.find(({ status }) => status === 'failed');
    if (failed) return { fault, state: 'caught', detail: failed.fullName };
  }
  // A file that does not load has no tests: the fault causes a syntax error or throws on import.
  const broken = report.testResults.find(({ status }) => status === 'failed');
  if (broken) return { fault, state: 'invalid', detail: broken.message.split('\n')[0]! };
  if (reason !== '') return { fault, state: 'invalid', detail: reason };
  return { fault, state: 'survived', detail: '' };
}

/** The table of docs/testing.md. */
export function markdownTable(outcomes: readonly Outcome[]): string {
  const cell = (text: string): string => text.replace(/\|/g, '\\|').replace(/\s+/g, ' ');
  const rows = outcomes.map(({ fault, state, detail }) => {
    const result = state === 'caught' ? `“${detail}”` : `**${state}** ${detail}`;
    return `| ${cell(fault.name)} | \`${fault.file}\` | ${cell(result.trim())} |`;
  });
  return ['| Fault | File | Caught by |', '| --- | --- | --- |', ...rows].join('\n');
}
