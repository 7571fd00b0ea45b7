/**
 * What a model file says beside its tensors: layers, how they hang together, and how they were trained. Plain JSON;
 * reading it back checks every field, and a layer's own constructor checks its settings.
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

/** How a model was trained: names and settings only. */
export interface SavedTraining {
  readonly optimizer: { readonly name: string; readonly config: Readonly<Record<string, unknown>> };
  readonly loss: string;
  readonly metrics: readonly string[];
  /** Positions among `layers` of those that were not frozen when the model was compiled; null: those that are not frozen now. */
  readonly trainedLayers: readonly number[] | null;
}

export interface Architecture {
  readonly name: string;
  readonly seed: number;
  /** Of a sample, where the layers are in a row; null where they form a graph. */
  readonly inputShape: readonly number[] | null;
  readonly layers: readonly { readonly kind: string; readonly config: LayerConfig }[];
  readonly graph: LayerGraph | null;
  /** null where the model was not compiled, or learns by a function that a file cannot hold. */
  readonly training: SavedTraining | null;
}

export interface LayerGraph {
  /** The layer of each call, and the calls that feed it, which come before; or a further output of the one that does. */
  readonly calls: readonly { readonly layer: number; readonly inputs: readonly number[]; readonly output?: number }[];
  /** Places among the calls. */
  readonly inputs: readonly number[];
  readonly output: number;
}

/** The calls of `topology` by number, over `layers`. */
export function describeGraph({ calls, inputs, outputs }: Topology, layers: readonly Layer[]): LayerGraph {
  const layerIndex = new Map(layers.map((layer, index) => [layer, index]));
  const callIndex = new Map(calls.map((call, index) => [call, index]));
  return {
    calls: calls.map(({ layer, inputs: fed, output }) => ({
      layer: layerIndex.get(layer)!,
      inputs: fed.map((from) => callIndex.get(from)!),
      ...(output > 0 && { output }),
    })),
    inputs: inputs.map((place) => callIndex.get(place)!),
    output: callIndex.get(outputs[0]!)!,
  };
}

/** A layer without its name, where the model gave it one: the model of the file gives it again. */
export function describeLayer(layer: Layer): { readonly kind: string; readonly config: LayerConfig } {
  const { name, ...config } = layer.config();
  return { kind: layer.kind, config: hasAutomaticName(layer) ? config : { name, ...config } };
}

/** Throws `FormatError` for an architecture that `parseArchitecture` would refuse, such as one of too many layers. */
export function stringifyArchitecture(architecture: Architecture): string {
  const text = JSON.stringify({ format: formatName, version: formatVersion, ...architecture });
  parseArchitecture(text);
  return text;
}

/** Throws `FormatError` naming the field that is missing or of another type. */
export function parseArchitecture(text: string): Architecture {
  const json = parseJson('model file', text);
  if (!(json instanceof Map)) fail('the architecture is no JSON object');
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

/** The layers, without weights. Throws `FormatError` for a kind that is not registered or a bad setting. */
export function makeLayers({ layers }: Architecture, registry: LayerRegistry): Layer[] {
  return layers.map(({ kind, config }, index) => {
    if (!Object.hasOwn(registry, kind)) {
      const known = Object.keys(registry).join(', ');
      fail(`layer ${index} is a ${describe(kind)}, which is not among the layers given to loadModel: ${known}`);
    }
    return guarded(`layer ${index}, '${kind}'`, () => registry[kind]!(config, registry));
  });
}

/** The graph of calls over `layers`. Throws `FormatError` for numbers that point nowhere or forward. */
export function makeTopology({ calls, inputs, output }: LayerGraph, layers: readonly Layer[]): Topology {
  // Every output of each call.
  const places: (readonly SymbolicTensor[])[] = [];
  calls.forEach((call, index) => {
    const layer = layers[call.layer] ?? fail(`call ${index} names layer ${call.layer} of ${layers.length}`);
    const bad = call.inputs.find((from) => from >= index);
    if (bad !== undefined) fail(`call ${index} is fed by call ${bad}, which does not come before it`);
    if (call.inputs.length === 0 && !(layer instanceof InputLayer))
      fail(`call ${index} of '${layer.kind}' has no inputs`);
    const given = call.inputs.map((from) => places[from]![0]!);
    if (call.output) {
      const further = places[call.inputs[0]!]?.[call.output];
      places.push([further ?? fail(`call ${index}: call ${call.inputs[0]} has no output ${call.output}`)]);
    } else places.push(guarded(`call ${index}`, () => [layer.apply(given)].flat()));
  });
  const at = (place: number): SymbolicTensor => places[place]?.[0] ?? fail(`there is no call ${place}`);
  return guarded('calls', () => new Topology(inputs.map(at), [at(output)]));
}

/** Characters of a reason in a message: a shape of a file can have any number of dimensions. */
const maxReason = 500;

/** Runs `make`; what it refuses is the file's fault, whatever kind of error it throws. */
export function guarded<T>(what: string, make: () => T): T {
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

/** Each element can cost work for every parameter, or nodes of the graph. */
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
  if (typeof json !== 'string') fail(`${where} must be a text`);
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

/** Maps as plain objects, as constructors take them; no name may reach a prototype. */
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
