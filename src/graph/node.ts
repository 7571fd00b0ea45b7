/**
 * A node is one value of the graph: the op that computes it, its inputs, attributes, shape and dtype. Nodes are
 * immutable plain data. A graph is everything reachable from its outputs and updates.
 */
import { callable, checkArguments, required, string } from '../core/arguments.ts';
import type { TypedArray } from '../core/dtype.ts';
import { unproxied } from '../core/raw.ts';
import { checkShape } from '../core/shape.ts';
import type { Attributes, Op, TensorType } from './op.ts';

export interface Node extends TensorType {
  /** Unique within the JavaScript realm and increasing: inputs have smaller ids than their users. */
  readonly id: number;
  readonly op: Op;
  readonly inputs: readonly Node[];
  readonly attributes: Attributes;
  /** The layer that created the node. For listings, labels and errors; it does not affect the value. */
  readonly scope: string;
}

/**
 * A device buffer that persists between runs: parameters, optimizer slots, counters, data sets, and values that a user
 * writes.
 */
export interface Variable extends Node {
  readonly variable: {
    readonly name: string;
    readonly role: 'parameter' | 'state' | 'input' | 'data';
    /** For an optimizer slot: what it stores for each parameter, such as 'mean'. */
    readonly slot?: string;
    /** Returns the initial values; zeros without it. Called once, when the variable is allocated. */
    readonly initialize?: () => TypedArray;
    /** Returns the same values, yielding every few milliseconds. For initializers that take long. */
    readonly initializeInSteps?: () => Generator<undefined, TypedArray>;
  };
}

/** A tensor of known values, stored in the graph. */
export interface Constant extends Node {
  /** One number for all elements, or every element. */
  readonly value: number | TypedArray;
  /** Set if the dtype cannot hold the given values: thrown when a graph with this constant is compiled. */
  readonly invalid?: Error;
}

export interface Graph {
  readonly outputs: Readonly<Record<string, Node>>;
  /** Simultaneous assignments at the end of a step: every right side reads the old values. */
  readonly updates: readonly (readonly [Variable, Node])[];
}

let nextId = 1;
let currentScope = '';

/** Creates a node of `op`. Its type is inferred, which also checks the inputs and attributes. */
export function createNode(op: Op, inputs: readonly Node[], attributes: Attributes = {}): Node {
  const { shape, dtype } = op.infer(inputs, attributes);
  const id = nextId++;
  return unproxied({ id, op, inputs, attributes, shape: checkShape(op.name, shape), dtype, scope: currentScope });
}

/** Returns `node` with other inputs of the same types under a new id, or the node itself if nothing changes. */
export function replaceInputs(node: Node, inputs: readonly Node[]): Node {
  if (inputs.every((input, index) => input === node.inputs[index])) return node;
  return unproxied({ ...node, id: nextId++, inputs });
}

/**
 * Creates nodes in the scope `scope`, as a layer does for its nodes. Scopes nest: their names are joined by '/'.
 *
 * @param scope shown in listings, labels and errors
 * @param build creates the nodes; called once, synchronously
 * @returns the result of `build`
 * @example
 * ```ts
 * const y = withScope('encoder', () => relu(matmul(x, w)));
 * ```
 */
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

/** Whether an arbitrary value is a node: only nodes have an op that infers types. */
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

/** The value of a constant that is one number; undefined for any other node. */
export function fillValue(node: Node): number | undefined {
  return isConstant(node) && typeof node.value === 'number' ? node.value : undefined;
}
