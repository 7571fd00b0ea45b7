// Finds the first step at which a value became infinite or NaN. It tests the bits, because comparisons with NaN are unreliable.
import { part_begin, part_end, take } from '../runtime/part';
import { Address } from '../words';

const EXPONENT: u32 = 0x7f800000;

/** The words of `first_non_finite`. */
@unmanaged
export class FirstNonFiniteWords {
  /** f32[count] */
  x: Address;
  /** Elements of x. */
  count: u32;
  /** int32[1] */
  flag: Address;
  /** int32[1] */
  step: Address;
}

/** If flag[0] < 0 and any element of x is infinite or NaN: flag[0] = step[0]. */
export function first_non_finite(words: FirstNonFiniteWords): void {
  const n = words.count;
  if (!take(n, 64, 0.15 * <f64>n)) return;
  let x = words.x + (<usize>part_begin << 2), count = part_end - part_begin;
  const flag = words.flag; // all threads that find a non-finite value write the same number
  if (load<i32>(flag) >= 0) return;
  const mask = i32x4.splat(EXPONENT);
  let found = i32x4.splat(0);
  for (; count >= 4; count -= 4, x += 16) found = v128.or(found, i32x4.eq(v128.and(v128.load(x), mask), mask));
  let any = v128.any_true(found);
  for (; count > 0; count--, x += 4) any = any || (load<u32>(x) & EXPONENT) == EXPONENT;
  if (any) store<i32>(flag, load<i32>(words.step));
}
