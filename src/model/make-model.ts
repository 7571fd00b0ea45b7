/** The two functions that create a model: `sequential` for a stack of layers, `model` for a graph of layers. */
import { arrayOf, checkArguments, either, required } from '../core/arguments.ts';
import type { ArgumentType } from '../core/arguments.ts';
import { ValueError } from '../core/errors.ts';
import { symbolicTensor } from '../nn/arguments.ts';
import { Layer } from '../nn/layer.ts';
import type { SymbolicTensor } from '../nn/layer.ts';
import { modelOptions } from './model-arguments.ts';
import type { ModelOptions } from './model-arguments.ts';
import { Model } from './model.ts';
import { Topology } from '../nn/topology.ts';

/**
 * Creates a model that is a linear stack of layers.
 *
 * @param layers the layers in order. If the first one has an `inputShape`, the weights are created immediately, else by `build`
 *   or the first `fit`.
 * @throws ShapeError naming the first layer that does not fit, if the first layer has an `inputShape`; ValueError for invalid
 *   arguments, or two layers with the same name
 * @example
 * const model = sequential([
 *   dense({ units: 128, activation: 'relu', inputShape: [784] }),
 *   dense({ units: 10, activation: 'softmax' }),
 * ]);
 */
export function sequential(layers: readonly Layer[], options: ModelOptions = {}): Model {
  checkArguments('sequential', arguments, {
    layers: required(arrayOf(layer, 'an array of layers, such as [dense({ units: 10 })]')),
    options: modelOptions(),
  });
  const duplicate = layers.find((layer, index) => layers.indexOf(layer) !== index);
  if (duplicate) {
    throw new ValueError(
      `sequential: layer '${duplicate.name || duplicate.kind}' is listed twice: create two, or use model() to share one`,
    );
  }
  return new Model(layers, { name: 'sequential', ...options });
}

const layer: ArgumentType = { expected: 'a layer', accepts: (value) => value instanceof Layer };

/** Argument type: a symbolic tensor, or an array of them. */
function symbolicTensors(name: 'inputs' | 'outputs'): ArgumentType {
  const expected =
    name === 'inputs' ? 'the result of input({ shape }), or an array of them' : 'the result of apply() of a layer';
  return { ...either(symbolicTensor, arrayOf(symbolicTensor, '')), expected };
}

export interface FunctionalOptions extends ModelOptions {
  /** Created by `input({ shape })`. A model with several inputs takes an array with one tensor for each as data. */
  readonly inputs: SymbolicTensor | readonly SymbolicTensor[];
  /** The return value of `apply` of the last layer. */
  readonly outputs: SymbolicTensor | readonly [SymbolicTensor];
}

/**
 * Creates a model from a graph of layers, with branches, shared layers or residual connections.
 *
 * @throws ValueError if the output depends on an input that is not listed, if an input is not used, or for several outputs
 * @example
 * const x = input({ shape: [64] });
 * const hidden = dense({ units: 64, activation: 'relu' }).apply(x);
 * const outputs = dense({ units: 10, activation: 'softmax' }).apply(addLayer().apply([x, hidden]));
 * const residual = model({ inputs: x, outputs });
 */
export function model(given: FunctionalOptions): Model {
  const known = modelOptions({
    inputs: required(symbolicTensors('inputs')),
    outputs: required(symbolicTensors('outputs')),
  });
  checkArguments('model', arguments, { options: required(known) });
  const { inputs, outputs, ...options } = given;
  const list = (tensors: SymbolicTensor | readonly SymbolicTensor[]): readonly SymbolicTensor[] =>
    Array.isArray(tensors) ? (tensors as readonly SymbolicTensor[]) : [tensors as SymbolicTensor];
  if (list(outputs).length !== 1) {
    throw new ValueError(
      `model: takes one output, not ${list(outputs).length}: make a model for each, they share layers`,
    );
  }
  return new Model(new Topology(list(inputs), list(outputs)), options);
}
