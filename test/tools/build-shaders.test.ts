import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildShaders } from '../../tools/build-shaders.ts';
import { reflectShader } from '../../tools/lib/wgsl-reflect.ts';

const sample = `
override tile: u32 = 8u;
@id(3) override wide: bool;
const depth = 4u;
struct Params { rows: u32, scale: f32, offsets: vec3<u32>, last: i32 }
struct Log { count: atomic<u32>, items: array<vec4<f32>> }
@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> out: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;
@group(0) @binding(3) var<storage, read_write> log: Log;
@group(0) @binding(4) var<storage, read> table: array<f32, 16>;
fn load(i: u32) -> f32 { return x[i].y; }
@compute @workgroup_size(tile, depth)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  var value = load(id.x) * params.scale;
  /*[body*/ value = value + 1.0; /*body]*/
  if (id.x < params.rows) { out[id.x] = value; }
  atomicAdd(&log.count, 1u);
}
@compute @workgroup_size(64) fn clear() { out[0] = table[1]; }
`;

describe('reflectShader', () => {
  const shader = reflectShader('sample', sample);

  it('lists the bindings that each entry point uses, also through functions', () => {
    expect(shader.entries.main!.bindings).toEqual([
      { group: 0, binding: 0, name: 'x', kind: 'read-only-storage', minBindingSize: 16, format: 'array<vec4f>' },
      { group: 0, binding: 1, name: 'out', kind: 'storage', minBindingSize: 4, format: 'array<f32>' },
      { group: 0, binding: 2, name: 'params', kind: 'uniform', minBindingSize: 32, format: 'Params' },
      { group: 0, binding: 3, name: 'log', kind: 'storage', minBindingSize: 32, format: 'Log' },
    ]);
    expect(shader.entries.clear!.bindings.map((binding) => [binding.name, binding.minBindingSize])).toEqual([
      ['out', 4],
      ['table', 64],
    ]);
  });

  it('gives workgroup sizes as numbers or names of overrides', () => {
    expect(shader.entries.main!.workgroupSize).toEqual(['tile', 4, 1]);
    expect(shader.entries.clear!.workgroupSize).toEqual([64, 1, 1]);
    expect(shader.overrides).toEqual([
      { name: 'tile', type: 'u32', default: 8 },
      { name: 'wide', type: 'bool', id: 3 },
    ]);
  });

  it('gives the layout of uniforms', () => {
    expect(shader.uniforms.Params).toEqual({
      size: 32,
      fields: {
        rows: { offset: 0, type: 'u32' },
        scale: { offset: 4, type: 'f32' },
        offsets: { offset: 16, type: 'vec3u' },
        last: { offset: 28, type: 'i32' },
      },
    });
  });

  it('accepts `block` as a name, and explains other names that wgsl_reflect refuses', () => {
    const named = 'override block: u32 = 2u;\n@compute @workgroup_size(block) fn main() { let row = block / 2u; }';
    expect(reflectShader('named', named)).toMatchObject({
      entries: { main: { workgroupSize: ['block', 1, 1] } },
      overrides: [{ name: 'block', default: 2 }],
    });
    const refused = '@compute @workgroup_size(1) fn main() {\n  let row = storage / 2u;\n}';
    expect(() => reflectShader('refused', refused)).toThrow("takes the name 'storage' for a keyword");
  });

  it('minifies and keeps the block', () => {
    expect(shader.code).toContain('/*[body*/ value=value+1.; /*body]*/');
    expect(shader.code).not.toContain('\n');
  });

  it.each([
    ['fn main( {\n}', 1],
    ['\n\n@compute fn main() {}', 3],
    ['const a = 1;', 1],
    [
      '@group(0) @binding(0) var t: texture_2d<f32>;\n@compute @workgroup_size(1) fn main() { _ = textureDimensions(t); }',
      1,
    ],
  ])('refuses %j with a line', (code, line) => {
    expect(() => reflectShader('bad', code)).toThrow(expect.objectContaining({ name: 'ShaderError', line }));
  });
});

describe('buildShaders', () => {
  let folder = '';
  const source = (): string => join(folder, 'shaders');
  const target = (): string => join(folder, 'generated');

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'gradlet-shaders-'));
    mkdirSync(source());
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('is content with no shader at all', () => {
    expect(buildShaders({ source: source(), target: target() })).toEqual([]);
    expect(readdirSync(target())).toEqual(['index.ts']);
  });

  it('writes a constant a file and an index, and leaves unchanged files alone', () => {
    writeFileSync(join(source(), 'two-words.wgsl'), sample);
    writeFileSync(join(source(), 'old.wgsl'), sample);
    expect(buildShaders({ source: source(), target: target() })).toEqual([]);
    const written = statSync(join(target(), 'two-words.ts')).mtimeMs;
    rmSync(join(source(), 'old.wgsl'));
    expect(buildShaders({ source: source(), target: target() })).toEqual([]);
    expect(readdirSync(target()).sort()).toEqual(['index.ts', 'two-words.ts']);
    expect(statSync(join(target(), 'two-words.ts')).mtimeMs).toBe(written);
    expect(readFileSync(join(target(), 'two-words.ts'), 'utf8')).toMatch(
      /export const twoWords = \{[^]*\} as const;\n$/,
    );
    expect(readFileSync(join(target(), 'index.ts'), 'utf8')).toContain("import { twoWords } from './two-words.ts';");
  });

  it('names file and line of a malformed shader', () => {
    writeFileSync(join(source(), 'bad.wgsl'), '// a comment\nfn main( {');
    expect(buildShaders({ source: source(), target: target() })).toEqual([
      expect.stringMatching(/^shaders\/bad\.wgsl:2: Expected/),
    ]);
  });

  it('refuses a name that is no constant', () => {
    writeFileSync(join(source(), 'switch.wgsl'), sample);
    expect(buildShaders({ source: source(), target: target() })).toEqual([
      expect.stringContaining("shader name 'switch'"),
    ]);
  });
});
