/**
 * `npm run example -- NAME`: runs one of the examples; without a name it lists them. `NAME --help` lists the options.
 */
import { examples, findExample, listExamples } from './list.ts';
import { runCommand, runFromCommandLine } from '../tools/examples/main.ts';
import { addExampleOptions, createCommand } from '../tools/examples/options.ts';

const command = createCommand('npm run example --', 'runs one of the examples')
  .argument('[name]')
  .allowExcessArguments()
  .addHelpText('after', `\n${listExamples()}`)
  .action((name?: string) => {
    if (name !== undefined) findExample(name); // throws, as there is no such command
    console.log(listExamples());
  });
for (const example of examples) {
  const own = createCommand(example.name, example.summary);
  addExampleOptions(own, example, async (line) => {
    await runFromCommandLine(example, line);
  });
  command.addCommand(own, { hidden: true });
}
await runCommand(command);
