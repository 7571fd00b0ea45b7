/**
 * Generates the WGSL of a fused chain: the lines that go into the blocks of shaders/elementwise/elementwise.wgsl. The
 * code depends on the chain, the dtypes and the axes that each input has. Axis sizes are uniforms, so that one pipeline
 * serves many shapes.
 */
import type { DType } from '../../core/dtype.ts';
import type { BindingKind, ShaderHelper, ShaderSource } from '../../core/shader-source.ts';
import { sizeOf } from '../../core/shape.ts';
import { elementwise, fromBitsHelper, toIntHelper } from '../../generated/shaders/elementwise.ts';
import { walkAxes } from '../../graph/chain.ts';
import type { Chain, ChainArgument, ChainInstruction, WalkAxis } from '../../graph/chain.ts';
import type { Dispatch, Operand, StepTypes } from '../../graph/kernel.ts';
import type { EpilogueFunction } from '../../graph/epilogue.ts';
import { input, output } from '../../graph/kernel.ts';
import { elementDispatch, elementThreads, stridingThreads } from '../dispatch.ts';
import { wgslFloat } from '../define.ts';

type ChainStep = Pick<StepTypes<unknown>, 'inputs' | 'outputs' | 'inPlace' | 'device'>;

/** Workgroup size: a multiple of every GPU's subgroup size. Not tuned yet. */
const gpuThreads = 128;

/** Returns one dispatch that evaluates the chain for every element. */
export function lowerChainDispatch(chain: Chain, step: ChainStep): Dispatch {
  const space = step.outputs[0]!.shape;
  const axes = walkAxes(
    space,
    step.inputs.map(({ shape }) => shape),
  );
  const sizes = axes.map(({ size }, axis) => [axis === 0 ? 'size' : `size${axis}`, axis === 0 ? sizeOf(space) : size]);
  const [scalars, loads]: [string[], string[]] = [[], []];
  step.inputs.forEach((_, index) => {
    (isScalar(step, index, axes) ? scalars : loads).push(loadLine(step, index, axes));
  });
  const lines = chain.instructions.map((instruction, index) => instructionLine(chain.inputCount + index, instruction));
  const stores = chain.outputs.map((value, index) => storeLine(index, value, step.outputs[index]!.dtype));

  const { declarations, bindings, operands } = bind(step);
  const body = [...indexLines(axes), ...loads, ...lines, ...stores].join('\n  ');
  const blocks = {
    bindings: [
      `struct Settings { ${sizes.map(([name]) => `${name}: u32,`).join(' ')} }`,
      '@group(0) @binding(0) var<uniform> settings: Settings;',
      ...declarations,
    ].join('\n'),
    helpers: helpersOf(
      chain.instructions.map(({ op }) => op),
      body,
    ),
    scalars: scalars.join('\n  '),
    body,
  };
  const offsets = Object.fromEntries(sizes.map(([name], index) => [name, 4 * index]));
  const shader: ShaderSource = { ...elementwise, bindings, uniforms: { size: 4 * sizes.length, offsets } };
  const threads = step.device?.softwareQuads ? elementThreads : gpuThreads;
  const dispatch = elementDispatch(shader, 'elementwise', stridingThreads(sizeOf(space), step.device), {
    bindings: operands,
    uniforms: Object.fromEntries(sizes),
    constants: { threads },
  });
  return { ...dispatch, blocks };
}

const storageType: Readonly<Record<DType, string>> = { float32: 'f32', int32: 'i32', uint8: 'u32' };

/**
 * Index of the output whose memory input `inputIndex` shares, or null. Such an input is read through the output's
 * binding.
 */
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
  });
  step.outputs.forEach(({ dtype }, index) => add(`y${index}`, 'storage', dtype, output(index)));
  return { declarations, bindings, operands };
}

/**
 * Lines that compute the element's index along each axis in `a0`, `a1` …; none for a single axis, where the index is `i`.
 */
function indexLines(axes: readonly WalkAxis[]): string[] {
  if (axes.length === 1) return [];
  const lines = ['var rest = i;'];
  for (let axis = axes.length - 1; axis > 0; axis--) {
    lines.push(`let a${axis} = rest % settings.size${axis};`, `rest /= settings.size${axis};`);
  }
  return [...lines, 'let a0 = rest;'];
}

/**
 * Whether all elements read the same element of input `index`. False for an input that shares an output's memory, because
 * that memory changes while the kernel runs.
 */
const isScalar = (step: ChainStep, index: number, axes: readonly WalkAxis[]): boolean =>
  sharedOutput(step, index) === null && placeOf(index, axes) === '0u';

/** The line that loads input `index` for element i into `v<index>`. */
function loadLine(step: ChainStep, index: number, axes: readonly WalkAxis[]): string {
  const shared = sharedOutput(step, index);
  const name = shared === null ? `x${index}` : `y${shared}`;
  const place = placeOf(index, axes);
  const { dtype } = step.inputs[index]!;
  let element = `${name}[${place}]`;
  if (dtype === 'int32') element = `f32(${element})`;
  // Four bytes are packed into each u32.
  if (dtype === 'uint8') element = `f32((${name}[(${place}) >> 2u] >> (((${place}) & 3u) * 8u)) & 0xffu)`;
  return `let v${index} = ${element};`;
}

/** The WGSL index expression of the element in input `index`. Axes that the input lacks do not contribute. */
function placeOf(index: number, axes: readonly WalkAxis[]): string {
  if (axes.every(({ walks }) => walks[index])) return 'i';
  let place = '';
  axes.forEach(({ walks }, axis) => {
    if (walks[index]) place = place === '' ? `a${axis}` : `(${place}) * settings.size${axis} + a${axis}`;
  });
  return place === '' ? '0u' : place;
}

function argumentText(argument: ChainArgument): string {
  return 'value' in argument ? `v${argument.value}` : wgslFloat(argument.constant);
}

function instructionLine(value: number, { op, attributes, arguments: list }: ChainInstruction): string {
  const expression = typeof op.wgsl === 'function' ? op.wgsl(attributes) : op.wgsl;
  const lines: string[] = [];
  const names = list.map((argument, index) => {
    // WGSL evaluates expressions of literals at compile time and rejects log(0). A `let` defers them to run time.
    if ('value' in argument || list.some((other) => 'value' in other)) return argumentText(argument);
    lines.push(`let c${value}_${index} = ${argumentText(argument)};`);
    return `c${value}_${index}`;
  });
  const text = expression.replace(/(?<![\w.])[xyz](?!\w)/g, (letter) => names['xyz'.indexOf(letter)]!);
  return [...lines, `let v${value} = ${text};`].join('\n  ');
}

function storeLine(index: number, value: number, dtype: DType): string {
  return `y${index}[i] = ${dtype === 'int32' ? `to_int(v${value})` : `v${value}`};`;
}

/** The code of the helpers that `ops` and `body` call. Each helper follows the helpers that it calls itself. */
export function helpersOf(ops: readonly Pick<EpilogueFunction, 'helpers'>[], body = ''): string {
  const texts = new Set<string>();
  const add = ({ code, calls }: ShaderHelper): void => {
    calls?.forEach(add);
    texts.add(code);
  };
  if (body.includes('from_bits(')) add(fromBitsHelper);
  for (const { helpers } of ops) helpers?.forEach(add);
  if (body.includes('to_int(')) add(toIntHelper);
  return [...texts].join('\n');
}
