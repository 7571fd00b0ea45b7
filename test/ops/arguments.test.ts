/** Every tensor function rejects invalid arguments with an error that names the function. */
import { describe, expect, it } from 'vitest';
import { describe as shown } from '../../src/core/describe.ts';
import { DTypeError, GradletError, ShapeError, ValueError } from '../../src/core/errors.ts';
import { ReferenceBackend } from '../../src/backends/reference/index.ts';
import { Engine } from '../../src/engine.ts';
import { isNode } from '../../src/graph/node.ts';
import type { Node } from '../../src/graph/node.ts';
import * as publicNames from '../../src/index.ts';
import { constant, variable } from '../../src/ops/define.ts';
import { elu, leakyRelu } from '../../src/ops/elementwise/activation.ts';
import { cast } from '../../src/ops/elementwise/clip.ts';
import { allOps } from '../../src/ops/index.ts';
import { tensor } from '../../src/data/tensor.ts';
import { evaluate } from '../support/evaluate.ts';
import { opCalls as calls } from '../support/op-calls.ts';

type Loose = (...args: unknown[]) => unknown;

const functions = publicNames as unknown as Readonly<
  Record<string, Loose & { readonly op?: { readonly name: string } }>
>;
const cases = Object.entries(calls);

/** Runs `call` and returns its error, which must be a gradlet error that names the function. */
function refusal(name: string, call: () => unknown): GradletError | undefined {
  try {
    call();
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(GradletError);
    const own = functions[name]!.op?.name ?? name;
    expect((error as Error).message).toMatch(new RegExp(`^(${name}|${own})\\b`));
    return error as GradletError;
  }
}

const junk: readonly unknown[] = [
  null,
  true,
  'text',
  Symbol('s'),
  10n,
  [],
  [1, 2],
  [[1], [2]],
  [undefined],
  {},
  { axis: 0 },
  { op: 1, inputs: [], shape: [1] },
  () => 1,
  functions['relu'],
  new Float32Array(2),
  new Date(0),
  new Map(),
  Promise.resolve(1),
  Object.create(null),
];

describe('the table', () => {
  it('has every op that is exported', () => {
    const ops = Object.entries(functions).filter(([, { op }]) => op !== undefined && allOps.includes(op as never));
    expect(Object.keys(calls)).toEqual(expect.arrayContaining(ops.map(([name]) => name)));
  });

  it.each(cases)('%s takes the valid call', (name, args) => {
    expect(functions[name]!(...args)).toBeDefined();
  });
});

describe.each(cases)('%s', (name, args) => {
  it('refuses arguments beyond its own', () => {
    expect(refusal(name, () => functions[name]!(...args, 0))).toBeInstanceOf(ValueError);
    expect(refusal(name, () => functions[name]!(...args, 0))!.message).toMatch(/takes at most \d/);
  });

  it('refuses no arguments', () => {
    expect(refusal(name, () => functions[name]!())).toBeInstanceOf(GradletError);
  });

  it('refuses options that do not exist, and wrong types of those that do', () => {
    args.forEach((given, index) => {
      if (typeof given !== 'object' || given === null || Array.isArray(given) || isNode(given)) return;
      const withOptions = (options: unknown): unknown[] => args.map((other, at) => (at === index ? options : other));
      expect(refusal(name, () => functions[name]!(...withOptions({ ...given, alhpa: 1 })))!.message).toMatch(
        /there is no option 'alhpa'/,
      );
      for (const option of Object.keys(given)) {
        for (const value of [Symbol('s'), 'text', () => 1, {}, null]) {
          const isValid =
            (option === 'name' && value === 'text') || (option === 'initialize' && typeof value === 'function');
          if (isValid) continue;
          const error = refusal(name, () => functions[name]!(...withOptions({ ...given, [option]: value })));
          expect(error, `${option}: ${String(value)}`).toBeInstanceOf(option === 'dtype' ? DTypeError : ValueError);
          expect(error!.message).toContain(option);
        }
      }
    });
  });

  it('refuses junk for an operand, and any error for another argument is one of gradlet', () => {
    args.forEach((given, index) => {
      for (const value of junk) {
        const error = refusal(name, () => functions[name]!(...args.map((other, at) => (at === index ? value : other))));
        if (isNode(given)) expect(error, shown(value)).toBeInstanceOf(ValueError);
      }
      for (const value of [NaN, -1, 1.5, Infinity, 2 ** 40, 1e300]) {
        refusal(name, () => functions[name]!(...args.map((other, at) => (at === index ? value : other))));
      }
    });
  });

  it('takes values on the host for an operand', () => {
    const dtypeOfNode = (node: Node): never => node.dtype as never;
    const hosted = args.map((given) =>
      isNode(given) ? tensor(new Float32Array(given.shape.reduce((a, b) => a * b, 1)), given.shape, {}) : given,
    );
    const isFloat = args.every((given) => !isNode(given) || dtypeOfNode(given) === 'float32');
    if (isFloat) expect(functions[name]!(...hosted)).toBeDefined();
    else expect(refusal(name, () => functions[name]!(...hosted))).toBeInstanceOf(DTypeError);
  });
});

describe('operands', () => {
  it('of numbers and host values mean their values', () => {
    const sum = publicNames.add(tensor([1, 2]), publicNames.mul(3, tensor(new Int8Array([4, 5]), [2], 'float32')));
    expect([...evaluate([sum], new Map())[0]!]).toEqual([13, 17]);
  });

  it('in options are nodes too', () => {
    const y = publicNames.layerNorm(constant(Float32Array.of(1, 3), [1, 2]), {
      scale: tensor([0, 0]),
      offset: tensor([5, 6]),
    });
    expect([...evaluate([y], new Map())[0]!]).toEqual([5, 6]);
  });
});

describe('constant', () => {
  it.each([
    ['a fraction as int32', () => constant(1.5, [2], 'int32'), DTypeError],
    ['a number beyond int32', () => constant(2 ** 31, [], 'int32'), DTypeError],
    ['NaN as int32', () => constant(NaN, [], 'int32'), DTypeError],
    ['256 as uint8', () => constant(256, [], 'uint8'), DTypeError],
    ['an array of a fraction as int32', () => constant([1.5], [1], 'int32'), DTypeError],
    ['an unknown dtype', () => constant(1, [], 'float16' as never), DTypeError],
    ['values that do not fill the shape', () => constant(new Float32Array(3), [2]), ShapeError],
    ['a shape with a hole', () => constant(1, [2, , 2] as never), ValueError], // eslint-disable-line no-sparse-arrays
  ])('refuses %s', (_, call, type) => {
    expect(call).toThrow(type);
  });

  it('converts what the dtype can hold', () => {
    expect(constant(Float32Array.of(1), [1], 'int32').value).toEqual(Int32Array.of(1));
    expect(constant(Uint8Array.of(1), [1], 'float32').value).toEqual(Float32Array.of(1));
    expect(constant(Float64Array.of(1, 2)).value).toEqual(Float32Array.of(1, 2));
    expect(constant([[1, 2]])).toMatchObject({ shape: [1, 2], value: Float32Array.of(1, 2) });
  });

  it.each([
    ['fractions', Float32Array.of(1.5), 'int32'],
    ['negative numbers', Int16Array.of(-1), 'uint8'],
    ['whole numbers beyond 2^24', Uint32Array.of(2 ** 24 + 1), 'float32'],
  ] as const)('of a typed array of %s is refused when the graph is compiled', async (_, values, dtype) => {
    const engine = new Engine(new ReferenceBackend());
    const y = cast(constant(values, [1], dtype), 'float32');
    await engine.compile({ outputs: { y: cast(constant(0, [1], dtype), 'float32') } }); // a graph that prints the same
    await expect(engine.compile({ outputs: { y } })).rejects.toThrow(DTypeError);
  });

  it('takes what tensor() gives', () => {
    expect(constant(tensor([[1, 2]]))).toMatchObject({ shape: [1, 2], dtype: 'float32', value: Float32Array.of(1, 2) });
    expect(constant(tensor([[1, 2]]), [2])).toMatchObject({ shape: [2] });
  });
});

describe('an initializer', () => {
  it.each([
    ['too few values', () => new Float32Array(3), ShapeError],
    ['too many values', () => new Float32Array(5), ShapeError],
    ['another dtype', () => new Int32Array(4), DTypeError],
    ['no array', () => [1, 2, 3, 4], DTypeError],
    ['nothing', () => undefined, DTypeError],
  ])('that gives %s is refused', (_, initialize, type) => {
    const { variable: meta } = variable([2, 2], { name: 'w', initialize: initialize as never });
    expect(() => meta.initialize!()).toThrow(type);
    expect(() => meta.initialize!()).toThrow(/'w'/);
  });
});

it.each([NaN, Infinity, -Infinity, '1', null])('elu and leakyRelu refuse %s for alpha', (alpha) => {
  const x = variable([2, 2]);
  for (const activation of [elu, leakyRelu]) {
    expect(() => activation(x, { alpha: alpha as number })).toThrow(/alpha must be a finite number, not/);
  }
});
