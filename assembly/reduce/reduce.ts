// Sums and means over the middle axis of f32[outer][reduce][inner]. See reduce-blocks.ts for the algorithm and the words.
import { ReduceWords, pieces_of, pieces_work, reduce_pieces } from './reduce-blocks';
import { part_begin, part_end, take } from '../runtime/share';
import { stack } from '../runtime/workspace';

export function reduce(words: ReduceWords): void {
  if (take(pieces_of(words), 1, pieces_work(words))) reduce_pieces(false, words, part_begin, part_end, stack());
}
