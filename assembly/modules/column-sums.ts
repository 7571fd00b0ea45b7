// Sums over the rows of a matrix, for batch normalization.
export { __heap_base };
export { column_moments, column_products } from '../reduce/column-sums';
