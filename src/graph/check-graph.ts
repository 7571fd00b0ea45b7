/** Checks a graph given by a user: named outputs, and updates that are pairs of a variable and its new value. */
import { anything, checkOptions } from '../core/arguments.ts';
import { describe } from '../core/describe.ts';
import { ValueError } from '../core/errors.ts';
import { isNode, isVariable } from './node.ts';
import type { Graph, Node } from './node.ts';

/**
 * Returns the graph with both outputs and updates.
 *
 * @param caller the public function that received the graph, for the message
 * @throws ValueError naming the output or update that is invalid
 */
export function wholeGraph(caller: string, graph: Partial<Graph>): Graph {
  if (isNode(graph)) {
    throw new ValueError(
      `${caller}: takes a graph such as { outputs: { y } }, not ${describe(graph)}: name the output`,
    );
  }
  checkOptions(caller, graph, { outputs: anything, updates: anything });
  const { outputs = {}, updates = [] } = graph;
  if (typeof outputs !== 'object' || outputs === null || Array.isArray(outputs) || isNode(outputs)) {
    throw new ValueError(
      `${caller}: outputs must be an object of tensors by name, such as { y }, not ${describe(outputs)}`,
    );
  }
  for (const [name, node] of Object.entries(outputs)) requireNode(`${caller}: output ${describe(name)}`, node);
  if (!Array.isArray(updates)) {
    throw new ValueError(
      `${caller}: updates must be an array of pairs [variable, new value], not ${describe(updates)}`,
    );
  }
  for (const [index, update] of (updates as readonly unknown[]).entries()) {
    const what = `${caller}: updates[${index}]`;
    if (!Array.isArray(update) || update.length !== 2) {
      throw new ValueError(`${what} must be a pair [variable, new value], not ${describe(update)}`);
    }
    const [variable, value] = update as readonly unknown[];
    requireNode(`${what}[1]`, value);
    requireNode(`${what}[0]`, variable);
    if (!isVariable(variable)) {
      throw new ValueError(`${what}[0] must be a variable, not ${describe(variable)}: only variables keep a value`);
    }
  }
  return { outputs, updates };
}

function requireNode(what: string, value: unknown): asserts value is Node {
  if (!isNode(value)) throw new ValueError(`${what} must be a tensor of the graph, not ${describe(value)}`);
}
