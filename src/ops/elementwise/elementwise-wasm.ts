/**
 * Lowers a chain for the wasm backend: its structure, and the parameter words of the compiled function. The layout of the
 * words is described in `src/backends/wasm/chains/code.ts`.
 */
import { sizeOf } from '../../core/shape.ts';
import type { WasmSource } from '../../core/wasm-source.ts';
import { walkAxes } from '../../graph/chain.ts';
import type { Chain } from '../../graph/chain.ts';
import { float, input, output } from '../../graph/kernel.ts';
import type { ChainCode, StepTypes, WasmCall, Word } from '../../graph/kernel.ts';

export function lowerChain(chain: Chain, { inputs, outputs, inPlace }: StepTypes<unknown>): WasmCall {
  const { shape } = outputs[0]!;
  const axes = walkAxes(
    shape,
    inputs.map((type) => type.shape),
  );
  const constants: number[] = [];
  const constant = (value: number): number => {
    const rounded = Math.fround(value);
    const known = constants.findIndex((other) => Object.is(other, rounded));
    return known >= 0 ? known : constants.push(rounded) - 1;
  };
  // Value numbers: inputs first, then constants, then instructions, whose numbers are known once all constants are.
  const operands = chain.instructions.map(({ op, attributes, arguments: list }) => [
    ...list.map((argument) => ('value' in argument ? argument : { constant: constant(argument.constant) })),
    ...(op.immediates?.(attributes) ?? []).map((immediate) => ({ constant: constant(immediate) })),
  ]);
  const numberOf = (value: number): number => (value < inputs.length ? value : value + constants.length);
  const entry: ChainCode = {
    inputs: inputs.map(({ dtype }, index) => ({ walks: axes.map(({ walks }) => walks[index]!), dtype })),
    constants: constants.length,
    instructions: chain.instructions.map(({ op }, index) => [
      op.wasm,
      ...operands[index]!.map((operand) =>
        'value' in operand ? numberOf(operand.value) : inputs.length + operand.constant,
      ),
    ]),
    outputs: outputs.map(({ dtype }, index) => ({
      value: numberOf(chain.outputs[index]!),
      dtype: dtype === 'int32' ? dtype : 'float32',
      inPlace: inPlace[index]!,
    })),
  };
  const words: Word[] = [
    ...[sizeOf(shape), ...axes.slice(1).map(({ size }) => size)],
    ...inputs.map((_, index) => input(index)),
    ...outputs.map((_, index) => output(index)),
    ...constants.map(float),
  ];
  const modules = new Set<WasmSource>(chain.instructions.flatMap(({ op }) => op.wasmModule ?? []));
  return { entry, words, modules: [...modules] };
}
