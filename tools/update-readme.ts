/**
 * `tsx tools/update-readme.ts RESULTS.json …`: writes the results of `npm run bench -- peers --json RESULTS.json` into
 * README.md, between two comments. Several files, such as one per backend, produce a table each.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { comparisonTable } from '../bench/comparison/markdown.ts';
import type { PeersFile } from '../bench/comparison/report.ts';
import { projectRoot } from './lib/files.ts';

const begin = '<!-- performance:begin -->';
const end = '<!-- performance:end -->';

const explanation = `\`npm run bench -- peers --backend wasm|webgpu\` measures gradlet beside other libraries in one page,
in turn and on the same data; medians. A product is read back each time, by gradlet into the same array. A training step is
forward pass, softmax cross-entropy, gradients and Adam; that of the LSTM has 16 features, 128 units and one sigmoid. The loss
is read back once in ten steps, of the LSTM once in two, except that tfjs reads every one. The first loss counts from the
library's import in a fresh page. The size is all that the page loads of a library for this.`;

/** The text between the two comments. */
export function performanceSection(files: readonly PeersFile[]): string {
  return [explanation, ...files.map(comparisonTable)].join('\n\n');
}

/** Replaces the text between the two comments by `section`. Throws unless both occur exactly once and in this order. */
export async function withSection(text: string, section: string): Promise<string> {
  const [before, rest, ...furtherBegins] = text.split(begin);
  const [old, after, ...furtherEnds] = rest?.split(end) ?? [];
  if (old === undefined || after === undefined || furtherBegins.length + furtherEnds.length > 0) {
    throw new Error(`README.md needs the lines '${begin}' and '${end}', once each: the table goes between them`);
  }
  const options = await resolveConfig(join(projectRoot, 'README.md'));
  const formatted = await format(section, { ...options, parser: 'markdown', proseWrap: 'always' });
  return `${before}${begin}\n\n${formatted}\n${end}${after}`;
}

async function readResults(path: string): Promise<PeersFile> {
  const file = JSON.parse(await readFile(path, 'utf8')) as Partial<PeersFile>;
  const { environment, records, failures, sizes } = file;
  if (!environment || !records || !failures || !sizes) {
    throw new Error(`${path} was not written by \`npm run bench -- peers --json ${path}\``);
  }
  return { environment, records, failures, sizes };
}

async function main(paths: readonly string[]): Promise<void> {
  if (paths.length === 0) throw new Error('which results? tsx tools/update-readme.ts RESULTS.json …');
  const readme = join(projectRoot, 'README.md');
  const section = performanceSection(await Promise.all(paths.map(readResults)));
  await writeFile(readme, await withSection(await readFile(readme, 'utf8'), section));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await main(process.argv.slice(2)).catch((error: unknown) => {
    console.error(`error: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  });
}
