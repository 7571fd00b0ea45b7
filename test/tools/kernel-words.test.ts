/** Reads the words of wasm kernels, generates bindings for the ops, and reports errors in classes of words. */
import { expect, it } from 'vitest';
import { emitKernels } from '../../tools/lib/emit-kernels.ts';
import { KernelReader } from '../../tools/lib/kernel-words.ts';

const moduleFile = 'assembly/modules/indexing.ts';

/** The kernels of a module that exports all that it names from `assembly/rows.ts`, which is this text. */
function kernelsIn(text: string, names = 'pick', others: Readonly<Record<string, string>> = {}) {
  const files: Readonly<Record<string, string>> = {
    [moduleFile]: `export { __heap_base };\nexport { ${names} } from '../rows';\n`,
    'assembly/rows.ts': text,
    ...others,
  };
  return new KernelReader((file) => files[file]!).kernels(moduleFile);
}

const emit = (text: string, names?: string, others?: Readonly<Record<string, string>>): string =>
  emitKernels('', [{ name: 'indexing', kernels: kernelsIn(text, names, others) }]);

const words = (fields: string): string => `
@unmanaged
export class PickWords {
${fields}
}

export function pick(words: PickWords): void {}
`;

it('writes an interface and a constant for each kernel, and nothing for other functions', () => {
  const text = `import { Address } from './words';

export let begin: u32 = 0;
export function share(number: u32, count: u32): void {}
export function set_rows(block: usize): void {}

/** The words of both. */
@unmanaged
export class PickWords {
  /** f32[rows] */
  x: Address;
  /** f32[rows] */
  scale: OptionalAddress;
  /** Rows of x. */
  rows: u32;
  /** May be negative. */
  stride: i32;
  /** Whether x is reversed. */
  reversed: Flag;
  /** Of four lanes. */
  activation: FunctionIndex;
  /** For the rest. */
  filler: Bits;
  /** Added. */
  epsilon: f32;
}

/** Picks rows. */
export function pick_rows(words: PickWords): void {}
export function drop_rows(words: PickWords): void {}
`;
  expect(emit(text, 'begin, drop_rows, pick_rows, set_rows, share')).toBe(
    `import type { FloatWord, FunctionWord, KernelBinding, Operand } from '../../core/kernel-binding.ts';
import { indexingWasm } from './indexing.ts';

/** The words of both. */
export interface PickWords {
  /** f32[rows] */
  readonly x: Operand;
  /** f32[rows] */
  readonly scale: Operand | 0;
  /** Rows of x. */
  readonly rows: number;
  /** May be negative. */
  readonly stride: number;
  /** Whether x is reversed. */
  readonly reversed: boolean;
  /** Of four lanes. */
  readonly activation: number | FunctionWord;
  /** For the rest. */
  readonly filler: number | FloatWord;
  /** Added. */
  readonly epsilon: number;
}

export const dropRowsKernel: KernelBinding<PickWords> = {
  entry: 'drop_rows',
  module: indexingWasm,
  words: ['x', 'scale', 'rows', 'stride', 'reversed', 'activation', 'filler', { float: 'epsilon' }],
};

/** Picks rows. */
export const pickRowsKernel: KernelBinding<PickWords> = {
  entry: 'pick_rows',
  module: indexingWasm,
  words: ['x', 'scale', 'rows', 'stride', 'reversed', 'activation', 'filler', { float: 'epsilon' }],
};
`,
  );
});

it('finds classes in other files, fields that are inherited, and items of a list', () => {
  const list = `
@unmanaged
export class Row {
  /** Where it begins. */
  start: u32;
  /** What it is multiplied by. */
  scale: f32;
}
@unmanaged
export class BaseWords {
  /** f32[…] */
  x: Address;
}
`;
  const text = `import { BaseWords as Base, Row } from './list';
@unmanaged
class PickWords extends Base {
  /** Those to pick. */
  rows: List<Row>;
}
export function pick(words: PickWords): void {}
`;
  const emitted = emit(text, 'pick as choose', { 'assembly/list.ts': list });
  expect(emitted).toContain("words: ['x', { list: 'rows', words: ['start', { float: 'scale' }] }],");
  expect(emitted).toContain('export const chooseKernel');
  expect(emitted).toMatch(/interface Row [^]*interface PickWords \{[^}]*x: Operand;[^}]*rows: readonly Row\[\];/);
});

const doc = '  /** Documented. */\n';
it.each([
  ['a type that is no word', words(`${doc}  x: f64;`), "5: x: there is no word of type 'f64': the types are Address, "],
  ['no type', words(`${doc}  x;`), "5: x: there is no word of type '': "],
  ['no comment', words('  x: Address;'), '4: x has no doc comment: say what it is, and the shape of a buffer'],
  ['a comment that is no doc comment', words('  // x\n  x: Address;'), '5: x has no doc comment'],
  [
    'a value',
    words(`${doc}  x: u32 = 1;`),
    "5: a class of words has only fields such as 'rows: u32;', not 'x: u32 = 1;'",
  ],
  ['a method', words(`${doc}  x(): u32 { return 1; }`), '5: a class of words has only fields'],
  ['a static field', words(`${doc}  static x: u32;`), '5: a class of words has only fields'],
  ['no fields', words(''), '2: the class PickWords has no fields'],
  ['a field twice', words(`${doc}  x: u32;\n${doc}  x: u32;`), '2: PickWords has two fields x'],
  [
    'a list before the end',
    `${words(`${doc}  x: List<Row>;\n${doc}  y: u32;`)}@unmanaged class Row {\n${doc}  a: u32; }`,
    '2: PickWords.x: only the last field may be a list',
  ],
  [
    'a list of lists',
    `${words(`${doc}  x: List<Row>;`)}@unmanaged class Row {\n${doc}  a: List<Row2>; }\n@unmanaged class Row2 {\n${doc}  b: u32; }`,
    '5: x: an item of a list has no list itself',
  ],
  [
    'items of no class',
    words(`${doc}  x: List<Row>;`),
    '5: there is no class Row in assembly/rows.ts, and none is imported',
  ],
  ['a managed class', words(`${doc}  x: u32;`).replace('@unmanaged', ''), '3: the class PickWords must be @unmanaged'],
  ['no class', 'export function pick(words: PickWords): void {}', '1: there is no class PickWords in assembly/rows.ts'],
  ['a result', words(`${doc}  x: u32;`).replace('): void', '): u32'), '8: a kernel returns void'],
])('names file and line of %s', (_, text, message) => {
  expect(() => kernelsIn(text)).toThrow(`assembly/rows.ts:${message}`);
});

it('takes no two kernels, and no two classes, of one name', () => {
  const kernels = kernelsIn(words(`${doc}  x: u32;`));
  const again = kernelsIn(words(`${doc}  x: u32;`));
  expect(() =>
    emitKernels('', [
      { name: 'a', kernels },
      { name: 'b', kernels },
    ]),
  ).toThrow('two modules export a kernel pick');
  const renamed = again.map((kernel) => ({ ...kernel, name: 'other' }));
  expect(() => emitKernels('', [{ name: 'a', kernels: [...kernels, ...renamed] }])).toThrow(
    'there are two classes PickWords',
  );
});
