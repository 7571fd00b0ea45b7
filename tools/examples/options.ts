/** The command-line options that all examples share, with their checks. */
import { Command, InvalidArgumentError, Option } from 'commander';
import type { Example, Settings } from './example.ts';

export interface CommandLine {
  readonly settings: Settings;
  /** In headless Chromium instead of Node. */
  readonly browser: boolean;
  /** There on the machine's GPU, not on a software adapter. */
  readonly gpu: boolean;
  /** Where the picture, the model and the result go. */
  readonly out: string;
  /** A further file for the result. */
  readonly json: string | undefined;
}

interface Values {
  readonly epochs?: number;
  readonly batchSize?: number;
  readonly backend?: Settings['backend'];
  readonly browser?: true;
  readonly gpu?: true;
  readonly seed: number;
  readonly small?: true;
  readonly file?: string;
  readonly out?: string;
  readonly json?: string;
}

/** Parses an integer of at least `minimum`; reports an error to commander otherwise. */
export function wholeNumber(minimum: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isSafeInteger(value) || value < minimum || text.trim() === '') {
      throw new InvalidArgumentError(`expected a whole number of at least ${minimum}.`);
    }
    return value;
  };
}

/** A command that throws its errors, so that the caller handles them. */
export function createCommand(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .showHelpAfterError('(--help lists the options)')
    .helpOption('--help');
}

/** Adds the options of `example` to `command`; `run` receives the parsed options. */
export function addExampleOptions(
  command: Command,
  example: Example,
  run: (line: CommandLine) => Promise<void>,
): Command {
  const { epochs, batchSize, file } = example.defaults;
  if (file !== undefined) command.option('--file <path>', `what to read (default: ${file})`);
  return command
    .addOption(new Option('--epochs <n>', `times through the data (default: ${epochs})`).argParser(wholeNumber(1)))
    .addOption(new Option('--batch-size <n>', `samples a step (default: ${batchSize})`).argParser(wholeNumber(1)))
    .addOption(new Option('--backend <name>', 'by default what suits the machine').choices(['wasm', 'webgpu']))
    .option('--browser', 'run in headless Chromium instead of Node')
    .option('--gpu', "with --browser: the machine's GPU instead of a software adapter")
    .addOption(new Option('--seed <n>', 'of weights and shuffles').argParser(wholeNumber(0)).default(1))
    .option('--small', `a quick run: some of the data, ${example.small.epochs} epochs`)
    .option('--out <folder>', `where the files go (default: runs/${example.name})`)
    .option('--json <file>', 'write the result there too')
    .action(async (values: Values) => run(commandLine(example, values)));
}

function commandLine(example: Example, values: Values): CommandLine {
  const small = values.small === true;
  return {
    settings: {
      example: example.name,
      epochs: values.epochs ?? (small ? example.small.epochs : example.defaults.epochs),
      batchSize: values.batchSize ?? example.defaults.batchSize,
      seed: values.seed,
      small,
      ...(values.backend !== undefined && { backend: values.backend }),
      ...(values.file !== undefined && { file: values.file }),
    },
    browser: values.browser === true,
    gpu: values.gpu === true,
    out: values.out ?? `runs/${example.name}`,
    json: values.json,
  };
}
