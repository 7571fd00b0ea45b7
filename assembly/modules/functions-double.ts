// Functions on four float32 lanes that compute in float64, called by compiled elementwise chains.
export { __heap_base };
export { cos, mod, pow, sin } from '../elementwise/math-double';
