/** Updates of variables that share buffers: merged only if results do not change; never a read and a write in one dispatch. */
import { describe, expect, it } from 'vitest';
import { compileGraph } from '../../../src/compiler/compile.ts';
import { alignSlice } from '../../../src/backends/webgpu/arenas/find-runs.ts';
import { mergeUpdates } from '../../../src/backends/webgpu/arenas/merge-updates.ts';
import { printProgram } from '../../../src/compiler/print.ts';
import { bytesOf } from '../../../src/compiler/program.ts';
import type { Program } from '../../../src/compiler/program.ts';
import { separateReads } from '../../../src/backends/webgpu/arenas/separate-reads.ts';
import { verifyProgram } from '../../../src/compiler/verify/program.ts';
import type { Graph, Node, Variable } from '../../../src/graph/node.ts';
import { relu } from '../../../src/ops/elementwise/activation.ts';
import { add, mul, sub } from '../../../src/ops/elementwise/arithmetic.ts';
import { variable } from '../../../src/ops/define.ts';
import { softmax } from '../../../src/ops/norm/softmax.ts';

const device = { softwareQuads: false } as const;

/** The program with each list of variables adjacent in a separate arena, with `gap` extra bytes between them. */
function placed(
  graph: Partial<Graph>,
  arenas: readonly (readonly Variable[])[],
  { gap = 0, optimize = true } = {},
): Program {
  const { program, variables } = compileGraph({ outputs: {}, updates: [], ...graph }, 'webgpu', { device, optimize });
  const slices = arenas.flatMap((members, arena) => {
    let byteOffset = 0;
    return members.map((member) => {
      const slice = { arena, byteOffset };
      byteOffset += alignSlice(bytesOf(member)) + (arena === 0 ? gap : 0);
      return [member, slice] as const;
    });
  });
  const sliceOf = new Map(slices);
  return {
    ...program,
    variables: program.variables.map((entry, index) => {
      const slice = sliceOf.get(variables[index]!);
      return slice ? { ...entry, slice } : entry;
    }),
  };
}

function arranged(program: Program): Program {
  const result = mergeUpdates(separateReads(program, device), device);
  verifyProgram(result);
  return result;
}

const vector = (name: string, size = 70): Variable => variable([size], { name });
/** A value computed by a step, such as a gradient. */
const made = (from: Node): Node => softmax(from);
const stepsOf = (program: Program, op: string): number => program.steps.filter((step) => step.op.name === op).length;

describe('updates', () => {
  const [x, a, b, c] = [vector('x'), vector('a'), vector('b'), vector('c', 3)];
  const slots = [vector('a/mean'), vector('b/mean'), vector('c/mean', 3)];
  const gradients = [made(x), made(mul(x, 2)), made(vector('y', 3))];
  const update = (slot: Variable, gradient: Node): Node => add(mul(slot, 0.9), gradient);
  const momentum = [a, b, c].flatMap((parameter, index): [Variable, Node][] => {
    const mean = update(slots[index]!, gradients[index]!);
    return [
      [parameter, sub(parameter, mul(mean, 0.1))],
      [slots[index]!, mean],
    ];
  });

  it('of neighbours are one step, whose gradients lie at their distances in one allocation', () => {
    const program = arranged(placed({ updates: momentum }, [[a, b, c], slots]));
    expect(printProgram(program)).toMatchInlineSnapshot(`
      "webgpu program: 5 steps, 8 variables, 0 constants, 1316 bytes of arena in 2 allocation(s)
        0  softmax (rows)  x[70] -> @1+0[70]
        1  elementwise (skeleton)  x[70] -> @0+0[70]  { v1 = mul(v0, 2) -> v1 }
        2  softmax (rows)  @0+0[70] -> @1+512[70]
        3  softmax (rows)  y[3] -> @1+1024[3]
        4  elementwise (skeleton)  a/mean … c/mean[259] @1+0 … @1+1024[259] a … c[259] -> a/mean … c/mean[259]* a … c[259]*  { v3 = mul(v0, 0.9); v4 = add(v3, v1); v5 = mul(v4, 0.1); v6 = sub(v2, v5) -> v4, v6 }"
    `);
  });

  it('stay apart at other distances in one arena than in the other', () => {
    const program = placed({ updates: momentum }, [[a, b, c], slots], { gap: 256 });
    expect(stepsOf(arranged(program), 'elementwise')).toBe(stepsOf(program, 'elementwise'));
  });

  it('stay apart without arenas', () => {
    const program = placed({ updates: momentum }, []);
    expect(arranged(program)).toEqual(program);
  });

  it('stay apart where they read one gradient, or where one gradient is made from the other', () => {
    const same = made(x);
    const next = softmax(same);
    for (const [first, second] of [
      [same, same],
      [same, next],
    ] as const) {
      const updates: [Variable, Node][] = [
        [a, sub(a, first)],
        [b, sub(b, second)],
      ];
      const program = placed({ updates }, [[a, b]]);
      expect(stepsOf(arranged(program), 'elementwise')).toBe(2);
    }
  });

  it('differ by any number, be it the sign of a zero', () => {
    const steps = (one: number, other: number): number => {
      const updates: [Variable, Node][] = [
        [a, mul(a, one)],
        [b, mul(b, other)],
      ];
      return arranged(placed({ updates }, [[a, b]], { optimize: false })).steps.length;
    };
    expect([steps(0.5, 0.5), steps(0.5, 0.25), steps(0, -0), steps(NaN, Infinity)]).toEqual([1, 2, 2, 2]);
  });

  it('do not wait until what they read is written over', () => {
    const [p, q] = [
      [vector('p0'), vector('p1')],
      [vector('q0'), vector('q1')],
    ] as const;
    const sums: [Variable, Node][] = [[p[0], add(p[0], q[0])]];
    const withUpdate: [Variable, Node][] = [...sums, [q[0], mul(q[0], 2)], [p[1], add(p[1], q[1])]];
    expect(stepsOf(arranged(placed({ updates: withUpdate }, [p, q])), 'elementwise')).toBe(3);
    const without: [Variable, Node][] = [...sums, [p[1], add(p[1], q[1])]];
    expect(stepsOf(arranged(placed({ updates: without }, [p, q])), 'elementwise')).toBe(1);
  });

  it('leave their gradients to an output and to other steps', () => {
    const [first, second] = [made(x), made(mul(x, 2))];
    const updates: [Variable, Node][] = [
      [a, sub(a, first)],
      [b, sub(b, second)],
    ];
    const program = arranged(placed({ outputs: { first, other: softmax(relu(second)) }, updates }, [[a, b]]));
    expect(printProgram(program)).toMatchInlineSnapshot(`
      "webgpu program: 6 steps, 3 variables, 0 constants, 1352 bytes of arena in 3 allocation(s)
        0  softmax (rows)  x[70] -> @2+0[70]
        1  elementwise (skeleton)  x[70] -> @0+0[70]  { v1 = mul(v0, 2) -> v1 }
        2  softmax (rows)  @0+0[70] -> @2+512[70]
        3  elementwise (skeleton)  @2+512[70] -> @0+0[70]  { v1 = relu(v0) -> v1 }
        4  softmax (rows)  @0+0[70] -> @1+0[70]
        5  elementwise (skeleton)  a … b[198] @2+0 … @2+512[198] -> a … b[198]*  { v2 = sub(v0, v1) -> v2 }
      first = @2+0[70]
      other = @1+0[70]"
    `);
  });
});

describe('a step that writes one variable of an arena and reads another', () => {
  it('reads a copy', () => {
    const [a, b] = [vector('a'), vector('b')];
    const program = placed({ updates: [[a, add(a, b)]] }, [[a, b]]);
    expect(() => verifyProgram(program)).toThrowErrorMatchingInlineSnapshot(
      `[InternalError: verify: step elementwise reads b in a buffer that it writes]`,
    );
    expect(printProgram(arranged(program))).toMatchInlineSnapshot(`
      "webgpu program: 2 steps, 2 variables, 0 constants, 280 bytes of arena in 1 allocation(s)
        0  copy (words)  b[70] -> @0+0[70]
        1  elementwise (skeleton)  a[70] @0+0[70] -> a[70]*  { v2 = add(v0, v1) -> v2 }"
    `);
  });
});

describe('the verifier', () => {
  const [a, b, x] = [vector('a'), vector('b'), vector('x')];
  const updates: [Variable, Node][] = [
    [a, sub(a, made(x))],
    [b, sub(b, made(mul(x, 2)))],
  ];
  const merged = (): Program => arranged(placed({ updates }, [[a, b]]));

  it('finds a merged step whose operands lie at other distances', () => {
    const program = merged();
    const variables = program.variables.map((entry) =>
      entry.name === 'b' ? { ...entry, slice: { arena: 0, byteOffset: 1024 } } : entry,
    );
    expect(() => verifyProgram({ ...program, variables })).toThrowErrorMatchingInlineSnapshot(
      `[InternalError: verify: step elementwise reads and writes at different distances: 0,1024,792; 0,512,792; 0,1024,792]`,
    );
  });

  it('finds one that reads what is not made yet', () => {
    const program = merged();
    const steps = [program.steps.at(-1)!, ...program.steps.slice(0, -1)];
    expect(() => verifyProgram({ ...program, steps })).toThrowErrorMatchingInlineSnapshot(
      `[InternalError: verify: step elementwise reads softmax, which is not written or no longer there]`,
    );
  });
});
