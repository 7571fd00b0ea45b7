// Row access by index, for embeddings, labels and predictions.
export { __heap_base };
export { argmax } from '../reduce/arg-max';
export { gather, scatter_add } from '../indexing/gather';
