/** The WGSL code and uniforms of a fused chain; browser tests check the results. */
import { describe, expect, it } from 'vitest';
import { InternalError } from '../../src/core/errors.ts';
import { replaceBlocks } from '../../src/backends/webgpu/pipelines.ts';
import { packUniforms } from '../../src/backends/webgpu/uniforms.ts';
import { compileGraph } from '../../src/compiler/compile.ts';
import type { ShaderHelper } from '../../src/core/shader-source.ts';
import * as generated from '../../src/generated/shaders/elementwise.ts';
import type { Dispatch } from '../../src/graph/kernel.ts';
import type { Graph } from '../../src/graph/node.ts';
import type { Attributes } from '../../src/graph/op.ts';
import * as ops from '../../src/ops/index.ts';
import { wgslFloat } from '../../src/ops/define.ts';
import { emulate } from '../support/emulate.ts';
import { edgeNumbers } from '../support/op-cases/edges.ts';

const { variable } = ops;

function dispatchOf(graph: Partial<Graph>): Dispatch {
  const { program } = compileGraph({ outputs: {}, updates: [], ...graph }, 'webgpu');
  expect(program.steps.length).toBe(1);
  return program.steps[0]!.dispatches[0]!;
}

describe('a chain', () => {
  it('finds each input along its own axes', () => {
    const x = variable([2, 3, 4, 5]);
    const inputs = [
      variable([]),
      variable([4, 5]),
      variable([2, 3, 1, 1]),
      variable([3, 1, 5]),
      variable([2, 3, 4, 5]),
    ];
    const sum = inputs.reduce((left, right) => ops.add(left, right), ops.relu(x));
    const { blocks, uniforms, bindings, grid } = dispatchOf({ outputs: { y: sum } });
    expect(blocks!['scalars']).toBe('let v1 = x1[0u];');
    expect(blocks!['body']).toMatchInlineSnapshot(`
      "var rest = i;
        let a3 = rest % settings.size3;
        rest /= settings.size3;
        let a2 = rest % settings.size2;
        rest /= settings.size2;
        let a1 = rest % settings.size1;
        rest /= settings.size1;
        let a0 = rest;
        let v0 = x0[i];
        let v2 = x2[(a2) * settings.size3 + a3];
        let v3 = x3[(a0) * settings.size1 + a1];
        let v4 = x4[(a1) * settings.size3 + a3];
        let v5 = x5[i];
        let v6 = maximum(v0, 0.0);
        let v7 = v6 + v1;
        let v8 = v7 + v2;
        let v9 = v8 + v3;
        let v10 = v9 + v4;
        let v11 = v10 + v5;
        y0[i] = v11;"
    `);
    expect(blocks!['bindings']).toMatchInlineSnapshot(`
      "struct Settings { size: u32, size1: u32, size2: u32, size3: u32, }
      @group(0) @binding(0) var<uniform> settings: Settings;
      @group(0) @binding(1) var<storage, read> x0: array<f32>;
      @group(0) @binding(2) var<storage, read> x1: array<f32>;
      @group(0) @binding(3) var<storage, read> x2: array<f32>;
      @group(0) @binding(4) var<storage, read> x3: array<f32>;
      @group(0) @binding(5) var<storage, read> x4: array<f32>;
      @group(0) @binding(6) var<storage, read> x5: array<f32>;
      @group(0) @binding(7) var<storage, read_write> y0: array<f32>;"
    `);
    expect(blocks!['helpers']!.match(/fn \w+/g)).toEqual(['fn is_nan', 'fn maximum']);
    expect(uniforms).toMatchInlineSnapshot(`
      {
        "size": 120,
        "size1": 3,
        "size2": 4,
        "size3": 5,
      }
    `);
    expect(Object.keys(bindings)).toEqual(['x0', 'x1', 'x2', 'x3', 'x4', 'x5', 'y0']);
    expect(grid).toEqual([1, 1, 1]);
  });

  it('converts integers and bytes, and keeps what is constant finite', () => {
    const [counts, bytes] = [variable([5], { dtype: 'int32' }), variable([5], { dtype: 'uint8' })];
    const x = ops.add(ops.cast(counts, 'float32'), ops.cast(bytes, 'float32'));
    const { blocks } = dispatchOf({ outputs: { y: ops.cast(ops.select(x, x, Infinity), 'int32') } });
    expect(blocks!['body']).toMatchInlineSnapshot(`
      "let v0 = f32(x0[i]);
        let v1 = f32((x1[(i) >> 2u] >> (((i) & 3u) * 8u)) & 0xffu);
        let v2 = v0;
        let v3 = v1;
        let v4 = v2 + v3;
        let v5 = select_nonzero(v4, v4, from_bits(0x7f800000u));
        let v6 = v5;
        y0[i] = to_int(v6);"
    `);
  });

  it('reads and writes a variable in place through one binding', () => {
    const [weights, slope] = [variable([6]), variable([6])];
    const { blocks, bindings } = dispatchOf({ updates: [[weights, ops.sub(weights, ops.mul(slope, 0.5))]] });
    expect(blocks!['body']).toMatchInlineSnapshot(`
      "let v0 = x0[i];
        let v1 = y0[i];
        let v2 = v0 * 0.5f;
        let v3 = v1 - v2;
        y0[i] = v3;"
    `);
    expect(bindings).toEqual({
      x0: { list: 'input', index: 0, byteOffset: 0 },
      y0: { list: 'output', index: 0, byteOffset: 0 },
    });
  });

  it('shares its code with other shapes', () => {
    const chain = (size: number): Dispatch =>
      dispatchOf({ outputs: { y: ops.add(variable([7, size]), variable([size])) } });
    expect(chain(3).blocks).toEqual(chain(50).blocks);
    expect(chain(3).uniforms).not.toEqual(chain(50).uniforms);
  });

  it('runs in the emulator', () => {
    const dispatch = dispatchOf({ outputs: { y: ops.add(ops.mul(variable([3, 2]), 2), variable([2])) } });
    const memory = {
      input: [Float32Array.of(1, 2, 3, 4, 5, 6), Float32Array.of(10, 20)],
      output: [new Float32Array(6)],
      scratch: [],
    };
    expect(emulate(dispatch, memory)).toEqual([]);
    expect([...memory.output[0]!]).toEqual([12, 24, 16, 28, 20, 32]);
  });
});

describe('every element-wise op', () => {
  const ownHelpers = Object.entries(generated).flatMap(([name, value]) =>
    name.endsWith('Helper') ? [value as ShaderHelper] : [],
  );
  const nameOf = ({ code }: ShaderHelper): string => /^fn (\w+)/.exec(code)![1]!;
  const samples = [
    { alpha: 0.5, min: 0, max: 1 },
    { alpha: 2, min: -Infinity, max: Infinity },
  ];

  it.each(ops.allOps.flatMap((op) => (op.kind === 'elementwise' ? [[op.name, op] as const] : [])))(
    '%s names the helpers that it calls',
    (_, op) => {
      const texts =
        typeof op.wgsl === 'string' ? [op.wgsl] : samples.map(op.wgsl as (attributes: Attributes) => string);
      const called = ownHelpers
        .map(nameOf)
        .filter((name) => texts.some((text) => new RegExp(`\\b${name}\\(`).test(text)));
      expect((op.helpers ?? []).map(nameOf).sort()).toEqual(called.sort());
    },
  );
});

describe('a number in the text of a shader', () => {
  /** A float32 as a decimal WGSL literal, in parentheses if negative, or as bits. */
  const valueOf = (text: string): number => {
    const bits = /^from_bits\(0x([0-9a-f]{1,8})u\)$/.exec(text);
    if (bits) return new Float32Array(Uint32Array.of(Number.parseInt(bits[1]!, 16)).buffer)[0]!;
    return Number(
      /^(\d+(?:\.\d+)?(?:e[+-]?\d+)?)f$|^\((-\d+(?:\.\d+)?(?:e[+-]?\d+)?)f\)$/.exec(text)!.slice(1).join(''),
    );
  };

  it.each([...edgeNumbers, NaN, Math.PI])('%d', (value) => {
    expect(valueOf(wgslFloat(value))).toBe(Math.fround(value));
    const size = Math.abs(Math.fround(value));
    const hasLiteral = (size >= 2 ** -126 && size < Infinity) || Object.is(Math.fround(value), 0);
    expect(wgslFloat(value).startsWith('from_bits')).toBe(!hasLiteral);
  });
});

describe('blocks', () => {
  it('replace what stands between their markers', () => {
    const shader = { name: 'two-blocks', code: 'a /*[one*/ 1 /*one]*/ b /*[two*/ 2 /*two]*/ c' };
    expect(replaceBlocks(shader, { two: 'second' }).replace(/\s+/g, ' ')).toBe('a /*[one*/ 1 /*one]*/ b second c');
  });

  it('that the shader does not have are an error', () => {
    const shader = { name: 'one-block', code: 'a /*[one*/ 1 /*one]*/ b /*[open*/' };
    for (const name of ['two', 'open']) {
      const replace = (): unknown => replaceBlocks(shader, { [name]: 'second' });
      expect(replace).toThrow(InternalError);
      expect(replace).toThrow(`shader one-block has no block '${name}'`);
    }
  });
});

describe('uniforms', () => {
  const struct = {
    size: 32,
    offsets: { table: 0, by: 16, rate: 20 },
    floats: ['rate'],
  };

  it('go where the shader has them', () => {
    const view = new DataView(new ArrayBuffer(64));
    packUniforms(view, 32, struct, { table: [1, 2], by: -1, rate: 0.5 });
    expect([...new Int32Array(view.buffer, 32, 5)]).toEqual([1, 2, 0, 0, -1]);
    expect(view.getFloat32(52, true)).toBe(0.5);
  });
});
