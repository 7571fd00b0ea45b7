/**
 * The layers that a file may contain. Only loading imports this file, so that a program that loads no models does not bundle
 * every layer. Nothing else in `src/nn` may import it.
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

/** Recreates a layer of one kind from its `config()`. The config is checked like the options of a user. */
export type LayerFromConfig = (config: LayerConfig, registry: LayerRegistry) => Layer;

/** Layer constructors by `layer.kind`. A wrapper layer creates its inner layer from the same registry. */
export type LayerRegistry = Readonly<Record<string, LayerFromConfig>>;

/** `fromOptions(Dense)`: the constructor checks the options. */
function fromOptions<Options>(make: new (options: Options) => Layer): LayerFromConfig {
  return (config) => {
    requireOption('layer', 'config', config, 'an object', typeof config === 'object' && config !== null);
    return new make(config as Options);
  };
}

/** `wrapping(TimeDistributed)`: for a wrapper layer, whose config contains the kind and config of its inner layer. */
function wrapping(make: new (inner: Layer, options: LayerOptions) => Layer): LayerFromConfig {
  return (config, registry) => {
    requireOption('layer', 'config', config, 'an object', typeof config === 'object' && config !== null);
    const { layer: inner, ...options } = config as {
      readonly layer?: { readonly kind: string; readonly config: LayerConfig };
    };
    requireOption('layer', 'layer', inner, 'a kind and a config', typeof inner === 'object' && inner !== null);
    return new make(layerFromConfig(inner!.kind, inner!.config, registry), options);
  };
}

/** All built-in layers. */
export const layerRegistry: LayerRegistry = {
  activation: /* @__PURE__ */ fromOptions(Activation),
  add: /* @__PURE__ */ fromOptions(Add),
  average: /* @__PURE__ */ fromOptions(Average),
  batchNormalization: /* @__PURE__ */ fromOptions(BatchNormalization),
  bidirectional: /* @__PURE__ */ wrapping(Bidirectional),
  concatenate: /* @__PURE__ */ fromOptions(Concatenate),
  dense: /* @__PURE__ */ fromOptions(Dense),
  dropout: /* @__PURE__ */ fromOptions(Dropout),
  embedding: /* @__PURE__ */ fromOptions(Embedding),
  flatten: /* @__PURE__ */ fromOptions(Flatten),
  gru: /* @__PURE__ */ fromOptions(GRU),
  input: /* @__PURE__ */ fromOptions(InputLayer),
  layerNormalization: /* @__PURE__ */ fromOptions(LayerNormalization),
  lstm: /* @__PURE__ */ fromOptions(LSTM),
  multiply: /* @__PURE__ */ fromOptions(Multiply),
  reshape: /* @__PURE__ */ fromOptions(Reshape),
  simpleRNN: /* @__PURE__ */ fromOptions(SimpleRNN),
  timeDistributed: /* @__PURE__ */ wrapping(TimeDistributed),
};

/** Creates a layer, without weights, from its kind and config. Throws `ValueError` for an unknown kind or an invalid option. */
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
