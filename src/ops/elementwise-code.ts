/**
 * Turns a chain into what a backend may compile: its structure, and the words of the compiled function. See
 * `src/backends/wasm/chain-code.ts` for their layout.
 */
import { sizeOf } from '../core/shape.ts';
import { accessOf } from '../graph/chain.ts';
import type { Chain } from '../graph/chain.ts';
import { float, input, output } from '../graph/kernel.ts';
import type { ChainCode, StepTypes, WasmCall } from '../graph/kernel.ts';

/** Below this the interpreter is faster: it repeats short rows to whole vectors once, and then knows no rows. */
const shortRow = 10;

/** Undefined when an input is broadcast or stored in a way that is left to the interpreter. */
export function lowerChainCode(chain: Chain, { inputs, outputs, inPlace }: StepTypes<unknown>): WasmCall['chain'] {
  const { shape } = outputs[0]!;
  const codeInputs: ChainCode['inputs'][number][] = [];
  let length = 0;
  for (const { shape: from, dtype } of inputs) {
    const access = accessOf(from, shape);
    if (access.kind === 'strided' || dtype === 'uint8') return undefined;
    if (access.kind === 'row' || access.kind === 'repeat') {
      const own = access.kind === 'row' ? access.period : access.count;
      if (length !== 0 && own !== length) return undefined;
      length = own;
    }
    codeInputs.push({ access: access.kind, dtype });
  }
  const isRepeated = codeInputs.some(({ access }) => access === 'repeat');
  if (length > 0 && length < shortRow && !isRepeated) return undefined;

  const constants: number[] = [];
  const constant = (value: number): number => {
    const rounded = Math.fround(value);
    const known = constants.findIndex((other) => Object.is(other, rounded));
    return inputs.length + (known >= 0 ? known : constants.push(rounded) - 1);
  };
  const operands = chain.instructions.map(({ op, attributes, arguments: list }) => [
    ...list.map((argument) =>
      'value' in argument ? argument : { value: null, constant: constant(argument.constant) },
    ),
    ...(op.immediates?.(attributes) ?? []).map((immediate) => ({ value: null, constant: constant(immediate) })),
  ]);
  const numberOf = (value: number): number => (value < inputs.length ? value : value + constants.length);
  const code: ChainCode = {
    inputs: codeInputs,
    constants: constants.length,
    instructions: chain.instructions.map(({ op }, index) => [
      op.wasm,
      ...operands[index]!.map((operand) => (operand.value === null ? operand.constant : numberOf(operand.value))),
    ]),
    outputs: outputs.map(({ dtype }, index) => ({
      value: numberOf(chain.outputs[index]!),
      dtype: dtype === 'int32' ? dtype : 'float32',
      inPlace: inPlace[index]!,
    })),
  };
  const pointers = [...inputs.map((_, index) => input(index)), ...outputs.map((_, index) => output(index))];
  return { code, words: [sizeOf(shape), length, ...pointers, ...constants.map(float)] };
}
