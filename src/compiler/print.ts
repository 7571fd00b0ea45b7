/** A program as readable text: memory first, then one line per kernel. Tests store snapshots of it. */
import { checkArguments } from '../core/arguments.ts';
import type { ArgumentType } from '../core/arguments.ts';
import { formatShape } from '../core/shape.ts';
import type { ChainAttributes } from '../ops/elementwise/elementwise.ts';
import type { ChainArgument, Chain } from '../graph/chain.ts';
import { arenaBytes } from './program.ts';
import type { Program, ProgramBuffer, ProgramStep } from './program.ts';

const programType: ArgumentType = {
  expected: 'a program, such as executable.program',
  accepts: (value) => {
    const { steps, buffers, outputs } = (value ?? {}) as Partial<Program>;
    return Array.isArray(steps) && Array.isArray(buffers) && typeof outputs === 'object';
  },
  isRequired: true,
};

/**
 * Prints a program as text.
 *
 * ```
 * wasm program: 3 steps, 2 variables, 8320 bytes of arena
 * 0  dense_1/matmul  packed  x[32, 784] w[784, 64] -> @0+0[32, 64]
 * ```
 *
 * `@0+64` is byte 64 of allocation 0; `v3*` is a buffer updated in place; `a … c[192]` is one buffer that spans from a
 * to c.
 *
 * @param program such as `executable.program`
 * @throws ValueError for anything but a program
 */
export function printProgram(program: Program): string {
  checkArguments('printProgram', arguments, { program: programType });
  const { target, steps, variables, constants } = program;
  const head =
    `${target} program: ${steps.length} steps, ${variables.length} variables, ${constants.length} constants, ` +
    `${arenaBytes(program)} bytes of arena in ${program.allocations.length} allocation(s)`;
  const lines = steps.map((step, index) => `${String(index).padStart(3)}  ${printStep(program, step)}`);
  const outputs = Object.entries(program.outputs).map(([name, index]) => `${name} = ${printBuffer(program, index)}`);
  return [head, ...lines, ...outputs].join('\n');
}

function printStep(program: Program, step: ProgramStep): string {
  const inputs = step.inputs.map((index) => printBuffer(program, index)).join(' ');
  const outputs = step.outputs.map(
    (index, position) => printBuffer(program, index) + (step.inPlace[position] === null ? '' : '*'),
  );
  const details = step.op.isChain
    ? `  { ${printChain((step.attributes as ChainAttributes).chain)} }`
    : printAttributes(step.attributes);
  return `${step.label}${step.kernel === '' ? '' : ` (${step.kernel})`}  ${inputs} -> ${outputs.join(' ')}${details}`;
}

function printAttributes(attributes: unknown): string {
  const entries = Object.entries(attributes as Record<string, unknown>);
  return entries.length === 0
    ? ''
    : `  { ${entries.map(([key, value]) => `${key}: ${JSON.stringify(value)}`).join(', ')} }`;
}

function printBuffer(program: Program, index: number): string {
  const { type, members }: ProgramBuffer = program.buffers[index]!;
  const name = members
    ? `${nameOf(program, members[0]!)} … ${nameOf(program, members.at(-1)!)}`
    : nameOf(program, index);
  return `${name}${formatShape(type.shape)}`;
}

function nameOf({ buffers, variables }: Program, index: number): string {
  const { location } = buffers[index]!;
  if (location.kind === 'arena') return `@${location.allocation}+${location.byteOffset}`;
  return location.kind === 'variable' ? variables[location.index]!.name : `constant${location.index}`;
}

/** `v3 = mul(v0, 0.5); v4 = add(v3, v1) -> v4` */
export function printChain(chain: Chain): string {
  const argument = (of: ChainArgument): string => ('value' in of ? `v${of.value}` : String(of.constant));
  const lines = chain.instructions.map(({ op, attributes, arguments: list }, index) => {
    const settings = Object.values(attributes).filter((value) => typeof value === 'number');
    return `v${chain.inputCount + index} = ${op.name}(${[...list.map(argument), ...settings].join(', ')})`;
  });
  return `${lines.join('; ')} -> ${chain.outputs.map((value) => `v${value}`).join(', ')}`;
}
