/** `npm run size`: download sizes of programs, minified and gzipped. Fails if one exceeds its budget. */
import { Command } from 'commander';
import { sizedPrograms } from '../bench/size/programs.ts';
import { programSize } from './lib/program-size.ts';

const kilobytes = (bytes: number): string => (bytes / 1000).toFixed(1).padStart(8);

async function main(): Promise<void> {
  const { entry } = new Command('size')
    .description('the size of programs, in kB, minified and gzipped')
    .option('--entry <file>', 'measure this program instead')
    .parse()
    .opts<{ entry?: string }>();
  const programs = entry === undefined ? sizedPrograms : [{ entry, what: entry, budget: Infinity }];
  console.log(`${''.padEnd(46)}     all  JavaScript    wasm    WGSL  budget`);
  for (const { entry, what, budget } of programs) {
    const { all, javascript, wasm, wgsl } = await programSize(entry);
    const limit = budget === Infinity ? '' : String(budget).padStart(8);
    console.log(
      `${what.padEnd(46)}${kilobytes(all)}    ${kilobytes(javascript)}${kilobytes(wasm)}${kilobytes(wgsl)}${limit}`,
    );
    if (all > budget * 1000) {
      console.error(`${entry} is above its budget of ${budget} kB`);
      process.exitCode = 1;
    }
  }
}

await main();
