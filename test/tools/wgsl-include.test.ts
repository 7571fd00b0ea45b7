import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildShaders } from '../../tools/build-shaders.ts';
import { listFiles, projectRoot } from '../../tools/lib/files.ts';
import { resolveIncludes } from '../../tools/lib/wgsl-include.ts';

/** A shader that includes `names` and whose entry point makes the calls `calls`. */
const main = (names: readonly string[], calls = ''): string =>
  [
    ...names.map((name) => `// #include "${name}"`),
    '@group(0) @binding(0) var<storage, read_write> y: array<f32>;',
    `@compute @workgroup_size(1) fn main() { y[0] = 1.0 ${calls}; }`,
  ].join('\n');

const resolve = (files: Readonly<Record<string, string>>): ReturnType<typeof resolveIncludes> =>
  resolveIncludes('a/main.wgsl', new Map(Object.entries(files)));

const textOf = (files: Readonly<Record<string, string>>): string => resolve(files).text;

describe('an include', () => {
  it('stands where its line is, once, before what includes it', () => {
    const text = textOf({
      'a/main.wgsl': main(['outer', 'inner'], '+ outer()'),
      'include/outer.wgsl': '// #include "inner"\nfn outer() -> f32 { return inner(); }\n',
      'include/inner.wgsl': 'fn inner() -> f32 { return 2.0; }\n',
    });
    expect(text.match(/\bfn \w+/g)).toEqual(['fn inner', 'fn outer', 'fn main']);
  });

  it('may hold the members of a struct', () => {
    const text = textOf({
      'a/main.wgsl': `struct Settings {\n  // #include "members"\n  last: u32,\n}\n${main([])}`,
      'include/members.wgsl': 'first: u32,',
    });
    expect(text.replace(/\s+/g, ' ')).toContain('struct Settings { first: u32, last: u32, }');
  });

  it('leaves out what the shader does not use, and keeps its lines', () => {
    const many = [
      'const unused = 1.0;',
      'const size = 2u;',
      'var<workgroup> held: array<f32, size>;',
      'alias Unused = f32;',
      'fn helper() -> f32 {\n  return held[0];\n}',
      'fn unused_helper() -> f32 {\n  return unused + helper();\n}',
      'override fast: bool = false;',
      'struct Point { x: f32 }',
    ].join('\n');
    const files = { 'a/main.wgsl': main(['many'], '+ helper()'), 'include/many.wgsl': many };
    const { text, lines } = resolve(files);
    expect(text.match(/^(const|var|alias|fn|override|struct).*/gm)).toEqual([
      'const size = 2u;',
      'var<workgroup> held: array<f32, size>;',
      'fn helper() -> f32 {',
    ]);
    expect(text.split('\n')).toHaveLength(many.split('\n').length + 2);
    expect(lines.at(-1)).toEqual({ file: 'a/main.wgsl', line: 3 });
  });

  it('keeps what the default text of a block names, and all of a block `helpers`', () => {
    const functions = 'fn one() -> f32 { return 1.0; }\nfn two() -> f32 { return 2.0; }';
    const block = main(['many'], '/*[more*/ + two() /*more]*/');
    expect(textOf({ 'a/main.wgsl': block, 'include/many.wgsl': functions })).not.toContain('fn one');
    const helpers = `/*[helpers*/\n// #include "many"\n/*helpers]*/\n${main([])}`;
    expect(textOf({ 'a/main.wgsl': helpers, 'include/many.wgsl': functions })).toContain(functions);
  });
});

describe('the build reports', () => {
  const problemsOf = (files: Readonly<Record<string, string>>): string[] => {
    const folder = mkdtempSync(join(tmpdir(), 'gradlet-includes-'));
    try {
      for (const [file, text] of Object.entries(files)) {
        mkdirSync(join(folder, 'shaders', dirname(file)), { recursive: true });
        writeFileSync(join(folder, 'shaders', file), text);
      }
      return buildShaders({ source: join(folder, 'shaders'), target: join(folder, 'generated') });
    } finally {
      rmSync(folder, { recursive: true });
    }
  };

  it.each<[what: string, files: Record<string, string>, problem: string]>([
    [
      'an unknown include',
      { 'a/main.wgsl': main(['one', 'none']), 'include/one.wgsl': '' },
      "a/main.wgsl:2: unknown include 'none'",
    ],
    ['a malformed include', { 'a/main.wgsl': '\n// #include <one>' }, 'a/main.wgsl:2: malformed include'],
    [
      'a circle',
      {
        'a/main.wgsl': main(['one']),
        'include/one.wgsl': '\n// #include "two"',
        'include/two.wgsl': '// #include "one"',
      },
      "include/two.wgsl:1: 'one' includes itself: a/main.wgsl → include/one.wgsl → include/two.wgsl → include/one.wgsl",
    ],
    [
      'a name that is declared twice',
      { 'a/main.wgsl': `${main(['one'])}\nconst same = 1;`, 'include/one.wgsl': '\nfn same() {}' },
      "a/main.wgsl:4: 'same' is declared already, at shaders/include/one.wgsl:2",
    ],
    [
      'a function that nothing calls',
      { 'a/main.wgsl': `${main([])}\nfn lost() {\n  return;\n}` },
      "a/main.wgsl:3: nothing calls 'lost'",
    ],
    [
      'what the parser refuses in an included file',
      { 'a/main.wgsl': main(['one'], '+ one()'), 'include/one.wgsl': '// a comment\n\nfn one( {\n}' },
      'include/one.wgsl:3: Expected',
    ],
    [
      'a malformed block of an included file',
      { 'a/main.wgsl': main(['one']), 'include/one.wgsl': '// a comment\n/*[open*/' },
      "include/one.wgsl:2: block 'open' is never closed",
    ],
    [
      'a fault behind an include',
      { 'a/main.wgsl': `${main(['one'])}\nconst 5 = broken;`, 'include/one.wgsl': 'const a = 1;\nconst b = 2;\n' },
      'a/main.wgsl:4: ',
    ],
  ])('%s, with file and line', (_, files, problem) => {
    const problems = problemsOf(files);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(`shaders/${problem}`);
  });

  it('a fault of an included file once, for all shaders that include it', () => {
    const broken = { 'include/one.wgsl': 'const 1 = 2;\nconst one = 1;' };
    expect(
      problemsOf({ ...broken, 'a/main.wgsl': main(['one'], '+ one'), 'a/other.wgsl': main(['one'], '+ one') }),
    ).toHaveLength(1);
  });
});

describe('shaders/include', () => {
  const texts = listFiles(join(projectRoot, 'shaders'), '.wgsl').map(
    (file) => [file, readFileSync(join(projectRoot, 'shaders', file), 'utf8')] as const,
  );

  it('has no file that nobody includes', () => {
    const all = texts.map(([, text]) => text).join('\n');
    const stems = texts.filter(([file]) => file.startsWith('include/')).map(([file]) => basename(file, '.wgsl'));
    expect(stems.length).toBeGreaterThan(3);
    expect(stems.filter((stem) => !all.includes(`#include "${stem}"`))).toEqual([]);
  });

  it('has every function that several shaders need: no two files declare the same', () => {
    const entryPoint = /@compute\s+@workgroup_size\([^)]*\)\s+fn \w+/g;
    const declared = texts.flatMap(([file, text]) =>
      [...text.replace(entryPoint, '').matchAll(/^fn (\w+)\([\s\S]*?^}$/gm)].map((match) => ({ file, text: match[0] })),
    );
    const copies = declared.filter(({ text }, index) => declared.findIndex((other) => other.text === text) !== index);
    expect(copies).toEqual([]);
  });
});
