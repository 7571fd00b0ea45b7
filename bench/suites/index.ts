/**
 * Every suite. A new one is a file beside this one and a line here.
 */
import { suggest } from '../../src/core/errors.ts';
import type { Suite } from '../suite.ts';
import { suite as elementwise } from './elementwise.ts';
import { suite as matmul } from './matmul.ts';
import { suite as p2 } from './p2.ts';
import { suite as step } from './step.ts';

export const suites: readonly Suite[] = [matmul, elementwise, step, p2];

/** Not a suite: it measures more than gradlet, and always in a page. */
export const peers = {
  name: 'peers',
  description: 'gradlet beside jax-js, TensorFlow.js and onnxruntime-web in one page; installs them first',
} as const;

/** Throws a message that names the nearest suite, or all of them. */
export function findSuite(name: string): Suite {
  const found = suites.find((suite) => suite.name === name);
  if (found !== undefined) return found;
  const names = [...suites, peers].map((suite) => suite.name);
  throw new Error(`there is no suite '${name}'${suggest(name, names)}\n\n${listSuites()}`);
}

export function listSuites(): string {
  const width = Math.max(...suites.map(({ name }) => name.length));
  return [
    'The suites:',
    ...[...suites, peers].map(({ name, description }) => `  ${name.padEnd(width)}  ${description}`),
  ].join('\n');
}
