/**
 * What a model file says beside its tensors: layers, how they hang together, and how they were trained. Plain JSON;
 * reading it back checks every field, and a layer's own constructor checks its settings.
 */
import { FormatError, GradletError } from '../core/errors.ts';
import type { Layer, LayerConfig, SymbolicTensor } from '../nn/layer.ts';
import type { LayerRegistry } from '../nn/layer-registry.ts';
import { InputLayer } from '../nn/layers/input.ts';
import { parseJson } from './json.ts';
import type { Json, JsonObject } from './json.ts';
import { Topology } from './topology.ts';

export const formatName = 'gradlet-model';
export const formatVersion = 1;

/** How a model was trained: names and settings only. */
export interface SavedTraining {
  readonly optimizer: { readonly name: string; readonly config: Readonly<Record<string, unknown>> };
  readonly loss: string;
  readonly metrics: readonly string[];
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
  return {
    calls: calls.map(({ layer, inputs: fed, output }) => ({
      layer: layers.indexOf(layer),
      inputs: fed.map((from) => calls.indexOf(from)),
      ...(output > 0 && { output }),
    })),
    inputs: inputs.map((place) => calls.indexOf(place)),
    output: calls.indexOf(outputs[0]!),
  };
}

export function describeLayer(layer: Layer): { readonly kind: string; readonly config: LayerConfig } {
  return { kind: layer.kind, config: layer.config() };
}

export function stringifyArchitecture(architecture: Architecture): string {
  return JSON.stringify({ format: formatName, version: formatVersion, ...architecture });
}

/** Throws `FormatError` naming the field that is missing or of another type. */
export function parseArchitecture(text: string): Architecture {
  const json = parseJson('model file', text);
  if (!(json instanceof Map)) fail('the architecture is no JSON object');
  const file: JsonObject = json as JsonObject;
  if (file.get('format') !== formatName)
    fail(`format is ${JSON.stringify(file.get('format'))}, expected '${formatName}'`);
  if (file.get('version') !== formatVersion) {
    fail(`version ${JSON.stringify(file.get('version'))} is not known: this gradlet reads version ${formatVersion}`);
  }
  const inputShape = file.get('inputShape') ?? null;
  return {
    name: textOf(file.get('name'), 'name'),
    seed: seedOf(file.get('seed')),
    inputShape: inputShape === null ? null : wholes(inputShape, 'inputShape'),
    layers: list(file.get('layers'), 'layers').map((layer, index) => {
      const fields = object(layer, `layers[${index}]`);
      return {
        kind: textOf(fields.get('kind'), `layers[${index}].kind`),
        config: settings(fields.get('config'), `layers[${index}].config`),
      };
    }),
    graph: parseGraph(file.get('graph')),
    training: parseTraining(file.get('training')),
  };
}

function parseGraph(json: Json | undefined): LayerGraph | null {
  if (json === undefined || json === null) return null;
  const graph = object(json, 'graph');
  return {
    calls: list(graph.get('calls'), 'graph.calls').map((call, index) => {
      const fields = object(call, `graph.calls[${index}]`);
      return {
        layer: whole(fields.get('layer'), `graph.calls[${index}].layer`),
        inputs: wholes(fields.get('inputs'), `graph.calls[${index}].inputs`),
        ...(fields.has('output') && { output: whole(fields.get('output'), `graph.calls[${index}].output`) }),
      };
    }),
    inputs: wholes(graph.get('inputs'), 'graph.inputs'),
    output: whole(graph.get('output'), 'graph.output'),
  };
}

/** The layers, without weights. Throws `FormatError` for a kind that is not registered or a bad setting. */
export function makeLayers({ layers }: Architecture, registry: LayerRegistry): Layer[] {
  return layers.map(({ kind, config }, index) => {
    if (!Object.hasOwn(registry, kind)) {
      const known = Object.keys(registry).join(', ');
      fail(`layer ${index} is a ${JSON.stringify(kind)}, which is not among the layers given to loadModel: ${known}`);
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

/** Runs `make`; what it refuses is the file's fault, whatever kind of error it throws. */
export function guarded<T>(what: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (error instanceof FormatError) throw error;
    const reason = error instanceof GradletError ? error.message : 'its settings are not of the right types';
    throw new FormatError(`model file: ${what}: ${reason}`, { cause: error });
  }
}

function parseTraining(json: Json | undefined): SavedTraining | null {
  if (json === undefined || json === null) return null;
  const training = object(json, 'training');
  const optimizer = object(training.get('optimizer'), 'training.optimizer');
  return {
    optimizer: {
      name: textOf(optimizer.get('name'), 'training.optimizer.name'),
      config: settings(optimizer.get('config'), 'training.optimizer.config'),
    },
    loss: textOf(training.get('loss'), 'training.loss'),
    metrics: list(training.get('metrics'), 'training.metrics').map((metric) => textOf(metric, 'training.metrics')),
  };
}

function fail(fault: string): never {
  throw new FormatError(`model file: ${fault}`);
}

function object(json: Json | undefined, where: string): JsonObject {
  return json instanceof Map ? (json as JsonObject) : fail(`${where} must be an object`);
}

function list(json: Json | undefined, where: string): readonly Json[] {
  return Array.isArray(json) ? (json as readonly Json[]) : fail(`${where} must be a list`);
}

function textOf(json: Json | undefined, where: string): string {
  return typeof json === 'string' ? json : fail(`${where} must be a text`);
}

function whole(json: Json | undefined, where: string, below = 2 ** 31): number {
  const isWhole = typeof json === 'number' && Number.isInteger(json) && json >= 0 && json < below;
  return isWhole ? json : fail(`${where} must be a whole number from 0 to ${below - 1}`);
}

function seedOf(json: Json | undefined): number {
  return Number.isSafeInteger(json) ? (json as number) : fail('seed must be an integer');
}

function wholes(json: Json | undefined, where: string): number[] {
  return list(json, where).map((value, index) => whole(value, `${where}[${index}]`));
}

/** An object of settings, as constructors take it. */
function settings(json: Json | undefined, where: string): Readonly<Record<string, unknown>> {
  return plain(object(json, where)) as Record<string, unknown>;
}

/** Maps as plain objects, in which no name may reach a prototype. */
function plain(json: Json): unknown {
  if (Array.isArray(json)) return (json as readonly Json[]).map(plain);
  if (!(json instanceof Map)) return json;
  const result: Record<string, unknown> = {};
  for (const [key, value] of json as JsonObject) {
    if (key === '__proto__') fail("no setting is named '__proto__'");
    result[key] = plain(value);
  }
  return result;
}
