/**
 * Reads a shader's interface with wgsl_reflect: WGSL text → ShaderSource, the constant from which the WebGPU backend
 * creates bind group layouts, uniforms and pipelines.
 */
import {
  ArrayInfo,
  type FunctionInfo,
  LiteralExpr,
  Override,
  ResourceType,
  ScalarData,
  StructInfo,
  type TypeInfo,
  type VariableInfo,
  WgslParser,
  WgslReflect,
  WgslScanner,
} from 'wgsl_reflect/wgsl_reflect.module.js';
import type { BindingKind } from '../../src/core/shader-source.ts';
import { minifyWgsl, shortNames } from './wgsl-minify.ts';
import type { ShortNames } from './wgsl-names.ts';
import { ShaderError, tokenizeWgsl } from './wgsl-tokens.ts';

export interface ReflectedBinding {
  readonly group: number;
  readonly binding: number;
  /** The variable's name in the shader. */
  readonly name: string;
  readonly kind: BindingKind;
  /** Bytes; the fixed part of the type. */
  readonly minBindingSize: number;
  readonly format: string;
}

export interface ReflectedEntry {
  /** Numbers, or names of overrides. */
  readonly workgroupSize: readonly (number | string)[];
  readonly bindings: readonly ReflectedBinding[];
}

export interface ReflectedUniforms {
  /** Bytes. */
  readonly size: number;
  readonly fields: Readonly<Record<string, { readonly offset: number; readonly type: string }>>;
}

export interface ReflectedOverride {
  readonly name: string;
  readonly type: string;
  readonly id?: number;
  readonly default?: number;
}

/** A shader's interface. */
interface Interface {
  readonly entries: Readonly<Record<string, ReflectedEntry>>;
  readonly overrides: readonly ReflectedOverride[];
  /** By the struct's name. */
  readonly uniforms: Readonly<Record<string, ReflectedUniforms>>;
}

export interface ReflectedShader extends Interface {
  readonly name: string;
  /** Minified; marked blocks are kept. */
  readonly code: string;
}

/** wgsl_reflect throws plain errors whose message ends in `Line: n`; ours have the line as a field. */
function guarded<T>(code: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof ShaderError) throw error;
    const message = error instanceof Error ? error.message : String(error);
    const line = Number(/\bline:? *(\d+)/i.exec(message)?.[1] ?? 1);
    throw new ShaderError(message.replace(/\.*\s*Line:? *\d+\s*$/i, '') + nameHint(code, line), line);
  }
}

/**
 * wgsl_reflect treats these as keywords everywhere, though WGSL allows them as names. `block` is common and has no
 * meaning in WGSL, so the parser gets another word instead; the others are reported as errors.
 */
const hiddenBlock = 'block_hidden_from_parser';
const hideBlock = (code: string): string => code.replace(/\bblock\b/g, hiddenBlock);
const showBlock = <T>(value: T): T => JSON.parse(JSON.stringify(value).replaceAll(hiddenBlock, 'block')) as T;
const contextual = /\b(read|write|private|storage|uniform|workgroup|function|immediate|type)\b(?=\s*[-+*/%=;,:)\]])/;

function nameHint(code: string, line: number): string {
  const found = contextual.exec((code.split('\n')[line - 1] ?? '').replace(/<[^>]*>/g, ''));
  return found ? ` (wgsl_reflect takes the name '${found[1]!}' for a keyword: choose another)` : '';
}

const isStorage = (variable: VariableInfo): boolean => variable.resourceType === ResourceType.Storage;

function bindingKind(variable: VariableInfo): BindingKind {
  if (variable.resourceType === ResourceType.Uniform) return 'uniform';
  if (isStorage(variable)) return variable.access === 'read_write' ? 'storage' : 'read-only-storage';
  throw new ShaderError(`'${variable.name}' is neither a uniform nor a storage buffer`, 1);
}

const isRuntimeSized = (type: TypeInfo): type is ArrayInfo => type instanceof ArrayInfo && type.count === 0;

/** WGSL's minimum binding size: a runtime-sized array counts as one element. */
function minBindingSize(type: TypeInfo): number {
  if (isRuntimeSized(type)) return type.stride;
  const last = type instanceof StructInfo ? type.members.at(-1) : undefined;
  if (!(type instanceof StructInfo) || !last || !isRuntimeSized(last.type)) return type.size;
  return Math.ceil((last.offset + last.type.stride) / type.align) * type.align;
}

const formatOf = (type: TypeInfo): string => {
  if (!(type instanceof ArrayInfo)) return type.getTypeName();
  return type.count === 0 ? `array<${formatOf(type.format)}>` : `array<${formatOf(type.format)}, ${type.count}>`;
};

function describeBinding(variable: VariableInfo): ReflectedBinding {
  return {
    group: variable.group,
    binding: variable.binding,
    name: variable.name,
    kind: bindingKind(variable),
    minBindingSize: minBindingSize(variable.type),
    format: formatOf(variable.type),
  };
}

/** Sizes as numbers, or as the name of the override that determines them. */
function describeWorkgroupSize(entry: FunctionInfo, overrides: ReadonlySet<string>): (number | string)[] {
  const value = entry.attributes?.find((attribute) => attribute.name === 'workgroup_size')?.value;
  if (value == null) throw new ShaderError(`entry point '${entry.name}' has no @workgroup_size`, entry.startLine);
  const texts = Array.isArray(value) ? value : [value];
  return [0, 1, 2].map((axis) => {
    const text = texts[axis];
    if (text === undefined) return 1;
    if (overrides.has(text)) return text;
    const size = entry.workgroupSize?.[axis];
    if (size === undefined || !Number.isInteger(size) || size < 1) {
      throw new ShaderError(`entry point '${entry.name}': cannot read workgroup size '${text}'`, entry.startLine);
    }
    return size;
  });
}

function describeEntry(entry: FunctionInfo, overrides: ReadonlySet<string>): ReflectedEntry {
  const bindings = entry.resources
    .filter((resource) => resource.group >= 0 && resource.binding >= 0)
    .map(describeBinding)
    .sort((a, b) => a.group - b.group || a.binding - b.binding);
  return { workgroupSize: describeWorkgroupSize(entry, overrides), bindings };
}

function describeUniforms(reflection: WgslReflect): Record<string, ReflectedUniforms> {
  const uniforms: Record<string, ReflectedUniforms> = {};
  for (const { name, type } of reflection.uniforms) {
    if (!(type instanceof StructInfo)) throw new ShaderError(`uniform '${name}' must be a struct`, 1);
    const fields = type.members.map((member) => [member.name, { offset: member.offset, type: formatOf(member.type) }]);
    uniforms[type.name] = { size: type.size, fields: Object.fromEntries(fields) as ReflectedUniforms['fields'] };
  }
  return uniforms;
}

/** Tokens from another scanner, without WGSL's optional trailing commas in lists. */
function tokens(code: string): string[] {
  const lexemes = new WgslScanner(code).scanTokens().map((token) => token.lexeme);
  const short = lexemes
    .join(' ')
    .replace(/, (?=[)}])/g, '')
    .replace(/\b(vec\d|mat\dx\d) < ([fiu])(?:32|16) >/g, '$1$2');
  return short.split(' ');
}

const isName = (token: string): boolean => /^[A-Za-z_]/.test(token);
const sameNumber = (a: string, b: string): boolean =>
  /^-?[\d.]/.test(a) &&
  /^-?[\d.]/.test(b) &&
  a.replace(/[\d.]/g, '') === b.replace(/[\d.]/g, '') &&
  Number(a) === Number(b);

/** Minifying may only rename identifiers and rewrite numbers; any other difference fails the build. */
function checkMinified(code: string, minified: string): void {
  const [before, after] = [tokens(code), tokens(minified)];
  const [forth, back] = [new Map<string, string>(), new Map<string, string>()];
  const same = (a: string, b: string | undefined): boolean => {
    if (b === undefined || !isName(a) || !isName(b)) return a === b || (b !== undefined && sameNumber(a, b));
    if (!forth.has(a)) forth.set(a, b);
    if (!back.has(b)) back.set(b, a);
    return forth.get(a) === b && back.get(b) === a;
  };
  const at = before.findIndex((token, index) => {
    const isAttribute = before[index - 1] === '@';
    return isAttribute ? token !== after[index] : !same(token, after[index]);
  });
  if (at >= 0 || before.length !== after.length) {
    throw new ShaderError(
      `minifying changed the shader near '${before.slice(Math.max(0, at - 3), at + 3).join(' ')}'`,
      1,
    );
  }
}

function checkBindingsUnique(reflection: WgslReflect): void {
  const seen = new Map<string, string>();
  for (const variable of [...reflection.storage, ...reflection.uniforms]) {
    const place = `@group(${variable.group}) @binding(${variable.binding})`;
    const other = seen.get(place);
    if (other !== undefined) throw new ShaderError(`'${variable.name}' and '${other}' are both at ${place}`, 1);
    seen.set(place, variable.name);
  }
}

/** Throws ShaderError with a line for invalid WGSL. */
export function checkSyntax(code: string): void {
  tokenizeWgsl(code); // checks the block markers
  guarded(code, () => new WgslParser().parse(hideBlock(code)));
}

/** The default of each override that is a literal. */
function overrideDefaults(code: string): Map<string, number> {
  const defaults = new Map<string, number>();
  for (const node of new WgslParser().parse(code)) {
    if (!(node instanceof Override) || !(node.value instanceof LiteralExpr)) continue;
    if (node.value.value instanceof ScalarData) defaults.set(node.name, node.value.value.value);
  }
  return defaults;
}

function describe(code: string): Interface {
  const parsed = hideBlock(code);
  const reflection = new WgslReflect(parsed);
  checkBindingsUnique(reflection);
  if (reflection.entry.compute.length === 0) throw new ShaderError('no @compute entry point', 1);
  const defaults = overrideDefaults(parsed);
  const overrides = reflection.overrides.map((override) => ({
    name: override.name,
    type: override.type?.getTypeName() ?? 'u32',
    ...(override.attributes?.some((attribute) => attribute.name === 'id') ? { id: override.id } : {}),
    ...(defaults.has(override.name) ? { default: defaults.get(override.name)! } : {}),
  }));
  const names = new Set(overrides.map((override) => override.name));
  const entries = reflection.entry.compute.map((entry) => [entry.name, describeEntry(entry, names)] as const);
  return showBlock({ entries: Object.fromEntries(entries), overrides, uniforms: describeUniforms(reflection) });
}

/** The properties that renaming must preserve. */
function nameless({ entries, overrides, uniforms }: Interface): string {
  const kinds = Object.entries(entries).map(([name, { workgroupSize, bindings }]) => [
    name,
    workgroupSize,
    bindings.map(({ group, binding, kind, minBindingSize }) => [group, binding, kind, minBindingSize]),
  ]);
  const layouts = Object.values(uniforms).map(({ size, fields }) => [size, Object.values(fields)]);
  return JSON.stringify([kinds, overrides, layouts]);
}

/** Reads, checks and minifies one shader. `names` are the names of all shaders in the bundle. Throws ShaderError. */
export function reflectShader(name: string, code: string, minify = true, names?: ShortNames): ReflectedShader {
  const minified = minifyWgsl(code, names ?? shortNames([code])); // also checks the block markers
  return guarded(code, () => {
    const found = describe(code);
    checkMinified(code, minified);
    if (nameless(describe(minified)) !== nameless(found)) throw new ShaderError('minifying changed the interface', 1);
    return { name, code: minify ? minified : code, ...found };
  });
}
