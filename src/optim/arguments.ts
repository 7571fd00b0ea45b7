/** Argument types of optimizers and schedules, for the tables of `core/arguments.ts`. */
import { arrayOf, either, having, number } from '../core/arguments.ts';
import type { ArgumentType } from '../core/arguments.ts';
import { isNode, isVariable } from '../graph/node.ts';

/** A learning rate: a number or a schedule. */
export function rateOrSchedule(): ArgumentType {
  return either(number(0), having('a schedule such as cosineDecay({ … })', 'build', 'valueAt'));
}

export const node: ArgumentType = { expected: 'a tensor of the graph', accepts: isNode, isRequired: true };

const variable: ArgumentType = {
  expected: 'a variable, such as parameter() returns',
  accepts: (value) => isNode(value) && isVariable(value),
};

export function variables(): ArgumentType {
  return { ...arrayOf(variable, 'an array of variables'), isRequired: true };
}

export function nodes(): ArgumentType {
  return { ...arrayOf(node, 'an array of tensors of the graph'), isRequired: true };
}
