/**
 * How many cold starts make a sample: shared by the command line, which starts pages and processes, and the page, which
 * starts workers.
 */
import type { ColdStart } from './cold.ts';

export const rounds = (quick: boolean): number => (quick ? 2 : 16);

/** The first is excluded: the machine's own caches are cold then, including files. */
export async function repeat(
  quick: boolean,
  start: () => Promise<ColdStart>,
  onRound: () => void = () => undefined,
): Promise<ColdStart[]> {
  const starts: ColdStart[] = [];
  for (let round = 0; round < rounds(quick); round++) {
    starts.push(await start());
    onRound();
  }
  return starts.slice(1);
}
