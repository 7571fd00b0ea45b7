/** Graph passes: an optimized program gives the results of the reference for any graph, and updates have the right semantics. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gradients } from '../../src/autodiff/gradients.ts';
import { ReferenceBackend } from '../../src/backends/reference/index.ts';
import { compileGraph } from '../../src/compiler/compile.ts';
import { simplify } from '../../src/compiler/passes/2-simplify.ts';
import { printProgram } from '../../src/compiler/print.ts';
import type { Target } from '../../src/compiler/program.ts';
import { sizeOf } from '../../src/core/shape.ts';
import { Engine } from '../../src/engine.ts';
import { printGraph } from '../../src/graph/print.ts';
import type { Graph, Node, Variable } from '../../src/graph/node.ts';
import { gelu, relu, sigmoid, tanh } from '../../src/ops/elementwise/activation.ts';
import { add, div, maximum, mul, neg, square, sub } from '../../src/ops/elementwise/arithmetic.ts';
import { cast } from '../../src/ops/elementwise/clip.ts';
import { greater } from '../../src/ops/elementwise/compare.ts';
import { increment } from '../../src/ops/state/counter.ts';
import { matmul } from '../../src/ops/product/matmul.ts';
import type { MatmulAttributes } from '../../src/ops/product/matmul.ts';
import { constant, variable } from '../../src/ops/define.ts';
import { mean, sum } from '../../src/ops/reduce/reduce.ts';
import { reshape } from '../../src/ops/shape/reshape.ts';
import { pad } from '../../src/ops/shape/slice.ts';
import { select } from '../../src/ops/elementwise/select.ts';
import { transpose } from '../../src/ops/shape/transpose.ts';

const ramp = (count: number, seed: number): Float32Array =>
  Float32Array.from({ length: count }, (_, index) => Math.sin(index * 1.7 + seed) * 1.3);

function leaves(): Variable[] {
  const shapes = [[4, 3], [4, 3], [3], [4, 1], [], [3, 4]];
  return shapes.map((shape, index) => {
    const count = shape.reduce((a, b) => a * b, 1);
    return variable(shape, { name: `v${index}`, initialize: () => ramp(count, index) });
  });
}

type Instruction = readonly [kind: number, a: number, b: number];

/** Builds a graph from random instructions; skips those that do not fit the shapes. */
function grow(instructions: readonly Instruction[], start: readonly Variable[]): Node[] {
  const nodes: Node[] = [...start, constant(0), constant(1), constant(0.5, [4, 3])];
  const unary = [relu, sigmoid, tanh, neg, square];
  const binary = [add, sub, mul, maximum, (x: Node, y: Node) => div(x, add(square(y), 1))];
  for (const [kind, a, b] of instructions) {
    const x = nodes[a % nodes.length]!;
    const y = nodes[b % nodes.length]!;
    try {
      if (kind < 5) nodes.push(unary[kind]!(x));
      else if (kind < 10) nodes.push(binary[kind - 5]!(x, y));
      else if (kind === 10) nodes.push(matmul(x, y));
      else if (kind === 11) nodes.push(matmul(x, y, { transposeB: true }));
      else if (kind === 12) nodes.push(transpose(x));
      else if (kind === 13) nodes.push(sum(x, 0));
      else if (kind === 14) nodes.push(mean(x));
      else nodes.push(reshape(x, [-1]));
    } catch (error) {
      if ((error as Error).name !== 'ShapeError') throw error;
    }
  }
  return nodes;
}

const instructionLists = fc.array(fc.tuple(fc.nat(15), fc.nat(60), fc.nat(60)), { minLength: 1, maxLength: 40 });

async function evaluate(
  graph: Graph,
  start: readonly Variable[],
  optimize: boolean,
  steps: number,
): Promise<number[][]> {
  const engine = new Engine(new ReferenceBackend());
  const executable = await engine.compile(graph, { optimize });
  executable.run(steps);
  const outputs = await Promise.all(Object.keys(graph.outputs).map((name) => executable.read(name)));
  const states = await Promise.all(start.map((leaf) => engine.read(leaf)));
  return [...outputs, ...states].map((values) => [...values]);
}

describe('passes', () => {
  it('never change the reference’s result, nor that of the updates', async () => {
    await fc.assert(
      fc.asyncProperty(instructionLists, fc.nat(5), async (instructions, which) => {
        const start = leaves();
        const nodes = grow(instructions, start);
        const target = start[which]!;
        const next =
          nodes.findLast((node) => node.shape.join() === target.shape.join() && node !== target) ?? neg(target);
        const other = start[(which + 1) % start.length]!;
        const swapped = nodes.find((node) => node.shape.join() === other.shape.join() && node !== other) ?? other;
        const graph: Graph = {
          outputs: { last: nodes.at(-1)!, middle: nodes[nodes.length >> 1]! },
          updates: [
            [target, next],
            [other, swapped],
          ],
        };
        const plain = await evaluate(graph, start, false, 3);
        const optimized = await evaluate(graph, start, true, 3);
        optimized.forEach((values, index) =>
          values.forEach((value, at) => {
            const expected = plain[index]![at]!;
            if (Number.isFinite(expected))
              expect(Math.abs(value - expected)).toBeLessThanOrEqual(1e-5 * (1 + Math.abs(expected)));
          }),
        );
      }),
      { numRuns: 200 },
    );
  });

  it.each<Target>(['reference', 'wasm'])('make sound programs for %s', (target) => {
    fc.assert(
      fc.property(instructionLists, (instructions) => {
        const nodes = grow(instructions, leaves());
        compileGraph({ outputs: { last: nodes.at(-1)! }, updates: [] }, target); // runs the verifier
      }),
      { numRuns: 100 },
    );
  });

  it('swap two variables: every right side reads the old values', async () => {
    const [a, b] = leaves() as [Variable, Variable];
    const engine = new Engine(new ReferenceBackend());
    const executable = await engine.compile({
      updates: [
        [a, b],
        [b, a],
      ],
    });
    executable.run(1);
    expect([...(await engine.read(a))]).toEqual([...ramp(12, 1)]);
    expect([...(await engine.read(b))]).toEqual([...ramp(12, 0)]);
  });

  it('fold what is known, share what is equal and drop what does nothing', () => {
    const [a] = leaves() as [Variable];
    const y = add(mul(add(a, 0), 1), mul(constant(2), 3));
    const z = add(mul(add(a, 0), 1), mul(constant(2), 3));
    const { program } = compileGraph({ outputs: { y: sub(y, neg(neg(z))) }, updates: [] }, 'reference');
    expect(printProgram(program)).toMatchInlineSnapshot(`
      "reference program: 1 steps, 1 variables, 0 constants, 64 bytes of arena in 1 allocation(s)
        0  elementwise  v0[4, 3] -> @0+0[4, 3]  { v1 = add(v0, 6); v2 = sub(v1, v1) -> v2 }
      y = @0+0[4, 3]"
    `);
  });

  it('tell infinities, NaN and the two zeros apart, also in the cache of programs', async () => {
    const numbers = [Infinity, -Infinity, NaN, 0, -0];
    const x = variable([1], { initialize: () => Float32Array.of(2) });
    const engine = new Engine(new ReferenceBackend());
    const products = await engine.compile({
      outputs: Object.fromEntries(numbers.map((number, index) => [`y${index}`, mul(x, number)])),
    });
    products.run();
    const values = await Promise.all(numbers.map((_, index) => products.read(`y${index}`)));
    expect(values.map(([value]) => value)).toEqual(numbers);
    for (const number of numbers) {
      const padded = await engine.compile({ outputs: { y: pad(x, [[0, 1]], number) } });
      padded.run();
      expect((await padded.read('y'))[1]).toBe(number);
    }
  });

  it('write a variable behind all that read it', () => {
    const count = variable([], { dtype: 'int32', name: 'count' });
    const [total, other, late] = ['total', 'other', 'late'].map((name) => variable([], { name })) as [
      Variable,
      Variable,
      Variable,
    ];
    const graph: Graph = {
      outputs: {},
      updates: [
        [count, increment(count)],
        [total, add(total, 1)],
        [late, mul(mean(variable([3], { name: 'x' })), 2)],
        [other, cast(count, 'float32')],
      ],
    };
    expect(printProgram(compileGraph(graph, 'reference').program)).toMatchInlineSnapshot(`
      "reference program: 4 steps, 5 variables, 0 constants, 64 bytes of arena in 1 allocation(s)
        0  mean  x[3] -> @0+0[]  { first: 0, last: 1 }
        1  elementwise  @0+0[] -> late[]  { v1 = mul(v0, 2) -> v1 }
        2  elementwise  total[] count[] -> total[]* other[]  { v2 = add(v0, 1); v3 = cast(v1) -> v2, v3 }
        3  increment  count[] -> count[]*  { by: 1 }"
    `);
  });

  it('join a step of training into few kernels', () => {
    const [x, w, b, , , other] = leaves() as [Variable, Variable, Variable, Variable, Variable, Variable];
    const hidden = relu(add(matmul(x, transpose(w)), constant(0.25)));
    const h = sigmoid(add(matmul(x, other), add(constant(1, [4]), 0)));
    const graph: Graph = { outputs: { loss: mean(square(sub(hidden, h))) }, updates: [[b, mul(b, 0.9)]] };
    expect(printGraph(graph)).toMatchInlineSnapshot(`
      "%0 = variable 'v0' float32 [4, 3]
      %1 = variable 'v1' float32 [4, 3]
      %2 = transpose(%1) float32 [3, 4]  permutation=[1,0]
      %3 = matmul(%0, %2) float32 [4, 4]  transposeA=false transposeB=false activation="none" bias=0 residual=0
      %4 = constant 0.25 float32 []
      %5 = add(%3, %4) float32 [4, 4]
      %6 = relu(%5) float32 [4, 4]
      %7 = variable 'v5' float32 [3, 4]
      %8 = matmul(%0, %7) float32 [4, 4]  transposeA=false transposeB=false activation="none" bias=0 residual=0
      %9 = constant 1 float32 [4]
      %10 = constant 0 float32 []
      %11 = add(%9, %10) float32 [4]
      %12 = add(%8, %11) float32 [4, 4]
      %13 = sigmoid(%12) float32 [4, 4]
      %14 = sub(%6, %13) float32 [4, 4]
      %15 = square(%14) float32 [4, 4]
      %16 = mean(%15) float32 []  first=0 last=2
      %17 = variable 'v2' float32 [3]
      %18 = constant 0.9 float32 []
      %19 = mul(%17, %18) float32 [3]
      loss = %16
      v2 := %19"
    `);
    expect(printProgram(compileGraph(graph, 'reference').program)).toMatchInlineSnapshot(`
      "reference program: 5 steps, 4 variables, 1 constants, 192 bytes of arena in 1 allocation(s)
        0  matmul  v0[4, 3] v1[4, 3] -> @0+0[4, 4]  { transposeA: false, transposeB: true, activation: "none", bias: 0, residual: 0 }
        1  matmul  v0[4, 3] v5[3, 4] constant0[4] -> @0+64[4, 4]  { transposeA: false, transposeB: false, activation: "sigmoid", bias: 2, residual: 0 }
        2  elementwise  @0+0[4, 4] @0+64[4, 4] -> @0+128[4, 4]  { v2 = add(v0, 0.25); v3 = relu(v2); v4 = sub(v3, v1); v5 = square(v4) -> v5 }
        3  mean  @0+128[4, 4] -> @0+0[]  { first: 0, last: 2 }
        4  elementwise  v2[3] -> v2[3]*  { v1 = mul(v0, 0.9) -> v1 }
      loss = @0+0[]"
    `);
  });

  it('drop an operand that changes nothing, and no other', () => {
    const x = variable([2, 3]);
    const y = variable([2, 3]);
    const nothing: Node[] = [add(x, 0), add(0, x), sub(x, 0), mul(x, 1), mul(1, x), div(x, 1), neg(neg(x))];
    nothing.push(select(1, x, y), select(0, y, x), reshape(reshape(x, [6]), [2, 3]));
    const something = [sub(0, x), div(1, x), add(x, 1), mul(x, 0), neg(x), add(x, constant(0, [4, 2, 3])), mul(x, y)];
    something.push(select(x, y, 0), reshape(reshape(x, [6]), [3, 2]));
    const simplified = (node: Node): Node => simplify({ outputs: { node }, updates: [] }).outputs['node']!;
    expect(nothing.map((node) => simplified(node) === x)).toEqual(nothing.map(() => true));
    expect(something.map((node) => simplified(node).op.name)).toEqual(something.map(({ op }) => op.name));
    expect(simplified(something.at(-1)!).inputs).toEqual([x]);
  });

  it('move what follows a product into it', () => {
    const [x, , , , , w] = leaves() as [Variable, Variable, Variable, Variable, Variable, Variable];
    const bias = variable([4], { name: 'b' });
    const residual = variable([4, 4], { name: 'r' });
    const follow = {
      both: relu(add(residual, add(matmul(x, w), bias))),
      function: gelu(matmul(x, w)),
    };
    for (const [name, node] of Object.entries(follow)) {
      const { steps } = compileGraph({ outputs: { [name]: node }, updates: [] }, 'reference').program;
      expect(
        steps.map(({ op }) => op.name),
        name,
      ).toEqual(['matmul']);
    }
    const [step] = compileGraph({ outputs: { y: follow.both }, updates: [] }, 'wasm').program.steps;
    expect(step!.attributes).toMatchObject({ activation: 'relu', bias: 2, residual: 3 });
  });

  it.each<[string, (product: Node, r: Variable) => Record<string, Node>]>([
    ['read by somebody else', (p, r) => ({ y: add(p, r), z: sum(p) })],
    ['an output', (p, r) => ({ y: add(p, r), p })],
    ['an output in another shape', (p, r) => ({ y: tanh(add(p, r)), p: reshape(p, [16]) })],
    ['read twice', (p) => ({ y: add(p, p) })],
    ['smaller than what is added', (p) => ({ y: add(p, variable([2, 4, 4])) })],
    ['taken from', (p, r) => ({ y: sub(p, r) })],
    ['not what is masked', (p, r) => ({ y: select(greater(relu(r), 0), r, p) })],
    ['masked by another condition', (p, r) => ({ y: select(greater(relu(r), 1), p, 0) })],
    ['multiplied by another function', (p, r) => ({ y: mul(p, sub(2, square(tanh(r)))) })],
    ['multiplied by y · (1 − z)', (p, r) => ({ y: mul(p, mul(sigmoid(r), sub(1, sigmoid(variable([4, 4]))))) })],
    ['added to what its chain makes', (p, r) => ({ y: add(p, mul(r, 0.1)) })],
  ])('leave a product alone that is %s', (_, make) => {
    const [x, , , , , w] = leaves() as [Variable, Variable, Variable, Variable, Variable, Variable];
    const outputs = make(matmul(x, w), variable([4, 4], { name: 'r' }));
    const { steps } = compileGraph({ outputs, updates: [] }, 'reference').program;
    expect(steps.find(({ op }) => op.name === 'matmul')!.attributes).toMatchObject({
      activation: 'none',
      bias: 0,
      residual: 0,
    });
  });

  it('multiply the gradient of a layer by its derivative where it is made', async () => {
    for (const activation of [relu, sigmoid, tanh]) {
      const [x, w1, b1, w2] = [variable([5, 3]), variable([3, 7]), variable([7]), variable([7, 2])].map((leaf, seed) =>
        variable(leaf.shape, { name: `v${seed}`, initialize: () => ramp(sizeOf(leaf.shape), seed) }),
      ) as [Variable, Variable, Variable, Variable];
      const loss = mean(square(matmul(activation(add(matmul(x, w1), b1)), w2)));
      const slopes = gradients(loss, [w1, b1, w2]);
      const graph: Graph = { outputs: { w1: slopes[0]!, b1: slopes[1]!, w2: slopes[2]! }, updates: [] };
      const { steps } = compileGraph(graph, 'reference').program;
      const kinds = steps
        .filter(({ op }) => op.name === 'matmul')
        .map(({ attributes }) => (attributes as MatmulAttributes).activation);
      expect(kinds.sort()).toEqual(
        ['none', 'none', 'none', activation.op.name, `${activation.op.name}Gradient`].sort(),
      );
      const [plain, optimized] = [await evaluate(graph, [], false, 1), await evaluate(graph, [], true, 1)];
      optimized.forEach((values, index) =>
        values.forEach((value, at) => expect(value).toBeCloseTo(plain[index]![at]!, 6)),
      );
    }
  });
});
