/**
 * The entry of the wasm binaries: re-exports the kernel families. `__heap_base` tells the loader where free memory starts.
 * A kernel is a function of one address, where its words lie; each file says what they are.
 */
export { __heap_base };
export { run } from './execute';
export { set_control } from './barrier';
export { work } from './jobs';
export { part_begin, part_end, share, shared_work, take } from './share';
export { set_workspace, thread_bytes } from './workspace';
export { elementwise } from './elementwise';
export { matmul } from './matmul';
export { argmax, reduce } from './reduce';
export { copy, fill, strided_copy } from './copy';
export { batch_mask, gather, gather_batch, increment, scatter_add, store_rows } from './gather';
export { log_softmax, softmax, softmax_cross_entropy, sparse_softmax_cross_entropy } from './softmax';
export { dropout_mask, random_uniform } from './random';
export { first_non_finite } from './finite';
