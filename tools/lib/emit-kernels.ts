/**
 * Writes what ops call wasm kernels by: for each class of words an interface, and for each kernel a constant with the order
 * of its words and the module that has it. Constants have no side effects, so a bundler keeps those that are used.
 */
import { camelCase } from './files.ts';
import type { KernelFunction, WordClass, WordField } from './kernel-words.ts';

export interface ModuleKernels {
  /** The name of the module's file in assembly/modules/. */
  readonly name: string;
  readonly kernels: readonly KernelFunction[];
}

/** The constant's name: `strided_copy` → `stridedCopyKernel`. */
const constantOf = (name: string): string => `${camelCase(name.replaceAll('_', '-'))}Kernel`;

const arrayOf = (fields: readonly WordField[]): string => `[${fields.map(orderOf).join(', ')}]`;

function orderOf({ name, isFloat, items }: WordField): string {
  if (items) return `{ list: '${name}', words: ${arrayOf(items.fields)} }`;
  return isFloat ? `{ float: '${name}' }` : `'${name}'`;
}

const commented = (comment: string, indent = ''): string => (comment === '' ? '' : `${indent}${comment}\n`);

function interfaceOf({ name, comment, fields }: WordClass): string {
  const lines = fields.map((field) => `${commented(field.comment, '  ')}  readonly ${field.name}: ${field.type};\n`);
  return `${commented(comment)}export interface ${name} {\n${lines.join('')}}\n`;
}

/**
 * The text of src/generated/wasm/kernels.ts.
 *
 * @throws Error for two kernels or two classes of one name
 */
export function emitKernels(header: string, modules: readonly ModuleKernels[]): string {
  const classes = new Map<string, WordClass>();
  const addClass = (words: WordClass): void => {
    const known = classes.get(words.name);
    if (known && known !== words) throw new Error(`there are two classes ${words.name}: give them different names`);
    for (const { items } of words.fields) if (items) addClass(items);
    classes.set(words.name, words);
  };
  const constants = new Map<string, string>();
  for (const { name: module, kernels } of modules) {
    for (const { name, comment, words } of kernels) {
      if (constants.has(name)) throw new Error(`two modules export a kernel ${name}: give them different names`);
      addClass(words);
      const lines = [
        `entry: '${name}'`,
        ...(module === 'core' ? [] : [`module: ${camelCase(module)}Wasm`]), // every engine has loaded the core
        `words: ${arrayOf(words.fields)}`,
      ];
      const type = `KernelBinding<${words.name}>`;
      const body = lines.map((line) => `  ${line},\n`).join('');
      constants.set(name, `${commented(comment)}export const ${constantOf(name)}: ${type} = {\n${body}};\n`);
    }
  }
  const imports = modules
    .filter(({ name, kernels }) => name !== 'core' && kernels.length > 0)
    .map(({ name }) => `import { ${camelCase(name)}Wasm } from './${name}.ts';\n`);
  const interfaces = [...classes.values()].map(interfaceOf);
  return `${header}import type { FloatWord, FunctionWord, KernelBinding, Operand } from '../../core/kernel-binding.ts';
${imports.join('')}
${[...interfaces, ...constants.values()].join('\n')}`;
}
