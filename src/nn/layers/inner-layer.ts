/** Shared code of wrapper layers: they build the inner layer under a nested name, and save it by kind and config. */
import { checkValue } from '../../core/arguments.ts';
import { ValueError } from '../../core/errors.ts';
import type { Key } from '../../core/random.ts';
import type { Shape } from '../../core/shape.ts';
import type { Variable } from '../../graph/node.ts';
import { Layer } from '../layer.ts';
import type { LayerConfig } from '../layer.ts';

/** Throws `ValueError` unless the inner layer is valid. */
export function requireInner(where: string, layer: unknown, expected: string, isValid: boolean): void {
  if (layer instanceof Layer && !isValid)
    throw new ValueError(`${where}: layer must be ${expected}, not ${layer.kind}`);
  checkValue(where, 'layer', layer, { expected, accepts: () => isValid, isRequired: true });
}

/** Builds `inner` and returns its weights, which are named `<outer>/<name>/kernel` and so on. */
export function buildInner(
  inner: Layer,
  outer: string,
  name: string,
  inputs: readonly Shape[],
  key: Key,
): readonly Variable[] {
  inner['givenName'] = `${outer}/${name}`; // the setter rejects '/'
  inner.build(inputs, key);
  return inner.weights;
}

/** Returns the kind and config of `inner`, without the options that the wrapper determines. */
export function describeInner(inner: Layer): { readonly kind: string; readonly config: LayerConfig } {
  const { name: _, trainable: __, inputShape: ___, ...config } = inner.config();
  return { kind: inner.kind, config };
}
