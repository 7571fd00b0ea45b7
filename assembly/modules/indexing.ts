// Rows by their numbers: embeddings, labels, predictions.
export { __heap_base };
export { argmax } from '../argmax';
export { gather, scatter_add } from '../gather';
