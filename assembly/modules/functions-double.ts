// Functions on four float32 lanes that compute in float64; compiled chains call them.
export { __heap_base };
export { cos, mod, pow, sin } from '../elementwise/math-double';
