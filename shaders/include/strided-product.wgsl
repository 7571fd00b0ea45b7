// Members of the uniform struct of a product whose operands lie by strides, in elements: so a transposed operand needs no code of its
// own. A batch stride of 0 broadcasts the operand.

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
