/**
 * Names of a model's layers. A layer without a name gets its kind and a number, `dense`, `dense_1` …, according to its position
 * in the model. A layer can belong to several models, so automatic names belong to the model: they never collide, and they
 * are not saved in files.
 */
import { ValueError } from '../core/errors.ts';
import type { Layer } from './layer.ts';

/** The automatic name that a layer got from its first model; error messages use it. */
const automaticNames = new WeakMap<Layer, string>();

/** True if the user did not name the layer. */
export function hasAutomaticName(layer: Layer): boolean {
  return layer.name === '' || layer.name === automaticNames.get(layer);
}

/**
 * Maps each layer to its name in a model that consists of these layers. Layers without a name get an automatic one.
 *
 * @throws ValueError when the user gave two layers the same name
 */
export function nameLayers(layers: readonly Layer[]): ReadonlyMap<Layer, string> {
  const names = new Map<Layer, string>();
  const taken = new Set<string>();
  for (const layer of layers) {
    const { name } = layer;
    if (hasAutomaticName(layer)) continue;
    if (taken.has(name)) throw new ValueError(`model: two layers are named '${name}': give each a name of its own`);
    taken.add(name);
    names.set(layer, name);
  }
  const numbers = new Map<string, number>();
  for (const layer of layers) {
    if (names.has(layer)) continue;
    const { kind } = layer;
    let number = numbers.get(kind) ?? 0;
    let name: string;
    do name = number === 0 ? kind : `${kind}_${number}`;
    while (taken.has(name) && ++number);
    numbers.set(kind, number + 1);
    taken.add(name);
    names.set(layer, name);
    if (layer.name !== '') continue;
    layer.name = name;
    automaticNames.set(layer, name);
  }
  return names;
}
