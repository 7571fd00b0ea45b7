// Reductions that only some programs need: the greatest, the least, sums of squares.
export { __heap_base };
export { reduce_more } from '../reduce/reduce-more';
