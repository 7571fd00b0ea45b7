/**
 * Writes reflected shaders as TypeScript: tree-shakable constants, a file per shader, and an index that checks their
 * type. Includes only what the WebGPU backend reads.
 */
import type { ShaderSource, ShaderUniforms } from '../../src/core/shader-source.ts';
import { camelCase } from './files.ts';
import type { ReflectedBinding, ReflectedShader } from './wgsl-reflect.ts';
import { ShaderError } from './wgsl-tokens.ts';

const header = (origin: string): string => `// Generated from ${origin} by tools/build-shaders.ts; do not edit.\n`;

/** Names that cannot be constant names. */
const reserved = new Set(
  'await break case catch class const continue debugger default delete do else enum export extends false finally for function if import in instanceof new null return super switch this throw true try typeof var void while with yield let static'.split(
    ' ',
  ),
);

/** The constant name of a shader file: `matmul-tiled` → `matmulTiled`. */
export function shaderConstant(stem: string): string {
  const name = camelCase(stem);
  if (!/^[a-z][A-Za-z0-9]*$/.test(name) || reserved.has(name)) {
    throw new Error(`shader name '${stem}' gives no usable constant name; expected kebab-case such as 'matmul-tiled'`);
  }
  return name;
}

/** The constant name of a helper function: `log2_safe` → `log2Safe`. */
export const helperConstant = (name: string): string => `${camelCase(name.replaceAll('_', '-'))}Helper`;

/** All bindings in numeric order. They must be 0, 1, 2 … of group 0, with at most one uniform struct. */
function bindingsOf(shader: ReflectedShader): ReflectedBinding[] {
  const all = Object.values(shader.entries).flatMap(({ bindings }) => bindings);
  const byName = new Map(all.map((binding) => [binding.name, binding]));
  const sorted = [...byName.values()].sort((a, b) => a.binding - b.binding);
  sorted.forEach(({ group, binding, name }, index) => {
    if (group === 0 && binding === index) return;
    throw new ShaderError(`'${name}' must be @group(0) @binding(${index}): the numbers of a shader go from 0 on`, 1);
  });
  if (sorted.filter(({ kind }) => kind === 'uniform').length > 1) throw new ShaderError('more than one uniform', 1);
  return sorted;
}

function uniformsOf(shader: ReflectedShader, bindings: readonly ReflectedBinding[]): ShaderUniforms | undefined {
  const struct = bindings.find(({ kind }) => kind === 'uniform')?.format;
  if (struct === undefined) return undefined;
  const { size, fields } = shader.uniforms[struct]!;
  const offsets = Object.fromEntries(Object.entries(fields).map(([name, { offset }]) => [name, offset]));
  const floats = Object.keys(fields).filter((name) => /f32|vec\df|mat\dx\df/.test(fields[name]!.type));
  return { size, offsets, ...(floats.length > 0 ? { floats } : {}) };
}

const literal = (value: unknown, indent?: number): string =>
  JSON.stringify(value, null, indent).replace(/[\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16)}`);

const helperBlock = /(\/\*\[helpers\*\/)([^]*)(\/\*helpers\]\*\/)/;

/** The functions of a block `helpers` as constants, each with the functions that it calls. */
function emitHelpers(block: string): string {
  const functions = block
    .split(/(?=\bfn )/)
    .filter((text) => text.startsWith('fn '))
    .map((text) => [/^fn (\w+)/.exec(text)![1]!, text.trim()] as const);
  return functions
    .map(([name, code]) => {
      const calls = functions
        .filter(([other]) => other !== name && new RegExp(`\\b${other}\\(`).test(code))
        .map(([other]) => helperConstant(other));
      const list = calls.length > 0 ? `\n  "calls": [${calls.join(', ')}],` : '';
      return `\nexport const ${helperConstant(name)}: ShaderHelper = {\n  "code": ${literal(code)},${list}\n};\n`;
    })
    .join('');
}

/** `as const` preserves every binding and field in the type: a changed interface fails the type check. */
export function emitShader(shader: ReflectedShader, file = `shaders/${shader.name}.wgsl`): string {
  const bindings = bindingsOf(shader);
  const helpers = helperBlock.exec(shader.code)?.[2];
  const uniforms = uniformsOf(shader, bindings);
  const source: ShaderSource = {
    name: shader.name,
    code: shader.code.replace(helperBlock, '$1 $3'),
    bindings: Object.fromEntries(bindings.map(({ name, kind }) => [name, kind])),
    ...(uniforms ? { uniforms } : {}),
  };
  const type = helpers === undefined ? '' : `import type { ShaderHelper } from '../../core/shader-source.ts';\n\n`;
  const constant = `export const ${shaderConstant(shader.name)} = ${literal(source, 2)} as const;\n`;
  return `${header(file)}${type}${constant}${helpers === undefined ? '' : emitHelpers(helpers)}`;
}

/** For tests and tools only: the package's main path does not import it. */
export function emitIndex(stems: readonly string[]): string {
  const imports = stems.map((stem) => `import { ${shaderConstant(stem)} } from './${stem}.ts';\n`).join('');
  const list = stems.map((stem) => `  ${shaderConstant(stem)},\n`).join('');
  return `${header('shaders/')}import type { ShaderSource } from '../../core/shader-source.ts';
${imports}
/** All shaders. Only tests and tools import this. */
export const shaders: readonly ShaderSource[] = [${list === '' ? '' : `\n${list}`}];
`;
}
