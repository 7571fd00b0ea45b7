/**
 * `npm run size [-- --limit 40]`: what the smallest programs cost a page, minified and gzipped: one written with the
 * graph alone, one with layers. `--limit` is for the first.
 */
import { Command } from 'commander';
import { programSize } from './lib/program-size.ts';

const programs = ['bench/size/graph.ts', 'bench/size/minimal.ts'];

const kilobytes = (bytes: number): string => `${(bytes / 1000).toFixed(1).padStart(7)} kB`;

async function main(): Promise<void> {
  const options = new Command('size')
    .description('the size of programs that train a network: one of the graph alone, one of layers')
    .option('--limit <kB>', 'fail when the first is above this many kilobytes, gzipped', Number)
    .option('--entry <file>', 'measure this program instead')
    .parse()
    .opts<{ limit?: number; entry?: string }>();
  const entries = options.entry === undefined ? programs : [options.entry];
  for (const [index, entry] of entries.entries()) {
    const { all, javascript, wasm, wgsl, plain } = await programSize(entry);
    console.log(`${entry}, minified and gzipped`);
    console.log(`  JavaScript   ${kilobytes(javascript)}`);
    console.log(`  WebAssembly  ${kilobytes(wasm)}`);
    console.log(`  WGSL         ${kilobytes(wgsl)}`);
    console.log(`  all          ${kilobytes(all)}   (${kilobytes(plain).trim()} before gzip)`);
    if (index === 0 && options.limit !== undefined && all > options.limit * 1000) {
      console.error(`above the limit of ${options.limit} kB`);
      process.exitCode = 1;
    }
  }
}

await main();
