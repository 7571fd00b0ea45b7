/** Models from bytes. A file may come from anybody: it can name layers of a closed registry, and holds no code. */
import { anything, checkArguments, having, options, required } from '../core/arguments.ts';
import type { ArgumentType } from '../core/arguments.ts';
import { FormatError } from '../core/errors.ts';
import { formatShape, sameShape } from '../core/shape.ts';
import type { Engine } from '../engine.ts';
import type { Variable } from '../graph/node.ts';
import type { Layer } from '../nn/layer.ts';
import type { LayerRegistry } from '../nn/layer-registry.ts';
import type { LossName } from '../nn/losses/losses.ts';
import type { MetricName } from '../nn/metrics/metrics.ts';
import { optimizerFromConfig } from '../optim/registry.ts';
import type { HostTensor } from '../data/tensor.ts';
import { guarded, makeLayers, makeTopology, parseArchitecture } from './architecture.ts';
import type { Architecture, SavedTraining } from './architecture.ts';
import { Model } from '../model/model.ts';
import { decodeSafetensors } from './safetensors.ts';
import { stateNames, weightNames } from './save.ts';
import { writeVariables } from '../variables/store.ts';

export interface LoadOptions {
  /** The layers that the file may name: `layerRegistry` for all of gradlet's, or those that a program uses. */
  readonly layers: LayerRegistry;
  readonly engine?: Engine;
}

/**
 * The model that `save(model)` gave. It predicts the same bits, and goes on training where the other had come to.
 *
 * @param file the bytes, which are copied: an ArrayBuffer, or any view of one, such as what Node's `readFile` gives
 * @throws FormatError for a file that is malformed, cut off, or does not fit its own architecture
 */
export function loadModel(file: ArrayBufferLike | ArrayBufferView, options: LoadOptions): Model {
  checkArguments('loadModel', arguments, { file: required(anything), options: required(loadOptions()) });
  const { layers: registry, engine } = options;
  const { tensors, metadata } = decodeSafetensors(file);
  const text = metadata.get('gradlet');
  if (text === undefined) {
    throw new FormatError('model file: it holds tensors but no model: make the model by code and use loadWeights()');
  }
  const architecture = parseArchitecture(text);
  const layers = makeLayers(architecture, registry);
  const model = makeModel(architecture, layers, engine);
  const { training } = architecture;
  // Before the optimizer makes anything: an architecture can declare more weights than the file holds.
  const weights = weightNames(model.checkpoint().topology);
  requireTensors(tensors, weights);
  if (training) guarded('training', () => compileAsSaved(model, layers, training));
  const { state } = guarded('training', () => model.checkpoint());
  const names = stateNames(state);
  writeAll(tensors, new Map([...weights, ...names]));
  if (training) {
    const [steps, rate] = [...names.keys()].map((name) => tensors.get(name)!.data[0]!) as [number, number];
    if (steps < 0) throw new FormatError(`model file: ${steps} steps of training: expected at least 0`);
    if (!(rate >= 0 && rate < Infinity)) {
      throw new FormatError(`model file: the learning rate is ${rate}: expected a finite number ≥ 0`);
    }
    model.resume(steps, rate);
  }
  return model;
}

/** Sets the weights of `model` to those that `saveWeights(model)` gave. Throws `FormatError`, and sets none, when one does not fit. */
export function loadWeights(model: Model, file: ArrayBufferLike | ArrayBufferView): void {
  checkArguments('loadWeights', arguments, {
    model: required(having('a model', 'checkpoint')),
    file: required(anything),
  });
  const { topology } = model.checkpoint();
  writeAll(decodeSafetensors(file).tensors, weightNames(topology));
}

function loadOptions(): ArgumentType {
  return options({
    layers: required({
      expected: 'a registry, such as layerRegistry',
      accepts: (value) => typeof value === 'object' && value !== null,
    }),
    engine: having('an engine, such as await createEngine() returns', 'compile'),
  });
}

/** Compiles with the layers that were trained then, which may be frozen now, and the other way round. */
function compileAsSaved(model: Model, layers: readonly Layer[], training: SavedTraining): void {
  const { optimizer, loss, metrics, trainedLayers } = training;
  const flags = layers.map(({ trainable }) => trainable);
  if (trainedLayers) {
    const unknown = trainedLayers.find((index) => index >= layers.length);
    if (unknown !== undefined) throw new FormatError(`trainedLayers names layer ${unknown} of ${layers.length}`);
    const trained = new Set(trainedLayers);
    layers.forEach((layer, index) => {
      layer.trainable = trained.has(index);
    });
  }
  model.compile({
    optimizer: optimizerFromConfig(optimizer.name, optimizer.config),
    loss: loss as LossName,
    metrics: metrics as MetricName[],
  });
  layers.forEach((layer, index) => {
    layer.trainable = flags[index]!;
  });
}

function makeModel(architecture: Architecture, layers: readonly Layer[], engine: Engine | undefined): Model {
  const { name, seed, inputShape, graph } = architecture;
  const options = { name, seed, ...(engine && { engine }) };
  if (graph) {
    const topology = makeTopology(graph, layers);
    return guarded('layers', () => new Model(topology, options));
  }
  if (inputShape === null) throw new FormatError('model file: layers in a row need an inputShape');
  return guarded('layers', () => {
    const model = new Model(layers, options);
    model.build(inputShape);
    return model;
  });
}

/** Writes every variable, when the names, shapes and dtypes are exactly those of the tensors. */
function writeAll(tensors: ReadonlyMap<string, HostTensor>, variables: ReadonlyMap<string, Variable>): void {
  const unknown = [...tensors.keys()].find((name) => !variables.has(name));
  if (unknown !== undefined) {
    throw new FormatError(`model file: tensor '${unknown}' is none of the model's`);
  }
  requireTensors(tensors, variables);
  writeVariables([...variables].map(([name, variable]) => [variable, tensors.get(name)!.data]));
}

/** Throws `FormatError` unless there is a tensor for every variable, of its shape and dtype. */
function requireTensors(tensors: ReadonlyMap<string, HostTensor>, variables: ReadonlyMap<string, Variable>): void {
  for (const [name, { shape, dtype }] of variables) {
    const given = tensors.get(name);
    if (!given) throw new FormatError(`model file: tensor '${name}' is missing`);
    if (sameShape(given.shape, shape) && given.dtype === dtype) continue;
    throw new FormatError(
      `model file: tensor '${name}' is ${given.dtype} ${formatShape(given.shape)}, expected ${dtype} ${formatShape(shape)}`,
    );
  }
}
