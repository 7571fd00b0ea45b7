/** Loads models from bytes. Files are untrusted: they can only name layers of a given registry and contain no code. */
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
import { asFormatError, makeLayers, makeTopology, parseArchitecture } from './architecture.ts';
import type { Architecture, SavedTraining } from './architecture.ts';
import { Model } from '../model/model.ts';
import { decodeSafetensors } from './safetensors.ts';
import { stateNames, weightNames } from './save.ts';
import { writeVariables } from '../variables/store.ts';

export interface LoadOptions {
  /** The layers that the file may use: `layerRegistry` for all layers, or an object with those that the program needs. */
  readonly layers: LayerRegistry;
  /** The engine of the model. By default one is created when it is first needed. */
  readonly engine?: Engine;
}

/**
 * Loads a model from the bytes that `save(model)` returned. Its predictions are bit-identical, and training resumes from the
 * saved state.
 *
 * @param file the bytes, which are copied: an ArrayBuffer or any view of one, such as the result of Node's `readFile`
 * @throws FormatError for a file that is malformed, truncated, or inconsistent with its own architecture; ValueError for invalid
 *   options
 * @example
 * const response = await fetch('model.gradlet');
 * const model = loadModel(await response.arrayBuffer(), { layers: layerRegistry });
 */
export function loadModel(file: ArrayBufferLike | ArrayBufferView, options: LoadOptions): Model {
  checkArguments('loadModel', arguments, { file: required(anything), options: required(loadOptions()) });
  const { layers: registry, engine } = options;
  const { tensors, metadata } = decodeSafetensors(file);
  const text = metadata.get('gradlet');
  if (text === undefined) {
    throw new FormatError(
      'model file: it contains tensors but no model: create the model in code and use loadWeights()',
    );
  }
  const architecture = parseArchitecture(text);
  const layers = makeLayers(architecture, registry);
  const model = makeModel(architecture, layers, engine);
  const { training } = architecture;
  // Checked before the optimizer allocates its state, because an architecture can declare more weights than the file contains.
  const weights = weightNames(model.checkpoint().topology);
  requireTensors(tensors, weights);
  if (training) asFormatError('training', () => compileAsSaved(model, layers, training));
  const { state } = asFormatError('training', () => model.checkpoint());
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

/**
 * Sets the weights of `model` from the bytes that `saveWeights` returned.
 *
 * @param file the bytes, which are copied: an ArrayBuffer or any view of one
 * @throws FormatError if names, shapes or dtypes do not match, in which case no weight is set; StateError if the model is not
 *   built
 * @example
 * loadWeights(model, await (await fetch('weights.safetensors')).arrayBuffer());
 */
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

/** Compiles with the layers that were trainable when the saved model was compiled, then restores the `trainable` flags. */
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
    return asFormatError('layers', () => new Model(topology, options));
  }
  if (inputShape === null) throw new FormatError('model file: a stack of layers needs an inputShape');
  return asFormatError('layers', () => {
    const model = new Model(layers, options);
    model.build(inputShape);
    return model;
  });
}

/** Writes all variables. Throws `FormatError` unless the tensors have exactly their names, shapes and dtypes. */
function writeAll(tensors: ReadonlyMap<string, HostTensor>, variables: ReadonlyMap<string, Variable>): void {
  const unknown = [...tensors.keys()].find((name) => !variables.has(name));
  if (unknown !== undefined) {
    throw new FormatError(`model file: tensor '${unknown}' does not belong to the model`);
  }
  requireTensors(tensors, variables);
  writeVariables([...variables].map(([name, variable]) => [variable, tensors.get(name)!.data]));
}

/** Throws `FormatError` unless every variable has a tensor with its shape and dtype. */
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
