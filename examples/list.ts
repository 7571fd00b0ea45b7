/**
 * Every example with what the command line needs to know of it. A new one is a file with a `program` and an entry here.
 */
import { suggest } from '../src/core/errors.ts';
import { program as customLoop } from './custom-loop.ts';
import { program as binaryDigits } from './p1-binary-digits.ts';
import { program as tenDigits } from './p2-ten-digits.ts';
import { program as learningCurves } from './p4-learning-curves.ts';
import type { Example } from './support/example.ts';

const defaults: Example['defaults'] = { epochs: 10, batchSize: 32 };
const small: Example['small'] = { epochs: 2, trainCount: 6_000, testCount: 2_000 };

export const examples: readonly Example[] = [
  {
    name: 'p1-binary-digits',
    summary: 'even or odd: images flattened by the model, one hidden layer',
    program: binaryDigits,
    defaults,
    small,
    picture: { title: 'Even or odd: 784-128-1', metrics: ['loss', 'accuracy'] },
  },
  {
    name: 'p2-ten-digits',
    summary: 'ten digits: two hidden layers and a softmax',
    program: tenDigits,
    defaults,
    small,
    picture: { title: 'Ten digits: 784-64-64-10', metrics: ['loss', 'accuracy'] },
  },
  {
    name: 'p4-learning-curves',
    summary: 'even or odd with two hidden layers, and the curves of its accuracy',
    program: learningCurves,
    defaults,
    small,
    picture: { title: 'Even or odd: 784-64-64-1', metrics: ['accuracy'] },
  },
  {
    name: 'custom-loop',
    summary: 'a training loop of your own, from parameters and gradients, without layers',
    program: customLoop,
    defaults: { epochs: 5, batchSize: 32, trainCount: 10_000 },
    small: { ...small, epochs: 3 },
    picture: { title: 'A loop of your own: 784-32-10', metrics: ['loss'] },
  },
];

/** Throws a message that names the nearest example, or all of them. */
export function findExample(name: string): Example {
  const found = examples.find((example) => example.name === name);
  if (found !== undefined) return found;
  const names = examples.map((example) => example.name);
  throw new Error(`there is no example '${name}'${suggest(name, names)}\n\n${listExamples()}`);
}

export function listExamples(): string {
  const width = Math.max(...examples.map(({ name }) => name.length));
  const lines = examples.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return `The examples:\n${lines.join('\n')}\n\nRun one with: npm run example -- ${examples[0]!.name} --small`;
}
