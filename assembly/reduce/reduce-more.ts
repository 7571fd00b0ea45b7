// Maximum, minimum and sum of squares over the middle axis of f32[outer][reduce][inner]. See reduce-blocks.ts for the algorithm
// and the words.
import { part_begin, part_end, stack, take } from '../runtime/part';
import { ReduceWords, pieces_of, pieces_work, reduce_pieces } from './reduce-blocks';

export function reduce_more(words: ReduceWords): void {
  if (take(pieces_of(words), 1, pieces_work(words))) reduce_pieces(true, words, part_begin, part_end, stack());
}
