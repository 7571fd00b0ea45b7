// Sums and means over the middle axis of f32[outer][reduce][inner]; how, and by which words: reduce-blocks.ts.
import { pieces_of, pieces_work, reduce_pieces } from './reduce-blocks';
import { part_begin, part_end, take } from '../runtime/share';
import { stack } from '../runtime/workspace';

export function reduce(args: usize): void {
  if (take(pieces_of(args), 1, pieces_work(args))) reduce_pieces(false, args, part_begin, part_end, stack());
}
