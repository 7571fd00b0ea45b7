/** What the layers around another layer share: they build it under a name of its own below theirs, and save it by kind. */
import { checkValue } from '../../core/arguments.ts';
import { ValueError } from '../../core/errors.ts';
import type { Key } from '../../core/random.ts';
import type { Shape } from '../../core/shape.ts';
import type { Variable } from '../../graph/node.ts';
import { Layer } from '../layer.ts';
import type { LayerConfig } from '../layer.ts';

/** Throws `ValueError` unless the layer given `holds` what is asked of it. */
export function requireInner(where: string, layer: unknown, expected: string, holds: boolean): void {
  if (layer instanceof Layer && !holds) throw new ValueError(`${where}: layer must be ${expected}, not ${layer.kind}`);
  checkValue(where, 'layer', layer, { expected, accepts: () => holds, isRequired: true });
}

/** Builds `inner`, its weights named `<outer>/<name>/kernel`, and gives them. */
export function buildInner(
  inner: Layer,
  outer: string,
  name: string,
  inputs: readonly Shape[],
  key: Key,
): readonly Variable[] {
  inner['givenName'] = `${outer}/${name}`; // the setter takes no '/'
  inner.build(inputs, key);
  return inner.weights;
}

/** As a config holds it, without what the layer around decides. */
export function describeInner(inner: Layer): { readonly kind: string; readonly config: LayerConfig } {
  const { name: _, trainable: __, inputShape: ___, ...config } = inner.config();
  return { kind: inner.kind, config };
}
