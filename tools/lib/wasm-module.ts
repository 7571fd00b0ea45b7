/**
 * Reads a compiled module: its exports, and whether it imports only what the loader provides. Parses the bytes
 * directly, because Node 20's engine does not compile relaxed SIMD.
 */

type Kind = 'function' | 'table' | 'memory' | 'global' | 'tag';
const kinds: readonly Kind[] = ['function', 'table', 'memory', 'global', 'tag'];
const importSection = 2;
const exportSection = 7;

export interface WasmInterface {
  /** Import names are `module.name`. */
  readonly imports: readonly { readonly name: string; readonly kind: Kind }[];
  readonly exports: readonly { readonly name: string; readonly kind: Kind }[];
  /**
   * Where the flags byte of the imported memory stands. It is 1 (a minimum and a maximum); writing 3 makes the same binary
   * import a shared memory, so threads need no binary of their own: kernels and atomics are valid on either.
   */
  readonly memoryFlags: number;
}

/** A cursor over the bytes of a module. */
class Reader {
  position = 8; // after the magic number and the version
  readonly bytes: Uint8Array;
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
  byte(): number {
    const byte = this.bytes[this.position++];
    if (byte === undefined) throw new Error('the module ends too early');
    return byte;
  }
  /** An unsigned LEB128 number. */
  unsigned(): number {
    for (let value = 0, scale = 1; ; scale *= 128) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  }
  text(): string {
    const length = this.unsigned();
    this.position += length;
    return new TextDecoder().decode(this.bytes.subarray(this.position - length, this.position));
  }
  kind(): Kind {
    return kinds[this.byte()]!;
  }
}

export function readInterface(bytes: Uint8Array): WasmInterface {
  const reader = new Reader(bytes);
  const imports: { name: string; kind: Kind }[] = [];
  const exports: { name: string; kind: Kind }[] = [];
  let memoryFlags = -1;
  while (reader.position < bytes.length) {
    const section = reader.byte();
    const size = reader.unsigned();
    const end = reader.position + size;
    for (let count = section === importSection ? reader.unsigned() : 0; count > 0; count--) {
      const name = `${reader.text()}.${reader.text()}`;
      const kind = reader.kind();
      imports.push({ name, kind });
      if (kind === 'function') reader.unsigned();
      else if (kind === 'global') reader.position += 2;
      else if (kind === 'memory') {
        memoryFlags = reader.position;
        for (let numbers = reader.byte() & 1 ? 2 : 1; numbers > 0; numbers--) reader.unsigned();
      } else if (kind === 'table') {
        reader.position++; // element type
        for (let numbers = reader.byte() & 1 ? 2 : 1; numbers > 0; numbers--) reader.unsigned();
      } else throw new Error(`${name}: a ${kind} cannot be imported`);
    }
    for (let count = section === exportSection ? reader.unsigned() : 0; count > 0; count--) {
      exports.push({ name: reader.text(), kind: reader.kind() });
      reader.unsigned();
    }
    reader.position = end;
  }
  return { imports, exports, memoryFlags };
}

/** Names of the exported functions, sorted. */
export function exportedFunctions({ exports }: WasmInterface): string[] {
  return exports
    .filter(({ kind }) => kind === 'function')
    .map(({ name }) => name)
    .sort();
}

/**
 * Import errors as messages; empty if the loader can serve all imports. The core module gets a memory and a clock;
 * other modules also get the core's exports.
 */
export function interfaceProblems(
  { imports, exports, memoryFlags }: WasmInterface,
  bytes: Uint8Array,
  core?: WasmInterface,
): string[] {
  const given = new Set(['env.memory', 'env.now', ...(core?.exports.map(({ name }) => `env.${name}`) ?? [])]);
  const problems = imports
    .filter(({ name }) => !given.has(name))
    .map(({ name, kind }) => `imports ${name} (${kind}), which nobody gives`);
  if (bytes[memoryFlags] !== 1) problems.push('does not import env.memory with a maximum');
  const has = (name: string, kind: Kind): boolean =>
    exports.some((entry) => entry.name === name && entry.kind === kind);
  if (core === undefined && !has('table', 'table')) problems.push('does not export its function table as `table`');
  if (!has('__heap_base', 'global')) problems.push('does not export { __heap_base }');
  return problems;
}

/** Number of occurrences of a relaxed multiply-add's three bytes in a binary, which is how the loader finds them. */
export function countMultiplyAdds(bytes: Uint8Array): number {
  let count = 0;
  for (let at = 0; at + 2 < bytes.length; at++) {
    if (bytes[at] === 0xfd && bytes[at + 1] === 0x85 && bytes[at + 2] === 0x02) count++;
  }
  return count;
}
