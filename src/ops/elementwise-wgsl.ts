/**
 * The WGSL of a fused chain: the lines that go into the blocks of shaders/elementwise.wgsl. Code depends on the chain,
 * the dtypes and the kinds of access alone; the numbers of the shapes come in uniforms, so that one pipeline serves many.
 */
import type { DType } from '../core/dtype.ts';
import { InternalError } from '../core/errors.ts';
import type { BindingKind, ShaderHelper, ShaderSource, ShaderUniforms } from '../core/shader-source.ts';
import { sizeOf } from '../core/shape.ts';
import { elementwise, fromBitsHelper, toIntHelper } from '../generated/shaders/elementwise.ts';
import { accessOf } from '../graph/chain.ts';
import type { Access, Chain, ChainArgument, ChainInstruction } from '../graph/chain.ts';
import type { Dispatch, Operand, StepTypes } from '../graph/kernel.ts';
import { input, output } from '../graph/kernel.ts';
import { elementDispatch } from './dispatch.ts';
import { wgslFloat } from './op.ts';

type ChainStep = Pick<StepTypes<unknown>, 'inputs' | 'outputs' | 'inPlace'>;

/** A multiple of every GPU's subgroup. Not tuned yet. */
const threads = 128;

/** One dispatch that runs the chain over every element. */
export function lowerChainDispatch(chain: Chain, step: ChainStep): Dispatch {
  const space = step.outputs[0]!.shape;
  const accesses = step.inputs.map(({ shape }) => accessOf(shape, space));
  const settings = new SettingsStruct();
  const loads = accesses.map((access, index) => loadLines(step, index, access, settings));
  const lines = chain.instructions.map((instruction, index) => instructionLine(chain.inputCount + index, instruction));
  const stores = chain.outputs.map((value, index) => storeLine(index, value, step.outputs[index]!.dtype));
  settings.addNumber('size', sizeOf(space));

  const { declarations, bindings, operands } = bind(step);
  const body = [...loads, ...lines, ...stores].join('\n  ');
  const blocks = {
    bindings: `${settings.declaration()}\n${declarations.join('\n')}`,
    helpers: helpersFor(chain, body),
    body,
  };
  const shader: ShaderSource = { ...elementwise, bindings, uniforms: settings.layout() };
  const dispatch = elementDispatch(shader, 'elementwise', sizeOf(space), {
    bindings: operands,
    uniforms: settings.values,
    constants: { threads },
  });
  return { ...dispatch, blocks };
}

/** The uniform struct of a chain: tables of 8 numbers first, single numbers behind. */
class SettingsStruct {
  readonly values: Record<string, number | readonly number[]> = {};
  private readonly tables: string[] = [];
  private readonly numbers: string[] = [];

  addNumber(name: string, value: number): void {
    this.numbers.push(name);
    this.values[name] = value;
  }

  addTable(name: string, values: readonly number[]): void {
    this.tables.push(name);
    this.values[name] = values;
  }

  declaration(): string {
    const fields = [
      ...this.tables.map((name) => `${name}: array<vec4<u32>, 2>,`),
      ...this.numbers.map((name) => `${name}: u32,`),
    ];
    return `struct Settings { ${fields.join(' ')} }\n@group(0) @binding(0) var<uniform> settings: Settings;`;
  }

  layout(): ShaderUniforms {
    const start = 32 * this.tables.length;
    const tables = this.tables.map((name, index) => [name, 32 * index] as const);
    const numbers = this.numbers.map((name, index) => [name, start + 4 * index] as const);
    const bytes = start + 4 * this.numbers.length;
    const size = this.tables.length > 0 ? Math.ceil(bytes / 16) * 16 : bytes;
    return { size, offsets: Object.fromEntries([...tables, ...numbers]) };
  }
}

const storageType: Readonly<Record<DType, string>> = { float32: 'f32', int32: 'i32', uint8: 'u32' };

/** The output whose memory an input shares; such an input is read through the output's binding. */
function sharedOutput({ inPlace }: ChainStep, inputIndex: number): number | null {
  const index = inPlace.indexOf(inputIndex);
  return index < 0 ? null : index;
}

function bind(step: ChainStep): {
  declarations: string[];
  bindings: Record<string, BindingKind>;
  operands: Record<string, Operand>;
} {
  const declarations: string[] = [];
  const operands: Record<string, Operand> = {};
  const bindings: Record<string, BindingKind> = { settings: 'uniform' };
  const add = (name: string, kind: BindingKind, dtype: DType, operand: Operand): void => {
    const binding = declarations.length + 1;
    const access = kind === 'storage' ? 'read_write' : 'read';
    declarations.push(`@group(0) @binding(${binding}) var<storage, ${access}> ${name}: array<${storageType[dtype]}>;`);
    bindings[name] = kind;
    operands[name] = operand;
  };
  step.inputs.forEach(({ dtype }, index) => {
    const shared = sharedOutput(step, index);
    if (shared === null) add(`x${index}`, 'read-only-storage', dtype, input(index));
    else if (step.outputs[shared]!.dtype !== dtype) {
      throw new InternalError(`elementwise: input ${index} shares memory with an output of another dtype`);
    }
  });
  step.outputs.forEach(({ dtype }, index) => add(`y${index}`, 'storage', dtype, output(index)));
  return { declarations, bindings, operands };
}

/** Lines that leave input `index` at element i in `v<index>`. */
function loadLines(step: ChainStep, index: number, access: Access, settings: SettingsStruct): string {
  const shared = sharedOutput(step, index);
  const name = shared === null ? `x${index}` : `y${shared}`;
  const { lines, place } = placeOf(index, access, settings);
  const { dtype } = step.inputs[index]!;
  let element = `${name}[${place}]`;
  if (dtype === 'int32') element = `f32(${element})`;
  // Bytes lie in words of four.
  if (dtype === 'uint8') element = `f32((${name}[(${place}) >> 2u] >> (((${place}) & 3u) * 8u)) & 0xffu)`;
  return [...lines, `let v${index} = ${element};`].join('\n  ');
}

function placeOf(index: number, access: Access, settings: SettingsStruct): { lines: string[]; place: string } {
  switch (access.kind) {
    case 'contiguous':
      return { lines: [], place: 'i' };
    case 'scalar':
      return { lines: [], place: '0u' };
    case 'row':
      settings.addNumber(`period${index}`, access.period);
      return { lines: [], place: `i % settings.period${index}` };
    case 'repeat':
      settings.addNumber(`count${index}`, access.count);
      return { lines: [], place: `i / settings.count${index}` };
    case 'strided': {
      settings.addTable(`shape${index}`, access.shape);
      settings.addTable(`strides${index}`, access.strides);
      const element = (table: string, axis: number): string => `settings.${table}${index}[${axis >> 2}][${axis & 3}]`;
      const lines = [`var rest${index} = i;`, `var place${index} = 0u;`];
      for (let axis = access.shape.length - 1; axis > 0; axis--) {
        lines.push(`place${index} += rest${index} % ${element('shape', axis)} * ${element('strides', axis)};`);
        lines.push(`rest${index} /= ${element('shape', axis)};`);
      }
      return { lines, place: `place${index} + rest${index} * ${element('strides', 0)}` };
    }
  }
}

function argumentText(argument: ChainArgument): string {
  if ('value' in argument) return `v${argument.value}`;
  const value = Math.fround(argument.constant);
  if (Number.isNaN(value)) return 'from_bits(0x7fc00000u)';
  if (!Number.isFinite(value)) return `from_bits(${value > 0 ? '0x7f800000u' : '0xff800000u'})`;
  return wgslFloat(value);
}

function instructionLine(value: number, { op, attributes, arguments: list }: ChainInstruction): string {
  const expression = typeof op.wgsl === 'function' ? op.wgsl(attributes) : op.wgsl;
  const lines: string[] = [];
  const names = list.map((argument, index) => {
    // An expression of literals alone would be evaluated by the compiler, to which log(0) is an error: a `let` is not.
    if ('value' in argument || list.some((other) => 'value' in other)) return argumentText(argument);
    lines.push(`let c${value}_${index} = ${argumentText(argument)};`);
    return `c${value}_${index}`;
  });
  const text = expression.replace(/(?<![\w.])[xyz](?!\w)/g, (letter) => names['xyz'.indexOf(letter)]!);
  return [...lines, `let v${value} = ${text};`].join('\n  ');
}

function storeLine(index: number, value: number, dtype: DType): string {
  if (dtype === 'uint8') throw new InternalError('elementwise: kernels write no uint8');
  return `y${index}[i] = ${dtype === 'int32' ? `to_int(v${value})` : `v${value}`};`;
}

/** The helpers of the chain's ops and of `body`, each behind those that it calls. */
function helpersFor({ instructions }: Chain, body: string): string {
  const texts = new Set<string>();
  const add = ({ code, calls }: ShaderHelper): void => {
    calls?.forEach(add);
    texts.add(code);
  };
  if (body.includes('from_bits(')) add(fromBitsHelper);
  for (const { op } of instructions) op.helpers?.forEach(add);
  if (body.includes('to_int(')) add(toIntHelper);
  return [...texts].join('\n');
}
