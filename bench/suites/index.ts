/** All suites. A new suite is a file in this folder and a line here. */
import { suggest } from '../../src/core/errors.ts';
import type { Suite } from '../suite.ts';
import { suite as elementwise } from './elementwise.ts';
import { suite as epoch } from './epoch.ts';
import { suite as large } from './large.ts';
import { suite as lstm } from './lstm.ts';
import { suite as matmul } from './matmul.ts';
import { suite as memory } from './memory.ts';
import { suite as overhead } from './overhead.ts';
import { suite as p2 } from './p2.ts';
import { suite as shapes } from './shapes.ts';
import { suite as step } from './step.ts';
import { suite as threads } from './threads.ts';

export const suites: readonly Suite[] = [
  memory,
  matmul,
  shapes,
  elementwise,
  large,
  step,
  epoch,
  lstm,
  p2,
  threads,
  overhead,
];

/** Not a suite: each of its samples is taken in a fresh page or process. */
export const start = {
  name: 'start',
  description: 'import to first finished step in a fresh page or process, stage by stage, batch 32',
} as const;

/** Not a suite: it also measures other libraries, and always in a page. */
export const peers = {
  name: 'peers',
  description: 'gradlet beside jax-js, TensorFlow.js and onnxruntime-web in one page; installs them first',
} as const;

const everything = [...suites, start, peers];

/** Returns the suites of `name`. Throws an error that names the most similar suite, or all suites. */
export function findSuite(name: string): Suite {
  const found = suites.find((suite) => suite.name === name);
  if (found !== undefined) return found;
  const names = everything.map((suite) => suite.name);
  throw new Error(`there is no suite '${name}'${suggest(name, names)}\n\n${listSuites()}`);
}

export function listSuites(): string {
  const width = Math.max(...everything.map(({ name }) => name.length));
  return ['The suites:', ...everything.map(({ name, description }) => `  ${name.padEnd(width)}  ${description}`)].join(
    '\n',
  );
}
