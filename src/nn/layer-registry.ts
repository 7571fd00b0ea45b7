/**
 * The closed list of layers that a file may name. Only loading needs it, so that a program that loads nothing does not
 * carry every layer; nothing else in `src/nn` imports it.
 */
import { lookUp, requireOption } from '../core/check.ts';
import type { Layer, LayerConfig, LayerOptions } from './layer.ts';
import { Activation } from './layers/activation.ts';
import { Add } from './layers/add.ts';
import { Average } from './layers/average.ts';
import { BatchNormalization } from './layers/batch-normalization.ts';
import { Bidirectional } from './layers/bidirectional.ts';
import { Concatenate } from './layers/concatenate.ts';
import { Dense } from './layers/dense.ts';
import { Dropout } from './layers/dropout.ts';
import { Embedding } from './layers/embedding.ts';
import { Flatten } from './layers/flatten.ts';
import { GRU } from './layers/gru.ts';
import { InputLayer } from './layers/input.ts';
import { LayerNormalization } from './layers/layer-normalization.ts';
import { LSTM } from './layers/lstm.ts';
import { Multiply } from './layers/multiply.ts';
import { Reshape } from './layers/reshape.ts';
import { SimpleRNN } from './layers/simple-rnn.ts';
import { TimeDistributed } from './layers/time-distributed.ts';

/** Makes a layer of one kind from what its `config()` gave; checks it as it checks a user's options. */
export type LayerFromConfig = (config: LayerConfig, registry: LayerRegistry) => Layer;

/** By `layer.kind`. A layer that holds another takes the other from the registry that it was found in. */
export type LayerRegistry = Readonly<Record<string, LayerFromConfig>>;

/** `of(Dense)`: options are checked by the constructor, wherever they come from. */
function of<Options>(make: new (options: Options) => Layer): LayerFromConfig {
  return (config) => {
    requireOption('layer', 'config', config, 'an object', typeof config === 'object' && config !== null);
    return new make(config as Options);
  };
}

/** `around(TimeDistributed)`: for a layer around another, whose kind and config are in its own. */
function around(make: new (inner: Layer, options: LayerOptions) => Layer): LayerFromConfig {
  return (config, registry) => {
    requireOption('layer', 'config', config, 'an object', typeof config === 'object' && config !== null);
    const { layer: inner, ...options } = config as {
      readonly layer?: { readonly kind: string; readonly config: LayerConfig };
    };
    requireOption('layer', 'layer', inner, 'a kind and a config', typeof inner === 'object' && inner !== null);
    return new make(layerFromConfig(inner!.kind, inner!.config, registry), options);
  };
}

/** Every layer of gradlet. */
export const layerRegistry: LayerRegistry = {
  activation: /* @__PURE__ */ of(Activation),
  add: /* @__PURE__ */ of(Add),
  average: /* @__PURE__ */ of(Average),
  batchNormalization: /* @__PURE__ */ of(BatchNormalization),
  bidirectional: /* @__PURE__ */ around(Bidirectional),
  concatenate: /* @__PURE__ */ of(Concatenate),
  dense: /* @__PURE__ */ of(Dense),
  dropout: /* @__PURE__ */ of(Dropout),
  embedding: /* @__PURE__ */ of(Embedding),
  flatten: /* @__PURE__ */ of(Flatten),
  gru: /* @__PURE__ */ of(GRU),
  input: /* @__PURE__ */ of(InputLayer),
  layerNormalization: /* @__PURE__ */ of(LayerNormalization),
  lstm: /* @__PURE__ */ of(LSTM),
  multiply: /* @__PURE__ */ of(Multiply),
  reshape: /* @__PURE__ */ of(Reshape),
  simpleRNN: /* @__PURE__ */ of(SimpleRNN),
  timeDistributed: /* @__PURE__ */ around(TimeDistributed),
};

/** The layer of `kind` with `config`, without weights. Throws `ValueError` for an unknown kind or a bad setting. */
export function layerFromConfig(kind: string, config: LayerConfig, registry: LayerRegistry = layerRegistry): Layer {
  requireOption(
    'layer',
    'registry',
    registry,
    'an object of layers by kind',
    typeof registry === 'object' && registry !== null,
  );
  const make = lookUp('layer', kind, registry);
  requireOption('layer', `registry.${kind}`, make, 'a function that makes a layer', typeof make === 'function');
  return make(config, registry);
}
