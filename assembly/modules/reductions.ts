// Reductions that only some programs need: maximum, minimum and sum of squares.
export { __heap_base };
export { reduce_more } from '../reduce/reduce-more';
