// The sum or the maximum of a row whose elements are shared by `lanes` threads of a workgroup: 1 for short rows, the whole
// workgroup for long ones. The block `combined` can be replaced by a reduction with subgroup operations.
// #include "extremes"

const threads = 64u;
const lanes = /*[lanes*/64u/*lanes]*/; // threads per row: a power of two, at most `threads`
var<workgroup> held: array<f32, threads>;

fn join(left: f32, right: f32, top: bool) -> f32 {
  if (top) {
    return maximum(left, right);
  }
  return left + right;
}

// The maximum or the sum of the values of all threads of a row. All threads of the workgroup must call it.
fn of_row(value: f32, top: bool, lane: u32, local: u32) -> f32 {
  if (lanes == 1u) {
    return value;
  }
  held[local] = value;
  workgroupBarrier();
  /*[combined*/
  for (var width = lanes / 2u; width > 0u; width >>= 1u) {
    if (lane < width) {
      held[local] = join(held[local], held[local + width], top);
    }
    workgroupBarrier();
  }
  let result = held[local - lane];
  /*combined]*/
  workgroupBarrier();
  return result;
}
