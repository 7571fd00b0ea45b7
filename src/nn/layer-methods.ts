/** Argument checks for the methods of all layers, including custom layers. */
import { arrayOf, boolean, callable, checkArguments, either, options, required, string } from '../core/arguments.ts';
import type { ArgumentTable, ArgumentType } from '../core/arguments.ts';
import { ShapeError, ValueError } from '../core/errors.ts';
import { checkShape, formatShape } from '../core/shape.ts';
import type { Shape } from '../core/shape.ts';
import { isNode } from '../graph/node.ts';
import type { Node } from '../graph/node.ts';
import { node, seedKey, shapes, symbolicTensor } from './arguments.ts';
import { HostTensor } from '../data/tensor.ts';
import type { Layer, SymbolicTensor } from './layer.ts';

type Method = (...given: unknown[]) => unknown;
type Methods = Partial<Record<string, Method>>;

/**
 * Wraps every public method of `layer` with a check of its arguments. `call`, `callAll` and `computeMask` also check the
 * inputs with `outputShape`; `call` and `callAll` require that a layer with weights is built.
 *
 * @param createsWeights whether `call` requires `build`
 */
export function checkMethods(layer: Layer, createsWeights: boolean): void {
  for (const [name, check] of Object.entries(methodChecks)) {
    const method = (layer as unknown as Methods)[name];
    if (method === undefined) continue;
    const value = function (this: Layer, ...given: readonly unknown[]): unknown {
      check(this, `${this.name || this.kind}.${name}`, given, method);
      if (name.startsWith('call') && createsWeights) void this.weights;
      return method.apply(this, [...given]);
    };
    Object.defineProperty(layer, name, { value, configurable: true, writable: true });
  }
}

const hostTensor: ArgumentType = {
  expected: 'a tensor, such as tensor([1, 2])',
  accepts: (value) => value instanceof HostTensor,
  isRequired: true,
};

type Check = (layer: Layer, caller: string, given: readonly unknown[], method: Method) => void;

const methodChecks: Readonly<Record<string, Check>> = {
  outputShape: checkShapes,
  outputShapes: checkShapes,
  call: checkCall,
  callAll: (layer, caller, given, method) => checkCall(layer, caller, given, method, true),
  computeMask: (layer, caller, given) => checkInputs(layer, caller, given, { inputs: nodes(), masks: masks(true) }),
  apply: (_, caller, given) => {
    const expected = 'what input({ shape }) or the apply() of a layer returns, or an array of such';
    const inputs = { ...either(symbolicTensor, arrayOf(symbolicTensor, '')), expected };
    checkArguments(caller, given, { inputs: required(inputs) });
    for (const { shape } of [given[0]].flat() as SymbolicTensor[]) checkShape(caller, shape);
  },
  build: (_, caller, given) => checkArguments(caller, given, { inputs: shapes, key: seedKey }),
  checkData: (_, caller, given) => {
    checkArguments(caller, given, { caller: required(string), name: required(string), values: hostTensor });
  },
};

function checkShapes(_: Layer, caller: string, given: readonly unknown[]): void {
  checkArguments(caller, given, { inputs: shapes });
  for (const shape of given[0] as Shape[]) checkShape(caller, shape);
}

function checkCall(layer: Layer, caller: string, given: readonly unknown[], method: Method, isMasked = false): void {
  const context = options({
    training: required(boolean),
    iterations: node,
    graph: { expected: 'an object', accepts: (value) => typeof value === 'object' && value !== null },
    frozen: boolean,
    rowMask: { ...node, isRequired: false },
    update: callable,
  });
  // A layer whose call() does not take a context may be called without one.
  const types = { inputs: nodes(), context: method.length > 1 ? required(context) : context, masks: masks(isMasked) };
  checkInputs(layer, caller, given, types);
}

/** Checks arguments whose first item is the list of inputs and whose last item is the list of masks. */
function checkInputs(layer: Layer, caller: string, given: readonly unknown[], types: ArgumentTable): void {
  checkArguments(caller, given, types);
  const inputs = given[0] as readonly Node[];
  const scalar = inputs.find(({ shape }) => shape.length === 0);
  if (scalar)
    throw new ShapeError(`${caller}: takes tensors with the batch axis in front, not ${formatShape(scalar.shape)}`);
  const givenMasks = given[Object.keys(types).length - 1] as readonly unknown[] | undefined;
  if (givenMasks && givenMasks.length > inputs.length) {
    throw new ValueError(`${caller}: takes a mask for each of ${inputs.length} inputs, not ${givenMasks.length}`);
  }
  layer.outputShape(inputs.map(({ shape }) => shape.slice(1)));
}

function nodes(): ArgumentType {
  const expected = 'an array of tensors of the graph, one for each input';
  return {
    expected,
    accepts: (value) => Array.isArray(value) && value.length > 0 && Array.from<unknown>(value).every(isNode),
    isRequired: true,
  };
}

function masks(isRequired: boolean): ArgumentType {
  return {
    expected: 'an array of the mask of each input, undefined for one without',
    accepts: (value) =>
      Array.isArray(value) && Array.from<unknown>(value).every((mask) => mask === undefined || isNode(mask)),
    isRequired,
  };
}
