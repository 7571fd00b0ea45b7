/**
 * The JSON description of a model in a model file: layers, their connections, and training settings. Parsing checks every
 * field, and the constructor of each layer checks its settings.
 */
import { describe } from '../core/describe.ts';
import { FormatError, GradletError } from '../core/errors.ts';
import type { Layer, LayerConfig, SymbolicTensor } from '../nn/layer.ts';
import type { LayerRegistry } from '../nn/layer-registry.ts';
import { InputLayer } from '../nn/layers/input.ts';
import { requireLimit } from './limits.ts';
import type { fileLimits } from './limits.ts';
import { parseJson } from '../core/json.ts';
import type { Json, JsonObject } from '../core/json.ts';
import { hasAutomaticName } from '../nn/layer-names.ts';
import { Topology } from '../nn/topology.ts';

export const formatName = 'gradlet-model';
export const formatVersion = 1;

/** Training settings of a compiled model: names and numbers only, no code. */
export interface SavedTraining {
  readonly optimizer: { readonly name: string; readonly config: Readonly<Record<string, unknown>> };
  readonly loss: string;
  readonly metrics: readonly string[];
  /** Indices in `layers` of those that were trainable when the model was compiled. null: those that are trainable now. */
  readonly trainedLayers: readonly number[] | null;
}

export interface Architecture {
  readonly name: string;
  readonly seed: number;
  /** Shape of one sample for a stack of layers; null for a graph of layers. */
  readonly inputShape: readonly number[] | null;
  readonly layers: readonly { readonly kind: string; readonly config: LayerConfig }[];
  readonly graph: LayerGraph | null;
  /** null if the model was not compiled, or has a custom loss function, which a file cannot contain. */
  readonly training: SavedTraining | null;
}

export interface LayerGraph {
  /**
   * Layer calls in topological order. `layer` is an index into the layers, `inputs` are indices of earlier calls. An entry with
   * `output` is not a call but a further output of the call `inputs[0]`.
   */
  readonly calls: readonly { readonly layer: number; readonly inputs: readonly number[]; readonly output?: number }[];
  /** Indices into `calls`. */
  readonly inputs: readonly number[];
  readonly output: number;
}

/** Converts the calls of `topology` to indices into `calls` and `layers`. */
export function describeGraph({ calls, inputs, outputs }: Topology, layers: readonly Layer[]): LayerGraph {
  const layerIndex = new Map(layers.map((layer, index) => [layer, index]));
  const callIndex = new Map(calls.map((call, index) => [call, index]));
  return {
    calls: calls.map(({ layer, inputs: fed, output }) => ({
      layer: layerIndex.get(layer)!,
      inputs: fed.map((from) => callIndex.get(from)!),
      ...(output > 0 && { output }),
    })),
    inputs: inputs.map((input) => callIndex.get(input)!),
    output: callIndex.get(outputs[0]!)!,
  };
}

/** Returns kind and settings of a layer. An automatic name is omitted, because loading assigns it again. */
export function describeLayer(layer: Layer): { readonly kind: string; readonly config: LayerConfig } {
  const { name, ...config } = layer.config();
  return { kind: layer.kind, config: hasAutomaticName(layer) ? config : { name, ...config } };
}

/** Serializes an architecture. Throws `FormatError` if `parseArchitecture` would reject it, for example for too many layers. */
export function stringifyArchitecture(architecture: Architecture): string {
  const text = JSON.stringify({ format: formatName, version: formatVersion, ...architecture });
  parseArchitecture(text);
  return text;
}

/** Parses and checks an architecture. Throws `FormatError` naming a missing or invalid field. */
export function parseArchitecture(text: string): Architecture {
  const json = parseJson('model file', text);
  if (!(json instanceof Map)) fail('the architecture is not a JSON object');
  const file: JsonObject = json as JsonObject;
  if (file.get('format') !== formatName) fail(`format is ${describe(file.get('format'))}, expected '${formatName}'`);
  if (file.get('version') !== formatVersion) {
    fail(`version ${describe(file.get('version'))} is not known: this gradlet reads version ${formatVersion}`);
  }
  const inputShape = file.get('inputShape') ?? null;
  return {
    name: nameOf(file.get('name'), 'name'),
    seed: seedOf(file.get('seed')),
    inputShape: inputShape === null ? null : wholes(inputShape, 'inputShape'),
    layers: list(file.get('layers'), 'layers', 'layers').map(parseLayer),
    graph: parseGraph(file.get('graph')),
    training: parseTraining(file.get('training')),
  };
}

function parseLayer(json: Json, index: number): { readonly kind: string; readonly config: LayerConfig } {
  const fields = object(json, `layers[${index}]`);
  const config = object(fields.get('config'), `layers[${index}].config`);
  if (config.has('name')) nameOf(config.get('name'), `layers[${index}].config.name`);
  return { kind: nameOf(fields.get('kind'), `layers[${index}].kind`), config: plainObject(config) };
}

function parseGraph(json: Json | undefined): LayerGraph | null {
  if (json === undefined || json === null) return null;
  const graph = object(json, 'graph');
  const calls = list(graph.get('calls'), 'graph.calls', 'calls').map((call, index) => {
    const fields = object(call, `graph.calls[${index}]`);
    return {
      layer: whole(fields.get('layer'), `graph.calls[${index}].layer`),
      inputs: wholes(fields.get('inputs'), `graph.calls[${index}].inputs`),
      ...(fields.has('output') && { output: whole(fields.get('output'), `graph.calls[${index}].output`) }),
    };
  });
  const connections = calls.reduce((sum, { inputs }) => sum + inputs.length, 0);
  requireLimit('inputs of calls', connections, 'connections');
  return {
    calls,
    inputs: wholes(graph.get('inputs'), 'graph.inputs'),
    output: whole(graph.get('output'), 'graph.output'),
  };
}

/** Creates the layers, without weights. Throws `FormatError` for a kind that is not in the registry or an invalid setting. */
export function makeLayers({ layers }: Architecture, registry: LayerRegistry): Layer[] {
  return layers.map(({ kind, config }, index) => {
    if (!Object.hasOwn(registry, kind)) {
      const known = Object.keys(registry).join(', ');
      fail(`layer ${index} is a ${describe(kind)}, which is not among the layers given to loadModel: ${known}`);
    }
    return asFormatError(`layer ${index}, '${kind}'`, () => registry[kind]!(config, registry));
  });
}

/** Calls the layers as the graph describes. Throws `FormatError` for indices that are out of range or refer to later calls. */
export function makeTopology({ calls, inputs, output }: LayerGraph, layers: readonly Layer[]): Topology {
  // All outputs of each call.
  const outputs: (readonly SymbolicTensor[])[] = [];
  calls.forEach((call, index) => {
    const layer = layers[call.layer] ?? fail(`call ${index} names layer ${call.layer} of ${layers.length}`);
    const bad = call.inputs.find((from) => from >= index);
    if (bad !== undefined) fail(`call ${index} is fed by call ${bad}, which does not come before it`);
    if (call.inputs.length === 0 && !(layer instanceof InputLayer))
      fail(`call ${index} of '${layer.kind}' has no inputs`);
    const given = call.inputs.map((from) => outputs[from]![0]!);
    if (call.output) {
      const further = outputs[call.inputs[0]!]?.[call.output];
      outputs.push([further ?? fail(`call ${index}: call ${call.inputs[0]} has no output ${call.output}`)]);
    } else outputs.push(asFormatError(`call ${index}`, () => [layer.apply(given)].flat()));
  });
  const at = (index: number): SymbolicTensor => outputs[index]?.[0] ?? fail(`there is no call ${index}`);
  return asFormatError('calls', () => new Topology(inputs.map(at), [at(output)]));
}

/** Maximum characters of a reason in a message. A shape in a file can have any number of dimensions. */
const maxReason = 500;

/** Runs `make` and converts any error to a `FormatError`, because its arguments come from the file. */
export function asFormatError<T>(what: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (error instanceof FormatError) throw error;
    const reason = error instanceof GradletError ? error.message : 'its settings are not of the right types';
    const shown = reason.length > maxReason ? `${reason.slice(0, maxReason)}…` : reason;
    throw new FormatError(`model file: ${what}: ${shown}`, { cause: error });
  }
}

function parseTraining(json: Json | undefined): SavedTraining | null {
  if (json === undefined || json === null) return null;
  const training = object(json, 'training');
  const optimizer = object(training.get('optimizer'), 'training.optimizer');
  const config = object(optimizer.get('config'), 'training.optimizer.config');
  requireShortLists(config);
  return {
    optimizer: { name: nameOf(optimizer.get('name'), 'training.optimizer.name'), config: plainObject(config) },
    loss: nameOf(training.get('loss'), 'training.loss'),
    metrics: list(training.get('metrics'), 'training.metrics', 'metrics').map((metric) =>
      nameOf(metric, 'training.metrics'),
    ),
    trainedLayers: training.has('trainedLayers')
      ? wholes(training.get('trainedLayers'), 'training.trainedLayers')
      : null,
  };
}

/** Limits list lengths in optimizer settings, because each element can add graph nodes or work for every parameter. */
function requireShortLists(json: Json): void {
  if (Array.isArray(json)) requireLimit('elements in a list of training.optimizer.config', json.length, 'list');
  if (json instanceof Map) for (const value of (json as JsonObject).values()) requireShortLists(value);
}

function fail(fault: string): never {
  throw new FormatError(`model file: ${fault}`);
}

function object(json: Json | undefined, where: string): JsonObject {
  return json instanceof Map ? (json as JsonObject) : fail(`${where} must be an object`);
}

function list(json: Json | undefined, where: string, limit?: keyof typeof fileLimits): readonly Json[] {
  if (!Array.isArray(json)) fail(`${where} must be a list`);
  const elements = json as readonly Json[];
  if (limit) requireLimit(where, elements.length, limit);
  return elements;
}

function nameOf(json: Json | undefined, where: string): string {
  if (typeof json !== 'string') fail(`${where} must be a string`);
  requireLimit(`characters in ${where}`, json.length, 'name');
  return json;
}

function whole(json: Json | undefined, where: string, below = 2 ** 31): number {
  const isWhole = typeof json === 'number' && Number.isInteger(json) && json >= 0 && json < below;
  return isWhole
    ? json + 0 // −0 becomes 0
    : fail(`${where} must be a whole number from 0 to ${below - 1}`);
}

function seedOf(json: Json | undefined): number {
  return Number.isSafeInteger(json) ? (json as number) : fail('seed must be an integer');
}

function wholes(json: Json | undefined, where: string): number[] {
  return list(json, where).map((value, index) => whole(value, `${where}[${index}]`));
}

/** Converts a map to a plain object, as constructors take it. Rejects `__proto__`, which would set the prototype. */
function plainObject(json: JsonObject): Readonly<Record<string, unknown>> {
  const result: Record<string, unknown> = {};
  for (const [key, value] of json) {
    if (key === '__proto__') fail("no setting is named '__proto__'");
    result[key] = plain(value);
  }
  return result;
}

function plain(json: Json): unknown {
  if (Array.isArray(json)) return (json as readonly Json[]).map(plain);
  return json instanceof Map ? plainObject(json as JsonObject) : json;
}
