/**
 * The command line: valid arguments, and messages for invalid ones.
 */
import { describe, expect, it } from 'vitest';
import { examples, findExample, listExamples } from '../../examples/list.ts';
import { addExampleOptions, type CommandLine, createCommand } from '../../tools/examples/options.ts';

/** The parsed settings of a command line of the ten-digits example, or its message. */
async function parse(...words: readonly string[]): Promise<CommandLine> {
  let line: CommandLine | undefined;
  let said = '';
  const command = createCommand('train', 'for tests')
    .exitOverride()
    .configureOutput({ writeErr: (text) => (said += text) });
  addExampleOptions(command, findExample('p2-ten-digits'), (parsed) => {
    line = parsed;
    return Promise.resolve();
  });
  try {
    await command.parseAsync(words, { from: 'user' });
  } catch {
    throw new Error(said);
  }
  return line!;
}

describe('the options', () => {
  it('default to the example as it is written down', async () => {
    expect(await parse()).toEqual({
      settings: { example: 'p2-ten-digits', epochs: 10, batchSize: 32, seed: 1, small: false },
      browser: false,
      gpu: false,
      out: 'runs/p2-ten-digits',
      json: undefined,
    });
  });

  it('are all understood', async () => {
    const words =
      '--epochs 3 --batch-size 64 --backend webgpu --browser --gpu --seed 0 --small --out a/b --json c.json';
    expect(await parse(...words.split(' '))).toEqual({
      settings: { example: 'p2-ten-digits', epochs: 3, batchSize: 64, seed: 0, small: true, backend: 'webgpu' },
      browser: true,
      gpu: true,
      out: 'a/b',
      json: 'c.json',
    });
  });

  it('make a small run small', async () => {
    expect((await parse('--small')).settings.epochs).toBe(2);
    expect((await parse('--small', '--epochs', '5')).settings.epochs).toBe(5);
  });

  it.each([
    [['--epoch', '3'], /unknown option '--epoch'[^]*Did you mean --epochs\?/],
    [['--epochs', 'many'], /'many' is invalid[^]*whole number of at least 1/],
    [['--epochs', '0'], /whole number of at least 1/],
    [['--batch-size', '1.5'], /whole number of at least 1/],
    [['--seed', '-1'], /whole number of at least 0/],
    [['--seed', ' '], /whole number of at least 0/],
    [['--backend', 'gpu'], /'gpu' is invalid[^]*wasm, webgpu/],
    [['--epochs'], /argument missing/],
    [['mnist'], /too many arguments/],
  ])('help with %o', async (words, message) => {
    await expect(parse(...words)).rejects.toThrow(message);
  });
});

describe('the list of examples', () => {
  it('names every one with a line about it', () => {
    expect(listExamples().split('\n')).toHaveLength(examples.length + 3);
    expect(listExamples()).toContain('p1-binary-digits');
  });

  it('finds them, and suggests the nearest', () => {
    expect(findExample('custom-loop').name).toBe('custom-loop');
    expect(() => findExample('p1-binary-digit')).toThrow(
      /no example 'p1-binary-digit'; did you mean 'p1-binary-digits'\?/,
    );
    expect(() => findExample('')).toThrow(/The examples:/);
  });
});
