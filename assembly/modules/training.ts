// Kernels of the training loop: batches of a data set, counters, and the search for the first step with a non-finite value.
export { __heap_base };
export { gather_batch, increment, store_rows } from '../indexing/batch';
export { first_non_finite } from '../reduce/finite';
