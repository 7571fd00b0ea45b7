/** Serializes a model as one safetensors file, with the architecture as JSON in its metadata. `load.ts` reads it. */
import { boolean, checkArguments, having, options, required } from '../core/arguments.ts';
import type { ArgumentType } from '../core/arguments.ts';
import type { Variable } from '../graph/node.ts';
import type { Layer } from '../nn/layer.ts';
import { lossName } from '../nn/losses/losses.ts';
import { HostTensor } from '../data/tensor.ts';
import { describeGraph, describeLayer, stringifyArchitecture } from './architecture.ts';
import type { SavedTraining } from './architecture.ts';
import type { Checkpoint, Saveable } from '../model/checkpoint.ts';
import type { Compiled } from '../model/compile-options.ts';
import { encodeSafetensors } from './safetensors.ts';
import type { Topology } from '../nn/topology.ts';

export interface SaveOptions {
  /** Whether to save the optimizer state, so that training can resume exactly. Default true. */
  readonly includeOptimizer?: boolean;
}

/**
 * Serializes a model as one safetensors file: architecture, weights and training state. Metrics that were given as objects are
 * not saved. With a custom loss function, no training state is saved. `loadModel` reads the file.
 *
 * @returns the bytes of the file
 * @throws ValueError for a custom activation function: use `saveWeights`; StateError if the model is not built
 * @example
 * const bytes = await save(model, { includeOptimizer: false });
 */
export async function save(model: Saveable, chosen: SaveOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
  checkArguments('save', arguments, { model: saveable(), options: options({ includeOptimizer: boolean }) });
  const { includeOptimizer = true } = chosen;
  const checkpoint = model.checkpoint();
  const { name, seed, stack, topology, compiled, learningRate, state } = checkpoint;
  const layers = stack ?? [...new Set(topology.calls.map(({ layer }) => layer))];
  const training = compiled && includeOptimizer ? describeTraining(compiled, layers, learningRate) : null;
  const architecture = {
    name,
    seed,
    inputShape: stack ? topology.specs[0]!.shape : null,
    layers: layers.map(describeLayer),
    graph: stack ? null : describeGraph(topology, layers),
    training,
  };
  const variables = new Map([...weightNames(topology), ...(training ? stateNames(state) : [])]);
  return encodeSafetensors(
    await readAll(checkpoint, variables),
    new Map([['gradlet', stringifyArchitecture(architecture)]]),
  );
}

const saveable = (): ArgumentType => required(having('a model, as sequential() returns', 'checkpoint'));

/**
 * Serializes only the weights as a safetensors file, for a model that code creates again. `loadWeights` reads the file.
 *
 * @returns the bytes of the file
 * @throws StateError if the model is not built
 * @example
 * const bytes = await saveWeights(model);
 */
export async function saveWeights(model: Saveable): Promise<Uint8Array<ArrayBuffer>> {
  checkArguments('saveWeights', arguments, { model: saveable() });
  const checkpoint = model.checkpoint();
  return encodeSafetensors(await readAll(checkpoint, weightNames(checkpoint.topology)));
}

/** Returns each weight with its name in files, which includes the layer: `dense_1/kernel`, `bidirectional/forward/kernel`. */
export function weightNames(topology: Topology): Map<string, Variable> {
  const names = new Map<string, Variable>();
  const seen = new Set<Variable>();
  for (const layer of topology.layers) {
    for (const weight of layer.weights) {
      if (seen.has(weight)) continue;
      seen.add(weight);
      const own = `${topology.names.get(layer)!}${withoutLayer(weight)}`;
      let name = own;
      for (let number = 1; names.has(name); number++) name = `${own}_${number}`;
      names.set(name, weight);
    }
  }
  return names;
}

/** Returns each optimizer variable with its name in files, which includes its index: `optimizer/3/mean`. */
export function stateNames(state: readonly Variable[]): Map<string, Variable> {
  return new Map(state.map((variable, index) => [`optimizer/${index}/${lastPart(variable)}`, variable]));
}

/** `/kernel`, or `/forward/kernel` for a nested layer. */
function withoutLayer({ variable: { name } }: Variable): string {
  return name.slice(name.indexOf('/'));
}

function lastPart({ variable }: Variable): string {
  return variable.name.slice(variable.name.lastIndexOf('/') + 1);
}

async function readAll(
  { read }: Checkpoint,
  variables: ReadonlyMap<string, Variable>,
): Promise<Map<string, HostTensor>> {
  const values = await read([...variables.values()]);
  return new Map(
    [...variables].map(([name, { shape }], index): [string, HostTensor] => [
      name,
      new HostTensor(values[index]!, shape),
    ]),
  );
}

/** Returns null for a custom loss function, because a file contains no code. */
function describeTraining(
  { optimizer, loss, metricNames, trainedLayers }: Compiled,
  layers: readonly Layer[],
  learningRate: number | null,
): SavedTraining | null {
  const name = lossName(loss);
  if (name === undefined) return null;
  return {
    optimizer: {
      name: optimizer.name,
      config: { ...optimizer.config(), ...(learningRate !== null && { learningRate }) },
    },
    loss: name,
    metrics: metricNames,
    trainedLayers: layers.flatMap((layer, index) => (trainedLayers.has(layer) ? [index] : [])),
  };
}
