/**
 * assembly/*.ts → build/{simd,relaxed-simd}.wasm → src/generated/wasm/*.ts: each as base64, both packed into one short
 * text, the lists of exports and opcodes, and the script of the workers. Run by `npm run build:wasm`; does nothing when no source or setting has changed.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type Binary, emitPacked } from './lib/emit-packed.ts';
import { emitWorker } from './lib/emit-worker.ts';
import { camelCase, hashFiles, listFiles, projectRoot, writeIfChanged } from './lib/files.ts';
import { exportedFunctions, interfaceProblems, readInterface } from './lib/wasm-module.ts';

const targets = ['simd', 'relaxed-simd'] as const;
const buildFolder = join(projectRoot, 'build');
const generated = join(projectRoot, 'src/generated/wasm');
const stampFile = join(buildFolder, 'wasm.stamp');
const workerFile = join(projectRoot, 'src/backends/wasm/worker.ts');
const outputs = [...targets, 'packed', 'exports', 'opcodes', 'worker'].map((stem) => join(generated, `${stem}.ts`));

function currentStamp(): string {
  const sources = listFiles(join(projectRoot, 'assembly'), '.ts').map((file) => join(projectRoot, 'assembly', file));
  const ours = [
    'asconfig.json',
    'scripts/build-wasm.ts',
    'scripts/lib/wasm-module.ts',
    'scripts/lib/emit-packed.ts',
    'scripts/lib/emit-worker.ts',
    'src/backends/wasm/worker.ts',
    'package-lock.json',
  ];
  const files = [...sources, ...ours.map((file) => join(projectRoot, file))].filter((file) => existsSync(file));
  return hashFiles(files);
}

function isUpToDate(stamp: string): boolean {
  if (!existsSync(stampFile) || readFileSync(stampFile, 'utf8') !== stamp) return false;
  return outputs.every((file) => existsSync(file));
}

async function compile(target: string): Promise<Uint8Array<ArrayBuffer>> {
  const asc = await import('assemblyscript/asc'); // takes seconds to load, so only when there is something to compile
  const result = await asc.main(
    ['--config', 'asconfig.json', '--target', target, '--baseDir', projectRoot, '--noColors'],
    {},
  );
  const messages = result.stderr.toString();
  if (result.error) throw new Error(`asc failed for ${target}: ${result.error.message}\n${messages}`);
  if (messages !== '') console.warn(messages);
  const bytes = new Uint8Array(readFileSync(join(buildFolder, `${target}.wasm`)));
  const problems = interfaceProblems(readInterface(bytes), bytes);
  if (problems.length > 0) throw new Error(`${target}.wasm:\n  ${problems.join('\n  ')}`);
  return bytes;
}

const header = '// Generated from assembly/ by scripts/build-wasm.ts; do not edit.\n';

function emitBinary(target: string, bytes: Uint8Array): string {
  const name = camelCase(target);
  return `${header}
/** The binary as base64. */
export const ${name}Wasm: string =
  '${Buffer.from(bytes).toString('base64')}';

/** Where the imported memory's flags stand in the binary: 1 as compiled; write 3 there to import a shared memory. */
export const ${name}MemoryFlags: number = ${readInterface(bytes).memoryFlags};
`;
}

function emitExports(names: readonly string[]): string {
  return `${header}
export const wasmExports = [${names.map((name) => `\n  '${name}',`).join('')}
] as const;

/** The name of an exported wasm function. */
export type WasmExport = (typeof wasmExports)[number];
`;
}

/** The opcodes by name, in the order of their numbers: one text, because a table of constants takes a page more room. */
function emitOpcodes(source: string): string {
  const opcodes = [...source.matchAll(/^export const (\w+): u32 = (\d+);$/gm)];
  opcodes.forEach(([, name, number], index) => {
    if (Number(number) !== index) throw new Error(`assembly/opcodes.ts: ${name} is ${number}, but stands at ${index}`);
  });
  const names = opcodes.map(([, name]) => name!.toLowerCase()).join(' ');
  return `${header}
/** The opcode of a name is its place. */
export const opcodes: readonly string[] = /* @__PURE__ */ '${names}'.split(' ');
`;
}

async function main(): Promise<void> {
  const stamp = currentStamp();
  if (isUpToDate(stamp) && !process.argv.includes('--force')) {
    console.log('wasm: up to date');
    return;
  }
  mkdirSync(buildFolder, { recursive: true });
  const binaries: Binary[] = [];
  let names: string[] = [];
  for (const target of targets) {
    const bytes = await compile(target);
    const exported = exportedFunctions(readInterface(bytes));
    if (target !== targets[0] && exported.join() !== names.join()) {
      throw new Error(`${target} exports other functions than ${targets[0]}`);
    }
    names = exported;
    binaries.push({ name: target, bytes, memoryFlags: readInterface(bytes).memoryFlags });
    writeIfChanged(join(generated, `${target}.ts`), emitBinary(target, bytes));
    console.log(`wasm: ${target} ${bytes.length} bytes, ${gzipSync(bytes).length} gzipped, ${names.length} functions`);
  }
  const packed = emitPacked(header, binaries);
  console.log(`wasm: packed ${gzipSync(packed).length} bytes gzipped`);
  writeIfChanged(join(generated, 'packed.ts'), packed);
  writeIfChanged(join(generated, 'exports.ts'), emitExports(names));
  const opcodes = readFileSync(join(projectRoot, 'assembly/opcodes.ts'), 'utf8');
  writeIfChanged(join(generated, 'opcodes.ts'), emitOpcodes(opcodes));
  writeIfChanged(join(generated, 'worker.ts'), await emitWorker(header, readFileSync(workerFile, 'utf8')));
  writeFileSync(stampFile, stamp);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
