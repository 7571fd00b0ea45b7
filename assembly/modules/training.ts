// What the training loop adds to a step: batches of a data set, counters, and the search for the first step that is not finite.
export { __heap_base };
export { gather_batch, increment, store_rows } from '../indexing/batch';
export { first_non_finite } from '../reduce/finite';
