// The module that every engine loads: the interpreter loop and the kernels of a dense network. The kernels of other ops are
// separate modules in this folder; their binaries are loaded with the record of the op.
// A kernel is a function of one argument, the address of its words. The file of each kernel describes its words.
export { __heap_base };
export { run } from '../runtime/execute';
export { part_begin, part_end, share, shared_work, take } from '../runtime/share';
export { set_workspace, table as workspace, thread_bytes } from '../runtime/workspace';
export { matmul } from '../product/matmul';
export { reduce } from '../reduce/reduce';
export { copy, fill, strided_copy } from '../shape/copy';
export { log_softmax, softmax, softmax_cross_entropy, sparse_softmax_cross_entropy } from '../norm/softmax';
