/**
 * The closed list of layers that a file may name. Only loading needs it, so that a program that loads nothing does not
 * carry every layer; nothing else in `src/nn` imports it.
 */
import { lookUp, requireOption } from '../core/check.ts';
import type { Layer, LayerConfig } from './layer.ts';
import { Activation } from './layers/activation.ts';
import { Add } from './layers/add.ts';
import { Average } from './layers/average.ts';
import { Concatenate } from './layers/concatenate.ts';
import { Dense } from './layers/dense.ts';
import { Dropout } from './layers/dropout.ts';
import { Flatten } from './layers/flatten.ts';
import { InputLayer } from './layers/input.ts';
import { LayerNormalization } from './layers/layer-normalization.ts';
import { Multiply } from './layers/multiply.ts';
import { Reshape } from './layers/reshape.ts';

/** Makes a layer of one kind from what its `config()` gave; checks it as it checks a user's options. */
export type LayerFromConfig = (config: LayerConfig) => Layer;

/** `of(Dense)`: options are checked by the constructor, wherever they come from. */
function of<Options>(make: new (options: Options) => Layer): LayerFromConfig {
  return (config) => {
    requireOption('layer', 'config', config, 'an object', typeof config === 'object' && config !== null);
    return new make(config as Options);
  };
}

/** By `layer.kind`. */
export const layerRegistry: Readonly<Record<string, LayerFromConfig>> = {
  activation: /* @__PURE__ */ of(Activation),
  add: /* @__PURE__ */ of(Add),
  average: /* @__PURE__ */ of(Average),
  concatenate: /* @__PURE__ */ of(Concatenate),
  dense: /* @__PURE__ */ of(Dense),
  dropout: /* @__PURE__ */ of(Dropout),
  flatten: /* @__PURE__ */ of(Flatten),
  input: /* @__PURE__ */ of(InputLayer),
  layerNormalization: /* @__PURE__ */ of(LayerNormalization),
  multiply: /* @__PURE__ */ of(Multiply),
  reshape: /* @__PURE__ */ of(Reshape),
};

/** The layer of `kind` with `config`, without weights. Throws `ValueError` for an unknown kind or a bad setting. */
export function layerFromConfig(
  kind: string,
  config: LayerConfig,
  registry: typeof layerRegistry = layerRegistry,
): Layer {
  return lookUp('layer', kind, registry)(config);
}
