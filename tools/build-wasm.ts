/**
 * assembly/modules/*.ts → build/wasm/*.wasm → src/generated/wasm/*.ts: one binary per module, the bindings of
 * its kernels, the constants that src shares, the list of exports, the end of their static memory, and the worker script. Run by `npm run build:wasm`. A module is recompiled
 * only if a file that it imports, a build setting, or the address of its static memory has changed; `--force`
 * recompiles all.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { emitConstants } from './lib/assembly-constants.ts';
import { type Binary, emitBinary, emitExports } from './lib/emit-wasm.ts';
import { emitKernels } from './lib/emit-kernels.ts';
import { emitWorker } from './lib/emit-worker.ts';
import { hashFiles, importedFiles, listFiles, projectRoot, writeIfChanged } from './lib/files.ts';
import { KernelReader } from './lib/kernel-words.ts';
import { countMultiplyAdds, exportedFunctions, interfaceProblems, readInterface } from './lib/wasm-module.ts';

const modulesFolder = 'assembly/modules';
const constantsFile = 'assembly/constants.ts';
const buildFolder = join(projectRoot, 'build/wasm');
const generated = join(projectRoot, 'src/generated/wasm');
const workerFile = join(projectRoot, 'src/backends/wasm/threads/worker.ts');

/** The core first: its static memory has the lowest addresses, and the others import from it. */
const names = ['core', ...listFiles(join(projectRoot, modulesFolder), '.ts').map((file) => file.slice(0, -3))].filter(
  (name, index, list) => list.indexOf(name) === index,
);

/** Files that every module depends on, besides its own sources. */
const settings = [
  'asconfig.json',
  'tools/build-wasm.ts',
  'tools/lib/wasm-module.ts',
  'tools/lib/emit-wasm.ts',
  'node_modules/assemblyscript/package.json',
  'node_modules/@gfx/zopfli/package.json',
].map((file) => join(projectRoot, file));

interface Compiled extends Binary {
  /** Where its static memory ends. */
  readonly heapBase: number;
}

/** Stored next to the binary: a hash of its sources, and the end of its static memory. */
interface BuildRecord {
  readonly stamp: string;
  readonly heapBase: number;
}

const sourceFile = (name: string): string => join(projectRoot, modulesFolder, `${name}.ts`);
const recordFile = (name: string): string => join(buildFolder, `${name}.json`);
const binaryFile = (name: string): string => join(buildFolder, `${name}.wasm`);
const generatedFile = (name: string): string => join(generated, `${name}.ts`);

/** The module from an earlier build, if none of its sources has changed. */
function findCompiled(name: string, stamp: string): Compiled | undefined {
  const files = [recordFile(name), binaryFile(name), generatedFile(name)];
  if (process.argv.includes('--force') || !files.every((file) => existsSync(file))) return undefined;
  const record = JSON.parse(readFileSync(recordFile(name), 'utf8')) as BuildRecord;
  if (record.stamp !== stamp) return undefined;
  return { name, bytes: new Uint8Array(readFileSync(binaryFile(name))), heapBase: record.heapBase };
}

/** Compiles a module whose static memory begins at `memoryBase`. */
async function compile(name: string, memoryBase: number): Promise<Compiled> {
  const asc = await import('assemblyscript/asc'); // takes seconds to load, so only if something must be compiled
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
  // The loader finds these instructions by their bytes, so the bytes must not occur elsewhere.
  if (countMultiplyAdds(bytes) !== text.split('f32x4.relaxed_madd').length - 1) {
    throw new Error(`${name}.wasm: the bytes of a multiply-add stand where there is none`);
  }
  return { name, bytes, heapBase: Number(/__heap_base i32 \(i32\.const (\d+)\)/.exec(text)![1]) };
}

async function main(): Promise<void> {
  mkdirSync(buildFolder, { recursive: true });
  const header = '// Generated from assembly/ by tools/build-wasm.ts; do not edit.\n';
  const reader = new KernelReader((file) => readFileSync(join(projectRoot, file), 'utf8'));
  const kernels = names.map((name) => ({ name, kernels: reader.kernels(`${modulesFolder}/${name}.ts`) }));
  writeIfChanged(generatedFile('kernels'), emitKernels(header, kernels));
  const constants = readFileSync(join(projectRoot, constantsFile), 'utf8');
  writeIfChanged(generatedFile('constants'), emitConstants(header, constantsFile, constants));
  const binaries: Compiled[] = [];
  let count = 0;
  for (const name of names) {
    const memoryBase = binaries.at(-1)?.heapBase ?? 0;
    const stamp = hashFiles([...importedFiles(sourceFile(name)), ...settings], String(memoryBase));
    const known = findCompiled(name, stamp);
    const binary = known ?? (await compile(name, memoryBase));
    checkInterface(binary, binaries[0]); // also for a module that is up to date: the core's exports may have changed
    if (!known) {
      await emit(header, binary);
      writeFileSync(recordFile(name), JSON.stringify({ stamp, heapBase: binary.heapBase } satisfies BuildRecord));
      count += 1;
    }
    binaries.push(binary);
  }
  writeIfChanged(generatedFile('exports'), emitExports(header, binaries));
  const heap = `${header}
/** The end of the static memory of all modules. */
export const heapBase = ${binaries.at(-1)!.heapBase};
`;
  writeIfChanged(generatedFile('heap'), heap);
  writeIfChanged(generatedFile('worker'), await emitWorker(header, readFileSync(workerFile, 'utf8')));
  const written = new Set([...names, 'constants', 'exports', 'heap', 'kernels', 'worker'].map((stem) => `${stem}.ts`));
  for (const stale of listFiles(generated, '.ts')) if (!written.has(stale)) rmSync(join(generated, stale));
  console.log(`wasm: ${count} of ${names.length} modules compiled, the others are up to date`);
}

/** Throws if a binary does not match the core, which is undefined for the core itself. */
function checkInterface({ name, bytes }: Binary, core: Binary | undefined): void {
  const problems = interfaceProblems(readInterface(bytes), bytes, core && readInterface(core.bytes));
  if (problems.length > 0) throw new Error(`${name}.wasm:\n  ${problems.join('\n  ')}`);
}

/** Writes the module that pages load. */
async function emit(header: string, { name, bytes }: Binary): Promise<void> {
  writeIfChanged(generatedFile(name), await emitBinary(header, { name, bytes }));
  const functions = exportedFunctions(readInterface(bytes)).length;
  console.log(`wasm: ${name} ${bytes.length} bytes, ${gzipSync(bytes).length} gzipped, ${functions} functions`);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
