// The module that every engine loads: the loop that walks a program, and the kernels of a dense network. What other
// ops need are modules of their own beside this file, which bring their binary along with the op's record.
// A kernel is a function of one address, where its words lie; each file says what they are.
export { __heap_base };
export { run } from '../execute';
export { part_begin, part_end, share, shared_work, take } from '../share';
export { set_workspace, table as workspace, thread_bytes } from '../workspace';
export { matmul } from '../matmul';
export { reduce } from '../reduce';
export { copy, fill, strided_copy } from '../copy';
export { log_softmax, softmax, softmax_cross_entropy, sparse_softmax_cross_entropy } from '../softmax';
