/**
 * assembly/modules/*.ts → build/wasm/*.wasm → src/generated/wasm/*.ts: a binary for each, the list of what they export, where
 * their static memory ends, and the script of the workers. Run by `npm run build:wasm`; does nothing when no source or
 * setting has changed.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type Binary, emitBinary, emitExports } from './lib/emit-wasm.ts';
import { emitWorker } from './lib/emit-worker.ts';
import { hashFiles, listFiles, projectRoot, writeIfChanged } from './lib/files.ts';
import { countMultiplyAdds, exportedFunctions, interfaceProblems, readInterface } from './lib/wasm-module.ts';

const modulesFolder = 'assembly/modules';
const buildFolder = join(projectRoot, 'build/wasm');
const generated = join(projectRoot, 'src/generated/wasm');
const stampFile = join(buildFolder, 'stamp');
const workerFile = join(projectRoot, 'src/backends/wasm/worker.ts');

/** The core first: its static memory lies lowest, and the others import from it. */
const names = ['core', ...listFiles(join(projectRoot, modulesFolder), '.ts').map((file) => file.slice(0, -3))].filter(
  (name, index, list) => list.indexOf(name) === index,
);
const outputs = [...names, 'exports', 'heap', 'worker'].map((stem) => join(generated, `${stem}.ts`));

function currentStamp(): string {
  const sources = listFiles(join(projectRoot, 'assembly'), '.ts').map((file) => join('assembly', file));
  const ours = [
    'asconfig.json',
    'scripts/build-wasm.ts',
    'scripts/lib/wasm-module.ts',
    'scripts/lib/emit-wasm.ts',
    'scripts/lib/emit-worker.ts',
    'src/backends/wasm/worker.ts',
    'package-lock.json',
  ];
  return hashFiles([...sources, ...ours].map((file) => join(projectRoot, file)).filter((file) => existsSync(file)));
}

function isUpToDate(stamp: string): boolean {
  if (!existsSync(stampFile) || readFileSync(stampFile, 'utf8') !== stamp) return false;
  return outputs.every((file) => existsSync(file));
}

interface Compiled extends Binary {
  /** Where its static memory ends. */
  readonly heapBase: number;
}

/** Compiles a module whose static memory begins at `memoryBase`. */
async function compile(name: string, memoryBase: number): Promise<Compiled> {
  const asc = await import('assemblyscript/asc'); // takes seconds to load, so only when there is something to compile
  const [outFile, textFile] = ['wasm', 'wat'].map((ending) => `build/wasm/${name}.${ending}`) as [string, string];
  const place = name === 'core' ? ['--exportTable'] : ['--importTable', '--memoryBase', String(memoryBase)];
  const files = ['--outFile', outFile, '--textFile', textFile, '--baseDir', projectRoot];
  const result = await asc.main(
    [
      `${modulesFolder}/${name}.ts`,
      '--config',
      'asconfig.json',
      '--target',
      'release',
      '--noColors',
      ...files,
      ...place,
    ],
    {},
  );
  const messages = result.stderr.toString();
  if (result.error) throw new Error(`asc failed for ${name}: ${result.error.message}\n${messages}`);
  if (messages !== '') console.warn(messages);
  const bytes = new Uint8Array(readFileSync(join(projectRoot, outFile)));
  const text = readFileSync(join(projectRoot, textFile), 'utf8');
  // The loader finds these instructions by their bytes, so the bytes may mean nothing else.
  if (countMultiplyAdds(bytes) !== text.split('f32x4.relaxed_madd').length - 1) {
    throw new Error(`${name}.wasm: the bytes of a multiply-add stand where there is none`);
  }
  return { name, bytes, heapBase: Number(/__heap_base i32 \(i32\.const (\d+)\)/.exec(text)![1]) };
}

async function main(): Promise<void> {
  const stamp = currentStamp();
  if (isUpToDate(stamp) && !process.argv.includes('--force')) {
    console.log('wasm: up to date');
    return;
  }
  rmSync(generated, { recursive: true, force: true });
  mkdirSync(buildFolder, { recursive: true });
  const binaries: Compiled[] = [];
  for (const name of names) binaries.push(await compile(name, binaries.at(-1)?.heapBase ?? 0));
  const [core] = binaries.map(({ bytes }) => readInterface(bytes));
  const header = '// Generated from assembly/ by scripts/build-wasm.ts; do not edit.\n';
  for (const { name, bytes } of binaries) {
    const wasm = readInterface(bytes);
    const problems = interfaceProblems(wasm, bytes, name === 'core' ? undefined : core);
    if (problems.length > 0) throw new Error(`${name}.wasm:\n  ${problems.join('\n  ')}`);
    writeIfChanged(join(generated, `${name}.ts`), await emitBinary(header, { name, bytes }));
    const functions = exportedFunctions(wasm).length;
    console.log(`wasm: ${name} ${bytes.length} bytes, ${gzipSync(bytes).length} gzipped, ${functions} functions`);
  }
  writeIfChanged(join(generated, 'exports.ts'), emitExports(header, binaries));
  const heap = `${header}
/** Where the static memory of all modules ends. */
export const heapBase = ${binaries.at(-1)!.heapBase};
`;
  writeIfChanged(join(generated, 'heap.ts'), heap);
  writeIfChanged(join(generated, 'worker.ts'), await emitWorker(header, readFileSync(workerFile, 'utf8')));
  writeFileSync(stampFile, stamp);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
