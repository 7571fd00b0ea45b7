/** The two ways to make a model: layers in a row, or a graph of layers between inputs and output. */
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
 * A model of layers that feed each other in a row.
 *
 * @throws ShapeError naming the first layer that does not fit, when the first layer has an `inputShape`; ValueError for
 *   two layers of one name
 */
export function sequential(layers: readonly Layer[], options: ModelOptions = {}): Model {
  checkArguments('sequential', arguments, {
    layers: required(arrayOf(layer, 'an array of layers, such as [dense({ units: 10 })]')),
    options: modelOptions(),
  });
  const twice = layers.find((layer, index) => layers.indexOf(layer) !== index);
  if (twice) {
    throw new ValueError(
      `sequential: layer '${twice.name || twice.kind}' is listed twice: make two, or use model() to share one`,
    );
  }
  return new Model(layers, { name: 'sequential', ...options });
}

const layer: ArgumentType = { expected: 'a layer', accepts: (value) => value instanceof Layer };

/** One place of a graph of layers, or an array of them. */
function places(name: 'inputs' | 'outputs'): ArgumentType {
  const expected =
    name === 'inputs' ? 'what input({ shape }) returns, or an array of such' : 'what the apply() of a layer returns';
  return { ...either(symbolicTensor, arrayOf(symbolicTensor, '')), expected };
}

export interface FunctionalOptions extends ModelOptions {
  /** Made by `input({ shape })`. Several inputs take a list of tensors as data. */
  readonly inputs: SymbolicTensor | readonly SymbolicTensor[];
  /** What the last layer's `apply` gave. */
  readonly outputs: SymbolicTensor | readonly [SymbolicTensor];
}

/**
 * A model of any graph of layers: branches, shared layers, residual connections.
 *
 * @throws ValueError when the output needs an input that is not listed, or not all inputs are used
 */
export function model(given: FunctionalOptions): Model {
  const known = modelOptions({ inputs: required(places('inputs')), outputs: required(places('outputs')) });
  checkArguments('model', arguments, { options: required(known) });
  const { inputs, outputs, ...options } = given;
  const list = (places: SymbolicTensor | readonly SymbolicTensor[]): readonly SymbolicTensor[] =>
    Array.isArray(places) ? (places as readonly SymbolicTensor[]) : [places as SymbolicTensor];
  if (list(outputs).length !== 1) {
    throw new ValueError(
      `model: takes one output, not ${list(outputs).length}: make a model for each, they share layers`,
    );
  }
  return new Model(new Topology(list(inputs), list(outputs)), options);
}
