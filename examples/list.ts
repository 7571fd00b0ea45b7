/**
 * Every example with what the command line needs to know of it. A new one is a file with a `program` and an entry here.
 */
import { suggest } from '../src/core/errors.ts';
import { program as batchNormalization } from './batch-normalization.ts';
import { program as customLoop } from './custom-loop.ts';
import { loadMnist, type Mnist } from './data/mnist.ts';
import { loadNovel } from './data/novel.ts';
import { loadSpam, type SpamCorpus } from './data/spam.ts';
import { program as characterModel } from './novel-characters.ts';
import { program as binaryDigits } from './p1-binary-digits.ts';
import { program as tenDigits } from './p2-ten-digits.ts';
import { loadSavedParameters, program as savedParameters } from './p3-saved-parameters.ts';
import { program as textClassifier } from './p3-text-classifier.ts';
import { program as learningCurves } from './p4-learning-curves.ts';
import { program as textWithDropout } from './p5-text-with-dropout.ts';
import { defineExample, type Example, type Wanted } from '../tools/examples/example.ts';

const digits = {
  source: 'MNIST',
  load: (wanted: Wanted): Promise<Mnist> => loadMnist(wanted),
  defaults: { epochs: 10, batchSize: 32 },
  small: { epochs: 2, trainCount: 6_000, testCount: 2_000 },
};

/** `trainCount` is that of all mails; a part of them is kept to test with. */
const mails = {
  source: 'SpamAssassin corpus',
  load: ({ trainCount }: Wanted): Promise<SpamCorpus> =>
    loadSpam(trainCount === undefined ? {} : { count: trainCount }),
};

export const examples: readonly Example[] = [
  defineExample({
    ...digits,
    name: 'p1-binary-digits',
    summary: 'even or odd: images flattened by the model, one hidden layer',
    program: binaryDigits,
    picture: { title: 'Even or odd: 784-128-1', metrics: ['loss', 'accuracy'] },
  }),
  defineExample({
    ...digits,
    name: 'p2-ten-digits',
    summary: 'ten digits: two hidden layers and a softmax',
    program: tenDigits,
    picture: { title: 'Ten digits: 784-64-64-10', metrics: ['loss', 'accuracy'] },
  }),
  defineExample({
    ...mails,
    name: 'p3-text-classifier',
    summary: 'wanted mail or spam: an LSTM and a loop of your own, its parameters saved and loaded',
    program: textClassifier,
    defaults: { epochs: 4, batchSize: 64 },
    small: { epochs: 2, trainCount: 600 },
    picture: { title: 'Spam: embedding 128, LSTM 256, linear 2', metrics: ['loss', 'accuracy'] },
  }),
  defineExample({
    ...mails,
    name: 'p3-saved-parameters',
    summary: 'loads what p3-text-classifier saved, and comes to the same predictions',
    load: ({ file }) => loadSavedParameters(file!),
    program: savedParameters,
    defaults: { epochs: 0, batchSize: 64, file: 'runs/p3-text-classifier/model.safetensors' },
    small: { epochs: 0 },
    picture: { title: '', metrics: [] }, // it learns nothing
  }),
  defineExample({
    ...digits,
    name: 'p4-learning-curves',
    summary: 'even or odd with two hidden layers, and the curves of its accuracy',
    program: learningCurves,
    picture: { title: 'Even or odd: 784-64-64-1', metrics: ['accuracy'] },
  }),
  defineExample({
    ...mails,
    name: 'p5-text-with-dropout',
    summary: 'wanted mail or spam: embedding and LSTM layers with dropout',
    program: textWithDropout,
    defaults: { epochs: 10, batchSize: 128 },
    small: { epochs: 3, trainCount: 600 },
    picture: { title: 'Spam: embedding 16, LSTM 128 with dropout', metrics: ['loss', 'accuracy'] },
  }),
  defineExample({
    ...digits,
    name: 'batch-normalization',
    summary: 'ten digits with batch normalization, and plain gradient descent in large steps',
    program: batchNormalization,
    picture: { title: 'Ten digits, normalized batch by batch', metrics: ['loss', 'accuracy'] },
  }),
  defineExample({
    ...digits,
    name: 'custom-loop',
    summary: 'a training loop of your own, from parameters and gradients, without layers',
    program: customLoop,
    defaults: { epochs: 5, batchSize: 32, trainCount: 10_000 },
    small: { ...digits.small, epochs: 3 },
    picture: { title: 'A loop of your own: 784-32-10', metrics: ['loss'] },
  }),
  defineExample({
    name: 'novel-characters',
    summary: 'an LSTM reads a novel letter by letter, and writes some lines of its own after each epoch',
    source: 'Moby-Dick',
    load: ({ trainCount }: Wanted) => loadNovel(trainCount), // chapters
    program: characterModel,
    defaults: { epochs: 10, batchSize: 64 },
    small: { epochs: 2, trainCount: 3 },
    picture: { title: 'Next letter: embedding 32, LSTM 256', metrics: ['loss', 'accuracy'] },
  }),
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
