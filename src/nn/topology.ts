/**
 * A model's layers as a graph of calls, before any batch size is known: put in order, named, built, and turned into
 * nodes for a batch. A sequential model is the chain of its layers.
 */
import { ValueError } from '../core/errors.ts';
import { deriveKey } from '../core/random.ts';
import type { Key } from '../core/random.ts';
import { checkShape, formatShape } from '../core/shape.ts';
import type { Shape } from '../core/shape.ts';
import { withScope } from '../graph/node.ts';
import type { Node, Variable } from '../graph/node.ts';
import type { InputOptions, InputPlace } from './symbolic-input.ts';
import { Layer } from './layer.ts';
import type { CallContext, Mask, SymbolicTensor } from './layer.ts';
import { InputLayer } from './layers/input.ts';
import { cast } from '../ops/elementwise/clip.ts';
import type { InputSpec } from '../data/features.ts';
import { nameLayers } from './layer-names.ts';

/** What one call of a layer gave for a batch. */
export interface LayerOutput {
  /** The layer's name in this model. */
  readonly name: string;
  readonly node: Node;
}

export interface ForwardPass {
  readonly outputs: readonly Node[];
  /** Every call in forward order, without the inputs. */
  readonly layerOutputs: readonly LayerOutput[];
  /** Scalars to add to the loss. */
  readonly penalties: readonly Node[];
  /** What the layers' own state becomes. */
  readonly updates: ReadonlyMap<Variable, Node>;
}

/** A place in the graph of layers, every input with a layer of its own. */
export interface Call {
  readonly shape: Shape;
  readonly layer: Layer;
  readonly inputs: readonly Call[];
  /** See `SymbolicTensor`. */
  readonly output: number;
}

/** What is known at a place while nodes are made: of a layer with several outputs, that one and those behind it. */
interface Made {
  readonly nodes: readonly Node[];
  readonly masks: readonly Mask[];
}

export class Topology {
  readonly inputs: readonly Call[];
  readonly outputs: readonly Call[];
  /** Every place, inputs before what they feed. */
  readonly calls: readonly Call[];
  /** Each layer once, in forward order, without the inputs. */
  readonly layers: readonly Layer[];
  /** What data each input takes. */
  readonly specs: readonly InputSpec[];
  /** Each layer, inputs too, with its name in this model. */
  readonly names: ReadonlyMap<Layer, string>;

  /**
   * @throws ValueError for outputs that need an input which is not listed, inputs that nothing needs, or one listed twice;
   *   ShapeError for a call whose output has too many axes or elements
   */
  constructor(inputs: readonly SymbolicTensor[], outputs: readonly SymbolicTensor[]) {
    const calls = inOrder(outputs);
    const listed = new Set(inputs);
    if (listed.size < inputs.length) throw new ValueError('model: an input is listed twice: list each once');
    const unlisted = [...calls.keys()].find((place) => place.inputs.length === 0 && !listed.has(place));
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
    this.inputs = inputs.map((place) => calls.get(place)!);
    this.outputs = outputs.map((place) => calls.get(place)!);
    this.calls = [...calls.values()];
    this.layers = [...new Set(this.calls.filter((call) => call.inputs.length > 0).map(({ layer }) => layer))];
    this.names = nameLayers([...new Set(this.calls.map(({ layer }) => layer))]);
    for (const { layer, shape } of this.calls) checkShape(`layer '${layer.name || layer.kind}'`, shape);
    this.specs = specsOf(this.inputs, this.calls);
  }

  /** Creates the weights of every layer; layer i draws from stream i of `key`. */
  build(key: Key): void {
    const indices = new Map(this.layers.map((layer, index) => [layer, index]));
    for (const { layer, inputs } of this.calls) {
      const index = indices.get(layer);
      if (index === undefined) continue;
      const shapes = inputs.map(({ shape }) => shape);
      layer.build(shapes, deriveKey(key, index));
    }
  }

  /** The nodes for a batch. `inputs` have the batch axis in front; only layers among `trained` may update their state. */
  forward(inputs: readonly Node[], given: CallContext, trained?: ReadonlySet<Layer>): ForwardPass {
    const context = { ...given, graph: {} };
    const made = new Map<Call, Made>(
      this.inputs.map((place, index) => [place, { nodes: [inputs[index]!], masks: [] }]),
    );
    const layerOutputs: LayerOutput[] = [];
    const updates = new Map<Variable, Node>();
    const update: CallContext['update'] = (weight, next) => {
      updates.set(weight, next(updates.get(weight) ?? weight));
    };
    for (const call of this.calls) {
      if (made.has(call)) continue;
      const { layer, output } = call;
      const name = this.names.get(layer)!;
      const fed = call.inputs.map((place) => made.get(place)!);
      const own = trained?.has(layer) ? { ...context, update, frozen: false } : { ...context, frozen: true };
      const result = output > 0 ? partOf(fed[0]!, output) : withScope(name, () => run(layer, fed, own));
      made.set(call, result);
      layerOutputs.push({ name, node: result.nodes[0]! });
    }
    const penalties = this.layers.flatMap((layer) => withScope(this.names.get(layer)!, () => layer.penalties()));
    const outputs = this.outputs.map((place) => cast(made.get(place)!.nodes[0]!, 'float32'));
    return { outputs, layerOutputs, penalties, updates };
  }

  /** All weights in the order of saving; a weight that two layers share once. */
  get weights(): Variable[] {
    return [...new Set(this.layers.flatMap((layer) => layer.weights))];
  }

  /** The parameters of those among `layers` that are here. */
  parametersOf(layers: ReadonlySet<Layer>): Variable[] {
    const weights = this.layers.filter((layer) => layers.has(layer)).flatMap((layer) => layer.weights);
    return [...new Set(weights)].filter(({ variable }) => variable.role === 'parameter');
  }
}

/** The chain of `layers` from data of `inputShape`. Throws `ShapeError` naming the layer that does not fit. */
export function chain(layers: readonly Layer[], inputShape: Shape): Topology {
  const [first, ...rest] = layers;
  if (first instanceof InputLayer) {
    const start = first.apply([]);
    return new Topology([start], [rest.reduce(follow, start)]);
  }
  const start = new InputLayer({ shape: inputShape }).apply([]);
  return new Topology([start], [layers.reduce(follow, start)]);
}

function follow(place: SymbolicTensor, layer: Layer): SymbolicTensor {
  const next = layer.apply(place);
  if (!Array.isArray(next)) return next;
  throw new ValueError(
    `model: '${layer.name || layer.kind}' gives ${next.length} outputs, layers in a row one each: use input() and model()`,
  );
}

/** One call: what comes out, and the masks of it. */
function run(layer: Layer, given: readonly Made[], context: CallContext): Made {
  const nodes = given.map((from) => from.nodes[0]!);
  const areKept = layer.integers === 'kept' && nodes.every(({ dtype }) => dtype === 'int32');
  const inputs = areKept || layer.integers === 'indices' ? nodes : nodes.map((node) => cast(node, 'float32'));
  const masks = given.map((from) => from.masks[0]);
  return { nodes: layer.callAll(inputs, context, masks), masks: layer.computeMask(inputs, masks) };
}

function partOf({ nodes, masks }: Made, from: number): Made {
  return { nodes: nodes.slice(from), masks: masks.slice(from) };
}

/**
 * What data each input takes: whole numbers where the user said so or a layer reads indices, also behind layers that keep
 * them, else float32. Such layers, and those that stand at the input, may look at the data.
 */
function specsOf(inputs: readonly Call[], calls: readonly Call[]): InputSpec[] {
  const specs = inputs.map(({ shape, layer }) => {
    const isInt32 = layer instanceof InputLayer && layer.dtype === 'int32';
    return { shape, dtype: isInt32 ? ('int32' as const) : ('float32' as const), readers: new Set<Layer>() };
  });
  /** At each place where the data of inputs arrive as they are: which inputs. */
  const sources = new Map<Call, readonly number[]>(inputs.map((place, index) => [place, [index]]));
  for (const call of calls) {
    const { layer } = call;
    const given = sources.has(call) ? [] : [...new Set(call.inputs.flatMap((place) => sources.get(place) ?? []))];
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

function optionsOf({ kind: _, ...options }: InputPlace): InputOptions {
  return options;
}

/** Everything that `outputs` need, what feeds before what is fed; where data enter, a layer is made. */
function inOrder(outputs: readonly SymbolicTensor[]): Map<SymbolicTensor, Call> {
  const calls = new Map<SymbolicTensor, Call>();
  // Not recursive: a model may be deep.
  const open = [...outputs].reverse();
  for (let place = open.at(-1); place !== undefined; place = open.at(-1)) {
    // A place that feeds many others can stand here many times.
    if (calls.has(place)) {
      open.pop();
      continue;
    }
    const waiting = place.inputs.filter((input) => !calls.has(input));
    if (waiting.length > 0) {
      for (const input of waiting.reverse()) open.push(input);
      continue;
    }
    open.pop();
    const { shape, layer, inputs, output = 0 } = place;
    const made = layer instanceof Layer ? layer : new InputLayer(optionsOf(layer));
    calls.set(place, { shape, layer: made, inputs: inputs.map((input) => calls.get(input)!), output });
  }
  return calls;
}
