// Layer normalization: normalizes rows by their mean and variance.
export { __heap_base };
export { layer_norm, layer_norm_gradient, layer_norm_sums } from '../norm/layer-norm';
