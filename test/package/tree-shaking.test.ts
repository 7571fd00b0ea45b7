/** A bundle contains only what the program uses; `consumer.test.ts` tests this for the built package. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { projectRoot } from '../../tools/lib/files.ts';
import { expectToDropWhatIsNotUsed, withEsbuild, withRollup } from '../support/bundles.ts';

const sources = join(projectRoot, 'src/index.ts');

describe.each([
  ['esbuild', withEsbuild(sources)],
  ['rollup', withRollup(sources)],
])('of the sources, %s', (_, bundle) => {
  it('keeps what a program uses, and drops what it does not', () => expectToDropWhatIsNotUsed(bundle));

  it('keeps nothing for a program that only names something', async () => {
    const code = await bundle(`import 'gradlet'; import { adam } from 'gradlet'; void adam; console.log('here');`);
    expect(code.replace(/\s/g, '').length).toBeLessThan(40);
  });
});
