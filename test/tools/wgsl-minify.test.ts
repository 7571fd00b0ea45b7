import { describe, expect, it } from 'vitest';
import { minifyWgsl } from '../../tools/lib/wgsl-minify.ts';

describe('minifyWgsl', () => {
  it.each([
    ['comments go', 'let a = 1; // one\n/* two */ let b = 2;', 'let a=1;let b=2;'],
    ['block comments nest', 'a /* x /* y */ z */ b', 'a b'],
    ['a comment parts two words', 'let/**/x = 1;', 'let x=1;'],
    ['operators stay apart', 'x - -y; a & &b; v: vec2<f32> = c', 'x- -y;a& &b;v:vec2f=c'],
    ['dots keep their blanks before words', 'return .5 + 1. + x', 'return .5+1.+x'],
    ['numbers lose their zeros', '0.0 + 0.50 + 10.0 + 1e5 + 0xF0u + 20u', '0.+.5+10.+1e5+0xF0u+20u'],
    ['types are written short', 'array<vec4<f32>, 2>; mat2x3<f16>; vec2<bool>', 'array<vec4f,2>;mat2x3h;vec2<bool>'],
    ['lists end without a comma', 'f(a, b,); struct S { a: u32, }', 'f(a,b);struct S{a:u32}'],
    [
      'attributes need no blank',
      '@compute @workgroup_size( 8, 8 )\nfn main( ) { }',
      '@compute@workgroup_size(8,8)fn main(){}',
    ],
    ['a division stays one', 'a / /* half */ b', 'a/b'],
    ['nothing gives nothing', ' // only a comment', ''],
  ])('%s', (_, code, expected) => {
    expect(minifyWgsl(code, null)).toBe(expected);
  });

  it('keeps the markers of blocks around their minified default', () => {
    const code = 'var x = load(i);\n/*[body*/ // the chain\n  x = x * 2.0; /*body]*/\nout[i] = x;';
    expect(minifyWgsl(code)).toBe('var x=load(i); /*[body*/ x=x*2.; /*body]*/ out[i]=x;');
  });

  it('keeps a block usable inside an expression', () => {
    expect(minifyWgsl('const rows = /*[rows*/ 4 /*rows]*/ ; let e = b / /*[c*/ d /*c]*/;')).toBe(
      'const a= /*[rows*/ 4 /*rows]*/ ;let e=b/ /*[c*/ d /*c]*/;',
    );
  });

  it.each([
    ['\n/*[a*/ x', "block 'a' is never closed", 2],
    ['x\n\n/*a]*/', "block 'a' ends here but none is open", 3],
    ['/*[a*/ x /*b]*/', "but 'a' is open", 1],
    ['/*[a*/ /*[b*/ /*b]*/ /*a]*/', "block 'b' starts inside block 'a'", 1],
    ['\n/*[ a */', 'malformed block marker', 2],
    ['x\n/* open', 'never closed', 2],
  ])('%j: %s', (code, message, line) => {
    expect(() => minifyWgsl(code)).toThrow(
      expect.objectContaining({ message: expect.stringContaining(message) as string, line }),
    );
  });
});
