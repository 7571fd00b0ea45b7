/** Mails and the novel as data sets: the parts of a mail that are read, and disjoint training and test sets. */
import { describe, expect, it } from 'vitest';
import { htmlToText, readMail } from '../../examples/data/mail.ts';
import { loadNovel } from '../../examples/data/novel.ts';
import { loadSpam } from '../../examples/data/spam.ts';

const mail = (headers: readonly string[], body: string): string =>
  ['From: a.sender@where.example', 'Received: by some.host.example', ...headers, '', body].join('\r\n');

describe('readMail', () => {
  it('takes subject and body, and nothing of the other headers', async () => {
    expect(await readMail(mail(['Subject: Lunch', 'X-Spam-Flag: YES'], 'At noon?'))).toBe('Lunch\nAt noon?\n');
  });

  it('decodes what is encoded', async () => {
    const encoded = ['Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=', 'Content-Type: text/plain; charset=utf-8'];
    const quoted = mail([...encoded, 'Content-Transfer-Encoding: quoted-printable'], 'caf=C3=A9 =\r\nau lait');
    expect((await readMail(quoted)).trim()).toBe('Grüße\ncafé au lait');
    const base64 = mail([...encoded, 'Content-Transfer-Encoding: base64'], Buffer.from('naïve').toString('base64'));
    expect((await readMail(base64)).trim()).toBe('Grüße\nnaïve');
  });

  it('prefers the plain part of several, and falls back on HTML', async () => {
    const parts = ['text/html', '<p>rich</p>', 'text/plain', 'plain'];
    const body = [0, 2].map((at) => `--b\r\nContent-Type: ${parts[at]!}\r\n\r\n${parts[at + 1]!}\r\n`).join('');
    const headers = ['Subject: s', 'Content-Type: multipart/alternative; boundary=b'];
    expect((await readMail(mail(headers, `${body}--b--\r\n`))).trim()).toBe('s\nplain');
    expect(await readMail(mail(['Subject: s', 'Content-Type: text/html'], '<b>rich</b> text'))).toBe('s\nrich text');
  });

  it('survives what is no mail', async () => {
    expect((await readMail('')).trim()).toBe('');
    expect(typeof (await readMail('\u0000\ud800 not a header\n\n--=_\n'))).toBe('string');
  });
});

describe('htmlToText', () => {
  it('leaves the words', () => {
    expect(
      htmlToText('<style>p { }</style><p>Buy&nbsp;now &amp; save 5&#8364; &bogus; <!-- x --> <script>y()</script>'),
    ).toBe('Buy now & save 5€ &bogus;');
  });
});

/** A corpus of `count` mails. Every third one is spam with the same text as the first. */
function corpus(count: number) {
  const files = Array.from(
    { length: count },
    (_, index) => `${index % 3 === 0 ? 'spam-1' : 'easy-ham-1'}/${index}.txt`,
  );
  const reads: string[] = [];
  const read = (path: string): Promise<Uint8Array> => {
    reads.push(path);
    const name = path.split('/').slice(-2).join('/');
    const index = Number(/(\d+)\.json$/.exec(name)?.[1]);
    const text = mail([`Subject: number ${index % 3 === 0 ? 0 : index}`], 'body');
    const value = name.endsWith('file_list.json') ? files : { group: name.split('/')[0], text };
    return Promise.resolve(new TextEncoder().encode(JSON.stringify(value)));
  };
  return { read, reads };
}

describe('loadSpam', () => {
  it('parts the mails, none in two parts, labelled by their group', async () => {
    const { train, validation, test } = await loadSpam({ read: corpus(90).read });
    const texts = [train, validation, test].flatMap((part) => part.texts);
    expect(texts.length).toBe(61); // duplicates count once
    expect(new Set(texts).size).toBe(61);
    expect([test.texts.length, validation.texts.length]).toEqual([13, 7]); // a fifth and a tenth, rounded up
    for (const { texts, labels } of [train, validation, test]) {
      texts.forEach((text, index) => expect(labels[index]).toBe(text.startsWith('number 0\n') ? 1 : 0));
    }
  });

  it('parts alike for one seed, and otherwise for another', async () => {
    const testTexts = async (seed: number) => (await loadSpam({ read: corpus(60).read, seed })).test.texts;
    expect(await testTexts(1)).toEqual(await testTexts(1));
    expect(await testTexts(2)).not.toEqual(await testTexts(1));
  });

  it('reads no more than is asked for, from all over the corpus', async () => {
    const { read, reads } = corpus(90);
    await loadSpam({ count: 9, read });
    expect(reads.length).toBe(10);
    expect(reads.at(-1)).toContain('/80.json');
    await expect(loadSpam({ count: 91, read })).rejects.toThrow('the corpus has 90 mails, not 91');
  });
});

describe('loadNovel', () => {
  const read = (path: string): Promise<Uint8Array> => {
    const chapter = Number(/(\d+)\.json$/.exec(path)![1]);
    const value = { title: `Title ${chapter}.`, text: ` Text ${chapter}.\n` };
    return Promise.resolve(new TextEncoder().encode(JSON.stringify(value)));
  };

  it('joins the chapters in their order', async () => {
    expect(await loadNovel(2, read)).toBe('Title 1.\n\nText 1.\n\n\nTitle 2.\n\nText 2.');
  });

  it('refuses more than there are', async () => {
    await expect(loadNovel(136, read)).rejects.toThrow('the novel has 135 chapters, not 136');
  });
});
