/** Short names preserve the semantics and the interface of every shader, and of adversarial examples. */
import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { join } from 'node:path';
import { readShaders } from '../../tools/build-shaders.ts';
import { projectRoot } from '../../tools/lib/files.ts';
import { minifyWgsl, shortNames } from '../../tools/lib/wgsl-minify.ts';
import { reflectShader } from '../../tools/lib/wgsl-reflect.ts';
import { tokenizeWgsl } from '../../tools/lib/wgsl-tokens.ts';

const folder = join(projectRoot, 'shaders');
const files = readShaders(folder, new Set()).map(({ file, text }) => [file, text] as const);
const names = shortNames(files.map(([, text]) => text));

describe.each(files)('%s', (file, text) => {
  const minified = minifyWgsl(text, names);

  it('keeps its interface', () => {
    const before = reflectShader(file, text, false);
    const after = reflectShader(file, minified, false);
    expect(Object.keys(after.entries)).toEqual(Object.keys(before.entries));
    expect(after.overrides).toEqual(before.overrides);
    for (const [name, { bindings }] of Object.entries(after.entries)) {
      const interfaceOf = (list: typeof bindings) =>
        list.map(({ binding, kind, minBindingSize }) => [binding, kind, minBindingSize]);
      expect(interfaceOf(bindings)).toEqual(interfaceOf(before.entries[name]!.bindings));
    }
    const layouts = (shader: typeof before) =>
      Object.values(shader.uniforms).map(({ size, fields }) => [size, Object.values(fields)]);
    expect(layouts(after)).toEqual(layouts(before));
  });

  it('keeps the names that blocks use from outside', () => {
    const before = tokenizeWgsl(text).filter(({ block }) => block !== null && block !== 'helpers');
    const after = tokenizeWgsl(minified).filter(({ block }) => block !== null && block !== 'helpers');
    const words = (tokens: typeof before) => tokens.filter(({ kind }) => kind === 'word').map((token) => token.text);
    // vec4<f32> is written vec4f, mat4x4<f32> mat4x4f.
    const isElement = (type = '', element = ''): boolean =>
      /^(vec\d|mat\dx\d)$/.test(type) && /^[fiu]32$/.test(element);
    const short = words(before).flatMap((word, at, all) =>
      isElement(all[at - 1], word) ? [] : [isElement(word, all[at + 1]) ? word + all[at + 1]![0]! : word],
    );
    expect(words(after)).toEqual(short);
    const kept = new Set(words(before));
    const all = (source: string): string[] =>
      tokenizeWgsl(source).flatMap((token) => (kept.has(token.text) ? [token.text] : []));
    for (const word of kept)
      if (!/^[fiu]32$|^vec|^mat\d/.test(word))
        expect(all(minified).filter((one) => one === word)).toHaveLength(
          all(text).filter((one) => one === word).length,
        );
  });

  it('keeps the names and only the names of its helpers', () => {
    const functions = (source: string) =>
      tokenizeWgsl(source).flatMap(({ text: word, block }, at, all) =>
        block === 'helpers' && word === 'fn' ? [all[at + 1]!.text] : [],
      );
    expect(functions(minified)).toEqual(functions(text));
  });
});

describe('names', () => {
  const mini = (text: string): string => minifyWgsl(text);

  it.each([
    [
      'locals, parameters, functions and constants',
      'const size=2;fn twice(value:f32)->f32{let half=value*.5;return half+value;}fn use_it(){let got=twice(f32(size));}',
      'const c=2;fn d(a:f32)->f32{let b=a*.5;return b+a;}fn f(){let e=d(f32(c));}',
    ],
    [
      'structs and members',
      'struct Pair{left:f32,right:vec2f}fn f(pair:Pair)->f32{return pair.left+pair.right.x;}',
      'struct b{c:f32,d:vec2f}fn f(a:b)->f32{return a.c+a.d.x;}',
    ],
    [
      'not members like those of vectors',
      'struct Color{rgb:vec3f}fn f(color:Color)->f32{let rgb=color.rgb;return rgb.x;}',
      'struct a{rgb:vec3f}fn f(b:a)->f32{let rgb=b.rgb;return rgb.x;}',
    ],
    [
      'not entry points and overrides',
      'override wide:u32=1u;@compute@workgroup_size(wide)fn start(){}',
      'override wide:u32=1u;@compute@workgroup_size(wide)fn start(){}',
    ],
    [
      'not what a builtin is called like',
      'fn f(){let min=min(1.,2.);let max_=max(min,3.);}',
      'fn f(){let min=min(1.,2.);let a=max(min,3.);}',
    ],
    [
      'not attributes',
      'fn f(@builtin(workgroup_id)group:vec3u)->u32{return group.x;}@group(0)@binding(0)var<uniform>binding:u32;',
      'fn f(@builtin(workgroup_id)a:vec3u)->u32{return a.x;}@group(0)@binding(0)var<uniform>b:u32;',
    ],
    [
      'not access modes',
      'var<storage,read_write>storage:f32;fn f(){storage=1.;}',
      'var<storage,read_write>storage:f32;fn f(){storage=1.;}',
    ],
    ['not extensions', 'enable subgroups;fn f(){let subgroups=1;}', 'enable subgroups;fn f(){let subgroups=1;}'],
  ])('%s', (_, text, expected) => {
    expect(mini(text)).toBe(expected);
  });

  it('of a block’s own locals go, what it mentions stays', () => {
    const text =
      'fn f(){let outer=1;let other=2;/*[body*/ let sum=outer; /*body]*/ let last=other;}/*[fns*/ fn help(value:f32)->f32{return value;} /*fns]*/';
    expect(mini(text)).toBe(
      'fn f(){let outer=1;let a=2;/*[body*/ let sum=outer; /*body]*/ let c=a;}/*[fns*/ fn help(b:f32)->f32{return b;} /*fns]*/',
    );
  });

  it('never meet one that is there already', () => {
    expect(mini('fn f(a:f32)->f32{let value=a;let b=value;return b+value;}')).toBe(
      'fn f(a:f32)->f32{let c=a;let b=c;return b+c;}',
    );
  });

  it('are the same in all files', () => {
    const texts = ['fn first(value:f32)->f32{return value;}', 'fn second(value:f32)->f32{return value*value;}'];
    const together = shortNames(texts);
    expect(texts.map((text) => minifyWgsl(text, together))).toEqual([
      'fn b(a:f32)->f32{return a;}',
      'fn c(a:f32)->f32{return a*a;}',
    ]);
  });

  it('map one to one whatever a shader declares', () => {
    const name = fc
      .stringMatching(/^[a-z][a-z_]{0,5}$/)
      .filter((word) => !/^(let|fn|if|for|var|as|do|of|in|is|or|const|return|struct|enable|alias)$/.test(word));
    fc.assert(
      fc.property(fc.uniqueArray(name, { minLength: 1, maxLength: 80 }), (list) => {
        const text = list.map((word, at) => `const ${word}=${at};`).join('');
        const result = [...mini(text).matchAll(/const (\w+)=(\d+);/g)];
        expect(result.map((match) => Number(match[2]))).toEqual(list.map((_, at) => at));
        expect(new Set(result.map((match) => match[1])).size).toBe(list.length);
      }),
    );
  });
});
