// Index of the largest element along the middle axis of f32[outer][reduce][inner].
import { part_begin, part_end, take } from '../runtime/part';
import { Address } from '../words';

/** The words of `argmax`. */
@unmanaged
export class ArgmaxWords {
  /** f32[outer][reduce][inner] */
  x: Address;
  /** int32[outer][inner] */
  y: Address;
  /** Product of the sizes of the axes before the reduced one. */
  outer: u32;
  /** Size of the reduced axis. */
  reduce: u32;
  /** Product of the sizes of the axes after the reduced one. */
  inner: u32;
}

/**
 * Index of the largest element along the middle axis: the first of equal elements; the first NaN if there is one; 0 if the axis
 * is empty.
 */
export function argmax(words: ArgmaxWords): void {
  const outer = words.outer, rows = words.reduce, inner = words.inner;
  if (!take(outer, 1, <f64>outer * <f64>inner * (5 + <f64>rows))) return;
  const stride = <usize>inner << 2;
  let x = words.x + <usize>part_begin * <usize>rows * stride;
  let y = words.y + <usize>part_begin * stride;
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
