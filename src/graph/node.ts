/**
 * A node is one value of the graph: the op that makes it, its inputs, its attributes, its shape and dtype. Nodes are
 * plain data and never change. A graph is what can be reached from its outputs and updates.
 */
import { callable, checkArguments, required, string } from '../core/arguments.ts';
import type { TypedArray } from '../core/dtype.ts';
import { unproxied } from '../core/raw.ts';
import { checkShape } from '../core/shape.ts';
import type { Attributes, Op, TensorType } from './op.ts';

export interface Node extends TensorType {
  /** Unique within the JavaScript realm, growing with creation: inputs have smaller ids than what they feed. */
  readonly id: number;
  readonly op: Op;
  readonly inputs: readonly Node[];
  readonly attributes: Attributes;
  /** The layer under which the node was made: for listings, labels and errors; not part of its meaning. */
  readonly scope: string;
}

/** A device buffer that lives on between runs: parameters, optimizer slots, counters, data sets, what a user feeds. */
export interface Variable extends Node {
  readonly variable: {
    readonly name: string;
    readonly role: 'parameter' | 'state' | 'input' | 'data';
    /** Of an optimizer's slot: what it keeps of each parameter, such as 'mean'. */
    readonly slot?: string;
    /** Gives the first value; zeros without it. Called once, when the variable gets its memory. */
    readonly initialize?: () => TypedArray;
    /** The same values in steps of a few milliseconds, where `initialize` can take long. */
    readonly initializeInSteps?: () => Generator<undefined, TypedArray>;
  };
}

/** A tensor of known values, in the graph itself. */
export interface Constant extends Node {
  /** One number that fills the shape, or every element. */
  readonly value: number | TypedArray;
  /** Why the dtype cannot hold the values that were given: thrown when a graph with this constant is compiled. */
  readonly invalid?: Error;
}

export interface Graph {
  readonly outputs: Readonly<Record<string, Node>>;
  /** Assignments that happen together at the end of a step: every right side reads the old values. */
  readonly updates: readonly (readonly [Variable, Node])[];
}

let nextId = 1;
let currentScope = '';

/** A new node of `op`; its type is inferred, so a node that exists is sound. */
export function createNode(op: Op, inputs: readonly Node[], attributes: Attributes = {}): Node {
  const { shape, dtype } = op.infer(inputs, attributes);
  const id = nextId++;
  return unproxied({ id, op, inputs, attributes, shape: checkShape(op.name, shape), dtype, scope: currentScope });
}

/** `node` with other inputs of the same types, under a new id; the node itself when nothing changes. */
export function replaceInputs(node: Node, inputs: readonly Node[]): Node {
  if (inputs.every((input, index) => input === node.inputs[index])) return node;
  return unproxied({ ...node, id: nextId++, inputs });
}

/** Makes nodes under the name `scope`, as a layer does for its own. */
export function withScope<T>(scope: string, build: () => T): T {
  checkArguments('withScope', arguments, { scope: required(string), build: required(callable) });
  const outer = currentScope;
  currentScope = outer === '' ? scope : `${outer}/${scope}`;
  try {
    return build();
  } finally {
    currentScope = outer;
  }
}

/** Whether a value of unknown origin is a node: anything else has no op that infers types. */
export function isNode(value: unknown): value is Node {
  const { op, inputs } = (value ?? {}) as Partial<Node>;
  return typeof op?.infer === 'function' && Array.isArray(inputs);
}

export function isVariable(node: Node): node is Variable {
  return 'variable' in node;
}

export function isConstant(node: Node): node is Constant {
  return 'value' in node;
}

/** The number that fills `node` when it is a constant of one number. */
export function fillValue(node: Node): number | undefined {
  return isConstant(node) && typeof node.value === 'number' ? node.value : undefined;
}
