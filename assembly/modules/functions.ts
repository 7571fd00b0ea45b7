// Mathematical functions on four float32 lanes, called by compiled elementwise chains.
export { __heap_base };
export { exp, expm1, log, log1p } from '../elementwise/math';
export { elu, erf, gelu, sigmoid, silu, softplus, tanh } from '../elementwise/math-activation';
