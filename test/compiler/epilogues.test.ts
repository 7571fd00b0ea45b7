/** Epilogues are fused into any op whose record accepts them, and into no other. */
import { describe, expect, it } from 'vitest';
import { ReferenceBackend } from '../../src/backends/reference/index.ts';
import { compileGraph } from '../../src/compiler/compile.ts';
import { Engine } from '../../src/engine.ts';
import { noEpilogue, plainSum } from '../../src/graph/epilogue.ts';
import type { EpilogueAttributes } from '../../src/graph/epilogue.ts';
import type { Node } from '../../src/graph/node.ts';
import { structured, variable } from '../../src/ops/define.ts';
import { elu, relu, relu6, tanh } from '../../src/ops/elementwise/activation.ts';
import { add, mul, square, sub } from '../../src/ops/elementwise/arithmetic.ts';

/** y[i][j] = |x[i] − w[j]|: a contraction that the compiler does not know. */
const distance = (acceptsEpilogue: boolean) =>
  structured<EpilogueAttributes, [x: Node, w: Node]>(
    {
      name: 'distance',
      ...(acceptsEpilogue && { acceptsEpilogue: true as const }),
      infer: ([x, w]) => ({ shape: [x!.shape[0]!, w!.shape[0]!], dtype: 'float32' }),
      gradient: null,
      kernels: { wasm: [], webgpu: [] },
      reference: ({ attributes: { bias, residual }, epilogue = plainSum, inputs, outputs }) => {
        const [x, w] = inputs;
        outputs[0]!.forEach((_, at) => {
          const [i, j] = [Math.floor(at / w!.length), at % w!.length];
          const sum = Math.abs(x![i]! - w![j]!) + (bias && inputs[bias]![j]!);
          outputs[0]![at] = epilogue.reference(sum, residual && inputs[residual]![at]!);
        });
      },
    },
    (node, x, w) => node([x, w], noEpilogue),
  );

const filled = (shape: number[], seed: number) =>
  variable(shape, {
    initialize: () =>
      Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(seed + 1.7 * i)),
  });

const [x, w, bias, residual] = [filled([5], 1), filled([3], 2), filled([3], 3), filled([5, 3], 4)] as const;

const chains: readonly (readonly [name: string, build: (y: Node) => Node, attributes: EpilogueAttributes])[] = [
  ['nothing', (y) => y, noEpilogue],
  ['a bias', (y) => add(bias, y), { ...noEpilogue, bias: 2 }],
  ['a residual and tanh', (y) => tanh(add(y, residual)), { activation: 'tanh', bias: 0, residual: 2 }],
  ['all', (y) => relu(add(residual, add(y, bias))), { activation: 'relu', bias: 2, residual: 3 }],
  [
    'a derivative',
    (y) => mul(add(y, bias), sub(1, square(tanh(residual)))),
    { activation: 'tanhGradient', bias: 2, residual: 3 },
  ],
];

describe('an op that accepts epilogues', () => {
  it.each(chains)('gets %s', async (_, build, attributes) => {
    const graph = { outputs: { y: build(distance(true)(x, w)) }, updates: [] };
    const { steps } = compileGraph(graph, 'reference').program;
    expect(steps.find(({ op }) => op.name === 'distance')!.attributes).toEqual(attributes);
    const values = async (optimize: boolean): Promise<readonly number[]> => {
      const engine = new Engine(new ReferenceBackend());
      const executable = await engine.compile(graph, { optimize });
      executable.run();
      return [...((await executable.read('y')) as Float32Array)];
    };
    expect(await values(true)).toEqual(await values(false));
  });

  it('keeps an activation with settings outside', () => {
    for (const build of [(y: Node) => elu(y, { alpha: 2 }), (y: Node) => relu6(y)]) {
      const { steps } = compileGraph({ outputs: { y: build(distance(true)(x, w)) }, updates: [] }, 'reference').program;
      expect(steps.map(({ op }) => op.name)).toEqual(['distance', 'elementwise']);
      expect(steps[0]!.attributes).toEqual(noEpilogue);
    }
  });

  it('is the only one that gets them', () => {
    for (const [, build] of chains.slice(1)) {
      const { steps } = compileGraph(
        { outputs: { y: build(distance(false)(x, w)) }, updates: [] },
        'reference',
      ).program;
      expect(steps.find(({ op }) => op.name === 'distance')!.attributes).toEqual(noEpilogue);
    }
  });
});
