/**
 * The graph of a model's layer calls, independent of the batch size. It sorts the calls topologically, names and builds the
 * layers, and builds the graph nodes for a batch. A sequential model is a chain of calls.
 */
import { ValueError } from '../core/errors.ts';
import { deriveKey } from '../core/random.ts';
import type { Key } from '../core/random.ts';
import { checkShape, formatShape } from '../core/shape.ts';
import type { Shape } from '../core/shape.ts';
import { withScope } from '../graph/node.ts';
import type { Node, Variable } from '../graph/node.ts';
import type { InputOptions, SymbolicInput } from './symbolic-input.ts';
import { Layer } from './layer.ts';
import type { CallContext, Mask, SymbolicTensor } from './layer.ts';
import { InputLayer } from './layers/input.ts';
import { cast } from '../ops/elementwise/clip.ts';
import type { InputSpec } from '../data/features.ts';
import { nameLayers } from './layer-names.ts';

/** The result of one layer call for a batch. */
export interface LayerOutput {
  /** The layer's name in this model. */
  readonly name: string;
  readonly node: Node;
}

/** The nodes of a forward pass for a batch. */
export interface ForwardPass {
  readonly outputs: readonly Node[];
  /** The outputs of all layer calls in forward order, without the model inputs. */
  readonly layerOutputs: readonly LayerOutput[];
  /** Scalars to add to the loss. */
  readonly penalties: readonly Node[];
  /** New values of the layers' non-trainable state. */
  readonly updates: ReadonlyMap<Variable, Node>;
}

/** One output of a layer call. In contrast to `SymbolicTensor`, model inputs have an `InputLayer`. */
export interface LayerCall {
  /** Without the batch axis. */
  readonly shape: Shape;
  readonly layer: Layer;
  readonly inputs: readonly LayerCall[];
  /** See `SymbolicTensor`. */
  readonly output: number;
}

/** Nodes and masks of a layer call. For a layer with several outputs: of the call's output and all outputs after it. */
interface CallResult {
  readonly nodes: readonly Node[];
  readonly masks: readonly Mask[];
}

/** The layer graph of a model. */
export class Topology {
  readonly inputs: readonly LayerCall[];
  readonly outputs: readonly LayerCall[];
  /** All calls in topological order. */
  readonly calls: readonly LayerCall[];
  /** Each layer once, in forward order, without input layers. */
  readonly layers: readonly Layer[];
  /** The data that each input expects. */
  readonly specs: readonly InputSpec[];
  /** The name of each layer, including input layers, in this model. */
  readonly names: ReadonlyMap<Layer, string>;

  /**
   * @throws ValueError if the outputs depend on an unlisted input, an input is unused, or an input is listed twice;
   *   ShapeError if the output of a call has too many axes or elements
   */
  constructor(inputs: readonly SymbolicTensor[], outputs: readonly SymbolicTensor[]) {
    const calls = sortedCalls(outputs);
    const listed = new Set(inputs);
    if (listed.size < inputs.length) throw new ValueError('model: an input is listed twice: list each once');
    const unlisted = [...calls.keys()].find((tensor) => tensor.inputs.length === 0 && !listed.has(tensor));
    if (unlisted) {
      const { shape, layer } = unlisted;
      throw new ValueError(
        `model: the outputs need '${layer.name || layer.kind}' of shape ${formatShape(shape)}, which is not among the inputs: ` +
          `list every input() that the outputs are made from`,
      );
    }
    const unused = inputs.findIndex((given) => !calls.has(given));
    if (unused >= 0) {
      throw new ValueError(`model: input ${unused} feeds no output: leave it out, or make the outputs from it`);
    }
    this.inputs = inputs.map((tensor) => calls.get(tensor)!);
    this.outputs = outputs.map((tensor) => calls.get(tensor)!);
    this.calls = [...calls.values()];
    this.layers = [...new Set(this.calls.filter((call) => call.inputs.length > 0).map(({ layer }) => layer))];
    this.names = nameLayers([...new Set(this.calls.map(({ layer }) => layer))]);
    for (const { layer, shape } of this.calls) checkShape(`layer '${layer.name || layer.kind}'`, shape);
    this.specs = inputSpecs(this.inputs, this.calls);
  }

  /** Creates the weights of every layer. Layer i uses random stream i of `key`. */
  build(key: Key): void {
    const indices = new Map(this.layers.map((layer, index) => [layer, index]));
    for (const { layer, inputs } of this.calls) {
      const index = indices.get(layer);
      if (index === undefined) continue;
      const shapes = inputs.map(({ shape }) => shape);
      layer.build(shapes, deriveKey(key, index));
    }
  }

  /**
   * Builds the nodes of a forward pass.
   *
   * @param inputs one tensor [batch, ...] per model input
   * @param trained the layers that may update their state; all others are called as frozen
   */
  forward(inputs: readonly Node[], given: CallContext, trained?: ReadonlySet<Layer>): ForwardPass {
    const context = { ...given, graph: {} };
    const results = new Map<LayerCall, CallResult>(
      this.inputs.map((call, index) => [call, { nodes: [inputs[index]!], masks: [] }]),
    );
    const layerOutputs: LayerOutput[] = [];
    const updates = new Map<Variable, Node>();
    const update: CallContext['update'] = (weight, next) => {
      updates.set(weight, next(updates.get(weight) ?? weight));
    };
    for (const call of this.calls) {
      if (results.has(call)) continue;
      const { layer, output } = call;
      const name = this.names.get(layer)!;
      const sources = call.inputs.map((input) => results.get(input)!);
      const own = trained?.has(layer) ? { ...context, update, frozen: false } : { ...context, frozen: true };
      const result =
        output > 0 ? outputsFrom(sources[0]!, output) : withScope(name, () => callLayer(layer, sources, own));
      results.set(call, result);
      layerOutputs.push({ name, node: result.nodes[0]! });
    }
    const penalties = this.layers.flatMap((layer) => withScope(this.names.get(layer)!, () => layer.penalties()));
    const outputs = this.outputs.map((call) => cast(results.get(call)!.nodes[0]!, 'float32'));
    return { outputs, layerOutputs, penalties, updates };
  }

  /** All weights in the order in which files store them. A weight that several layers share is listed once. */
  get weights(): Variable[] {
    return [...new Set(this.layers.flatMap((layer) => layer.weights))];
  }

  /** The parameters of the given layers, as far as they belong to this model. */
  parametersOf(layers: ReadonlySet<Layer>): Variable[] {
    const weights = this.layers.filter((layer) => layers.has(layer)).flatMap((layer) => layer.weights);
    return [...new Set(weights)].filter(({ variable }) => variable.role === 'parameter');
  }
}

/** Builds the chain of `layers` for samples of `inputShape`. Throws `ShapeError` with the name of a layer that does not fit. */
export function chain(layers: readonly Layer[], inputShape: Shape): Topology {
  const [first, ...rest] = layers;
  if (first instanceof InputLayer) {
    const start = first.apply([]);
    return new Topology([start], [rest.reduce(append, start)]);
  }
  const start = new InputLayer({ shape: inputShape }).apply([]);
  return new Topology([start], [layers.reduce(append, start)]);
}

function append(tensor: SymbolicTensor, layer: Layer): SymbolicTensor {
  const next = layer.apply(tensor);
  if (!Array.isArray(next)) return next;
  throw new ValueError(
    `model: '${layer.name || layer.kind}' has ${next.length} outputs, but sequential() takes layers with one output: use input() and model()`,
  );
}

/** Calls a layer and computes the masks of its outputs. */
function callLayer(layer: Layer, given: readonly CallResult[], context: CallContext): CallResult {
  const nodes = given.map((from) => from.nodes[0]!);
  const passInt32 = layer.integers === 'kept' && nodes.every(({ dtype }) => dtype === 'int32');
  const inputs = passInt32 || layer.integers === 'indices' ? nodes : nodes.map((node) => cast(node, 'float32'));
  const masks = given.map((from) => from.masks[0]);
  return { nodes: layer.callAll(inputs, context, masks), masks: layer.computeMask(inputs, masks) };
}

function outputsFrom({ nodes, masks }: CallResult, from: number): CallResult {
  return { nodes: nodes.slice(from), masks: masks.slice(from) };
}

/**
 * Determines the data that each input expects: int32 if the user declared it or a layer reads the input as indices (also
 * through layers that pass int32 through), otherwise float32. Layers that read indices, and layers directly at an input, may
 * check the data.
 */
function inputSpecs(inputs: readonly LayerCall[], calls: readonly LayerCall[]): InputSpec[] {
  const specs = inputs.map(({ shape, layer }) => {
    const isInt32 = layer instanceof InputLayer && layer.dtype === 'int32';
    return { shape, dtype: isInt32 ? ('int32' as const) : ('float32' as const), readers: new Set<Layer>() };
  });
  /** For each call whose output contains input data unchanged: the indices of these inputs. */
  const sources = new Map<LayerCall, readonly number[]>(inputs.map((call, index) => [call, [index]]));
  for (const call of calls) {
    const { layer } = call;
    const given = sources.has(call) ? [] : [...new Set(call.inputs.flatMap((input) => sources.get(input) ?? []))];
    if (given.length === 0) continue;
    if (layer.integers === 'kept') sources.set(call, given);
    for (const index of given) {
      const spec = specs[index]!;
      if (layer.integers === 'indices') specs[index] = { ...spec, dtype: 'int32' };
      if (layer.integers === 'indices' || call.inputs.includes(inputs[index]!)) spec.readers.add(layer);
    }
  }
  return specs.map((spec) => ({ ...spec, readers: [...spec.readers] }));
}

function optionsOf({ kind: _, ...options }: SymbolicInput): InputOptions {
  return options;
}

/** Returns all calls that `outputs` depend on, in topological order. Creates the input layers. */
function sortedCalls(outputs: readonly SymbolicTensor[]): Map<SymbolicTensor, LayerCall> {
  const calls = new Map<SymbolicTensor, LayerCall>();
  // An explicit stack instead of recursion: a model may be deep.
  const stack = [...outputs].reverse();
  for (let tensor = stack.at(-1); tensor !== undefined; tensor = stack.at(-1)) {
    // A tensor with many consumers can be on the stack several times.
    if (calls.has(tensor)) {
      stack.pop();
      continue;
    }
    const waiting = tensor.inputs.filter((input) => !calls.has(input));
    if (waiting.length > 0) {
      for (const input of waiting.reverse()) stack.push(input);
      continue;
    }
    stack.pop();
    const { shape, layer, inputs, output = 0 } = tensor;
    const resolved = layer instanceof Layer ? layer : new InputLayer(optionsOf(layer));
    calls.set(tensor, { shape, layer: resolved, inputs: inputs.map((input) => calls.get(input)!), output });
  }
  return calls;
}
