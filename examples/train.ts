/**
 * `npm run train -- --epochs 10 --batch-size 32`: trains the ten-digits network (p2-ten-digits.ts) on MNIST. `--help` lists
 * the options.
 */
import { findExample } from './list.ts';
import { runCommand, runFromCommandLine } from '../tools/examples/main.ts';
import { addExampleOptions, createCommand } from '../tools/examples/options.ts';

const example = findExample('p2-ten-digits');
const command = createCommand('npm run train --', 'trains a network of three layers to read the digits of MNIST');
await runCommand(
  addExampleOptions(command, example, async (line) => {
    await runFromCommandLine(example, line);
  }),
);
