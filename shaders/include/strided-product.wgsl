// Members of the uniform struct of a matrix product whose operands are addressed by strides, in elements, so that a transposed
// operand needs no separate code. A batch stride of 0 broadcasts the operand.

m: u32,
n: u32,
k: u32,
batch: u32,
a_batch: u32,
a_row: u32, // from one m to the next
a_inner: u32, // from one k to the next
b_batch: u32,
b_inner: u32, // from one k to the next
b_column: u32, // from one n to the next
