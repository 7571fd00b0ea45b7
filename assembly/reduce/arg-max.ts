// The place of the largest along the middle axis of f32[outer][reduce][inner].
import { part_begin, part_end, take } from '../runtime/part';

/**
 * Index of the largest element along the middle axis: the first of equals; the first NaN, if there is one; 0 of none.
 * word 0  x, f32[outer][reduce][inner]
 * word 1  y, int32[outer][inner]
 * word 2  outer
 * word 3  reduce
 * word 4  inner
 */
export function argmax(args: usize): void {
  const outer = load<u32>(args, 8), rows = load<u32>(args, 12), inner = load<u32>(args, 16);
  if (!take(outer, 1, <f64>outer * <f64>inner * (5 + <f64>rows))) return;
  const stride = <usize>inner << 2;
  let x = load<usize>(args) + <usize>part_begin * <usize>rows * stride;
  let y = load<usize>(args, 4) + <usize>part_begin * stride;
  for (let o = part_begin; o < part_end; o++, x += <usize>rows * stride) {
    for (let j: u32 = 0; j < inner; j++, y += 4) {
      let at = x + (<usize>j << 2);
      let best: f32 = rows > 0 ? load<f32>(at) : 0;
      let index: u32 = 0;
      for (let i: u32 = 1; i < rows && best == best; i++) {
        at += stride;
        const v = load<f32>(at);
        if (!(v <= best)) {
          best = v;
          index = i;
        }
      }
      store<u32>(y, index);
    }
  }
}
