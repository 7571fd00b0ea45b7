/** The command-line entry point shared by `npm run train` and `npm run example`. */
import type { Command } from 'commander';
import { provideGpu } from '../node-gpu.ts';
import type { Example, Run } from './example.ts';
import { runExample } from './example.ts';
import type { CommandLine } from './options.ts';
import { writeOutput } from './output.ts';
import { type ProgressReporter, progressReporter } from './progress.ts';
import { runInBrowser } from './run-in-browser.ts';

/** Runs `example` with the options of the command line, shows progress, and writes the results. */
export async function runFromCommandLine(
  example: Example,
  { settings, browser, gpu, out, json }: CommandLine,
  reporter: ProgressReporter = progressReporter(process.stdout),
): Promise<Run> {
  const { report } = reporter;
  const interrupt = (): void => {
    reporter.close(); // restores the cursor
    process.exit(130);
  };
  process.once('SIGINT', interrupt);
  let run: Run;
  try {
    if (!browser && settings.backend === 'webgpu') await provideGpu();
    run = browser ? await runInBrowser(settings, report, { gpu }) : await runExample(example, settings, report);
  } finally {
    process.off('SIGINT', interrupt);
    reporter.close();
  }
  const { loss, accuracy } = run.result.test;
  report({ kind: 'line', text: `test loss: ${loss!.toFixed(4)} - test accuracy: ${accuracy!.toFixed(4)}` });
  const files = await writeOutput(example, run, out, json);
  report({ kind: 'line', text: `${run.result.seconds.toFixed(1)} s; wrote ${files.join(', ')}` });
  return run;
}

/** Parses the command line and runs. An invalid option or a failure prints a message and exits with code 1. */
export async function runCommand(command: Command): Promise<void> {
  try {
    await command.parseAsync();
  } catch (error) {
    const verbose = process.env.DEBUG !== undefined;
    console.error(`error: ${error instanceof Error ? (verbose ? error.stack : error.message) : String(error)}`);
    process.exitCode = 1;
  }
}
