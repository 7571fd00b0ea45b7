// Random numbers and dropout.
export { __heap_base };
export { dropout_mask, random_uniform } from '../state/random';
