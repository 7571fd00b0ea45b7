// The module that every engine loads: the loop that walks a program, and the kernels of a dense network. What other
// ops need are modules of their own beside this file, which bring their binary along with the op's record.
// A kernel is a function of one address, where its words lie; each file says what they are.
export { __heap_base };
export { run } from '../runtime/execute';
export { part_begin, part_end, share, shared_work, take } from '../runtime/share';
export { set_workspace, table as workspace, thread_bytes } from '../runtime/workspace';
export { matmul } from '../product/matmul';
export { reduce } from '../reduce/reduce';
export { copy, fill, strided_copy } from '../shape/copy';
export { log_softmax, softmax, softmax_cross_entropy, sparse_softmax_cross_entropy } from '../norm/softmax';
