/** What the layers around another layer share: they build it under a name of its own below theirs, and save it by kind. */
import { ValueError } from '../../core/errors.ts';
import type { Key } from '../../core/random.ts';
import type { Shape } from '../../core/shape.ts';
import type { Variable } from '../../graph/node.ts';
import { Layer } from '../layer.ts';
import type { LayerConfig, LayerOptions } from '../layer.ts';

/** The options for the layer around: it is frozen where the one inside was, unless it says otherwise. */
export function outerOptions<O extends LayerOptions>(inner: Layer, options: O): O {
  return { trainable: inner.trainable, ...options };
}

/** Throws `ValueError` unless the layer given `holds` what is asked of it. */
export function requireInner(where: string, layer: unknown, expected: string, holds: boolean): void {
  if (holds) return;
  throw new ValueError(
    `${where}: layer must be ${expected}, not ${layer instanceof Layer ? layer.kind : typeof layer}`,
  );
}

/** Builds `inner`, its weights named `<outer>/<name>/kernel`, and gives them. */
export function buildInner(
  inner: Layer,
  outer: string,
  name: string,
  inputs: readonly Shape[],
  key: Key,
): readonly Variable[] {
  inner.name = `${outer}/${name}`;
  inner.build(inputs, key);
  return inner.weights;
}

/** As a config holds it, without what the layer around decides. */
export function describeInner(inner: Layer): { readonly kind: string; readonly config: LayerConfig } {
  const { name: _, trainable: __, inputShape: ___, ...config } = inner.config();
  return { kind: inner.kind, config };
}
