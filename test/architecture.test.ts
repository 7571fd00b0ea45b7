/**
 * Tests the architecture rules: allowed imports, no circular imports, and completeness: each op has kernels and cases, and
 * an op uses each shader and each wasm export.
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { wasmExports } from '../src/generated/wasm/exports.ts';
import { allOps } from '../src/ops/index.ts';
import { opCases } from './support/op-cases.ts';

const root = resolve(import.meta.dirname, '..');

/** What each part of `src` may import besides itself. The part of a file is its folder, or its own name at the top level. */
const below = ['core', 'graph'];
const mayImport: Readonly<Record<string, readonly string[]>> = {
  core: [],
  generated: ['core'],
  graph: ['core'],
  ops: [...below, 'generated'],
  autodiff: [...below, 'ops'],
  compiler: [...below, 'ops'],
  backends: [...below, 'ops', 'compiler', 'generated'],
  'engine.ts': [...below, 'compiler', 'backends', 'variables'],
  'create-engine.ts': ['core', 'backends', 'engine.ts'],
  tune: [...below, 'ops', 'compiler', 'engine.ts'],
  data: [...below, 'ops', 'engine.ts'],
  variables: [...below, 'engine.ts', 'create-engine.ts', 'data'],
  nn: [...below, 'ops', 'data'],
  optim: [...below, 'ops'],
  text: ['core', 'data'],
  train: [...below, 'ops', 'autodiff', 'engine.ts', 'variables', 'data', 'nn', 'optim'],
  model: [...below, 'ops', 'engine.ts', 'variables', 'data', 'nn', 'optim', 'train', 'files'],
  files: [...below, 'engine.ts', 'variables', 'data', 'nn', 'optim', 'model'],
};

function filesOf(folder: string, extension: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(extension))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
}

interface Import {
  readonly target: string;
  readonly typeOnly: boolean;
}

/** Whether the text between `import` and `from` imports only types. */
const namesTypesAlone = (names: string): boolean => /^\s*\{\s*(type [^,}]+,?\s*)+\}\s*$/.test(names);

function importsOf(file: string): Import[] {
  const text = readFileSync(join(root, file), 'utf8');
  return [...text.matchAll(/^(import|export)(\s+type)?\b([^;]*?)from '(\.[^']+)'/gm)].map((match) => ({
    target: relative(root, resolve(root, dirname(file), match[4]!)),
    typeOnly: match[2] !== undefined || namesTypesAlone(match[3]!),
  }));
}

const sources = filesOf('src', '.ts');
const partOf = (file: string): string => (file.startsWith('src/') ? file.split('/')[1]! : file.split('/')[0]!);

describe('imports', () => {
  it('go in one direction', () => {
    const wrong = sources
      .filter((file) => file !== 'src/index.ts' && !file.startsWith('src/entries/'))
      .flatMap((file) =>
        importsOf(file)
          .filter(
            ({ target }) =>
              partOf(target) !== partOf(file) && !(mayImport[partOf(file)] ?? []).includes(partOf(target)),
          )
          .map(({ target }) => `${file} imports ${target}`),
      );
    expect(wrong).toEqual([]);
  });

  it('of backends take only the program from the compiler', () => {
    const wrong = sources
      .filter((file) => file.startsWith('src/backends/'))
      .flatMap((file) => importsOf(file).map(({ target }) => target))
      .filter((target) => target.startsWith('src/compiler/') && target !== 'src/compiler/program.ts');
    expect(wrong).toEqual([]);
  });

  it('never go to the public entry, nor from the main path to the list of all ops', () => {
    const lists = ['src/index.ts', 'src/ops/index.ts', 'src/ops/functions.ts'];
    const wrong = sources.flatMap((file) =>
      importsOf(file)
        .filter(({ target }) => lists.includes(target) && file !== 'src/ops/index.ts')
        .map(({ target }) => `${file} imports ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  it('make no circle', () => {
    const all = [...sources, ...['bench', 'examples', 'tools', 'test'].flatMap((folder) => filesOf(folder, '.ts'))];
    const graph = new Map(all.map((file) => [file, importsOf(file).filter(({ typeOnly }) => !typeOnly)]));
    const state = new Map<string, 'open' | 'done'>();
    const circles: string[] = [];
    const visit = (file: string, path: readonly string[]): void => {
      if (state.get(file) === 'done') return;
      if (state.get(file) === 'open') {
        circles.push([...path.slice(path.indexOf(file)), file].join(' → '));
        return;
      }
      state.set(file, 'open');
      for (const { target } of graph.get(file) ?? []) visit(target, [...path, file]);
      state.set(file, 'done');
    };
    for (const file of all) visit(file, []);
    expect(circles).toEqual([]);
  });

  it('all resolve', () => {
    const missing = sources.flatMap((file) => importsOf(file).filter(({ target }) => !existsSync(join(root, target))));
    expect(missing).toEqual([]);
  });
});

describe('passes and what lies above the ops', () => {
  /** Finds code that compares the name of an op or looks it up in a list of names. */
  const decisions = (file: string, text = readFileSync(join(root, file), 'utf8')): string[] => {
    const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
    const found: string[] = [];
    const isOpName = (node: ts.Node): boolean => /\bop!?\??\.name$/.test(node.getText());
    const comparison = /^[!=]==?$/;
    const visit = (node: ts.Node): void => {
      const compares =
        ts.isBinaryExpression(node) &&
        comparison.test(node.operatorToken.getText()) &&
        [node.left, node.right].some(isOpName);
      const switches = ts.isSwitchStatement(node) && isOpName(node.expression);
      const looksUp =
        ts.isCallExpression(node) && /\.(includes|has|get|test|startsWith|endsWith)$/.test(node.expression.getText())
          ? node.arguments.some(isOpName) || isOpName((node.expression as ts.PropertyAccessExpression).expression)
          : ts.isElementAccessExpression(node) && isOpName(node.argumentExpression);
      if (compares || switches || looksUp) {
        found.push(`${file}:${source.getLineAndCharacterOfPosition(node.getStart()).line + 1}`);
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
    return found;
  };

  it('ask the records of ops, and do not compare their names', () => {
    // `tune` compares the names of two steps, but no particular name.
    const above = sources.filter((file) => !['ops', 'tune', 'generated'].includes(partOf(file)));
    expect(above.flatMap((file) => decisions(file))).toEqual([]);
  });

  it('that compare names are found', () => {
    const text = `if (op.name === 'a') f();
switch (node.op.name) {}
if (['a', 'b'].includes(step.op.name)) f();
if (x!.op.name.startsWith('a')) f();
table[op.name] = 1;
label = op.name + name;
if (device.name === 'a') f();`;
    expect(decisions('x.ts', text)).toEqual(['x.ts:1', 'x.ts:2', 'x.ts:3', 'x.ts:4', 'x.ts:5']);
  });
});

describe('every op', () => {
  it('has a name of its own, and a gradient or null', () => {
    expect(new Set(allOps.map(({ name }) => name)).size).toBe(allOps.length);
    expect(allOps.filter(({ gradient }) => gradient === undefined).map(({ name }) => name)).toEqual([]);
  });

  it('has kernels on both backends', () => {
    const missing = allOps.flatMap((op) => {
      if (op.kind === 'elementwise') return op.wasm === '' || op.wgsl === '' ? [op.name] : [];
      if (op.kind !== 'structured') return [];
      return op.kernels.wasm.length === 0 || op.kernels.webgpu.length === 0 ? [op.name] : [];
    });
    expect(missing).toEqual([]);
  });

  it('ends its variants with one that always fits', () => {
    const open = allOps.filter(
      (op) =>
        op.kind === 'structured' &&
        [op.kernels.wasm, op.kernels.webgpu].some(
          (list) => list.at(-1)?.when !== undefined || list.at(-1)?.requires !== undefined,
        ),
    );
    expect(open.map(({ name }) => name)).toEqual([]);
  });

  it('has a case', () => {
    const covered = new Set(opCases.map(({ op }) => op.name));
    const exempt = new Set(['elementwise']); // created by the compiler from element-wise ops, and tested by their cases
    expect(
      allOps
        .filter((op) => op.kind !== 'leaf' && !covered.has(op.name) && !exempt.has(op.name))
        .map(({ name }) => name),
    ).toEqual([]);
  });
});

describe('every kernel', () => {
  const opTexts = filesOf('src/ops', '.ts')
    .map((file) => readFileSync(join(root, file), 'utf8'))
    .join('\n');

  it('of the wasm module is called by an op', () => {
    const backend = filesOf('src/backends/wasm', '.ts')
      .map((file) => readFileSync(join(root, file), 'utf8'))
      .join('\n');
    // Exports that are not kernels belong to the backend: the interpreter loop, threads, the workspace.
    const isClaimed = (name: string): boolean =>
      opTexts.includes(`'${name}'`) || new RegExp(`\\b${name}\\b`).test(backend);
    expect(
      Object.values(wasmExports)
        .flat()
        .filter((name) => !isClaimed(name)),
    ).toEqual([]);
  });

  it('of shaders/ is dispatched by an op', () => {
    // The backend itself uses one shader, on devices that need it.
    const texts = opTexts + readFileSync(join(root, 'src/backends/webgpu/index.ts'), 'utf8');
    const unclaimed = filesOf('shaders', '.wgsl')
      .filter((file) => !file.startsWith('shaders/include/'))
      .map((file) => basename(file, '.wgsl'))
      .filter((stem) => !texts.includes(`generated/shaders/${stem}.ts`));
    expect(unclaimed).toEqual([]);
  });

  it('of shaders/ has uniforms that fit a slice of 256 bytes', () => {
    const texts = filesOf('src/generated/shaders', '.ts').map((file) => readFileSync(join(root, file), 'utf8'));
    const sizes = texts.flatMap((text) => /"uniforms": \{\s*"size": (\d+)/.exec(text)?.[1] ?? []).map(Number);
    expect(sizes.length).toBeGreaterThan(10);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(256);
  });
});

describe('errors', () => {
  /** Errors thrown in a catch block without `cause`. */
  const losses = (file: string, text = readFileSync(join(root, file), 'utf8')): string[] => {
    if (!/\bcatch\b/.test(text)) return [];
    const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
    const found: string[] = [];
    const visit = (node: ts.Node, isCaught: boolean): void => {
      const isHandler =
        ts.isCallExpression(node) &&
        ts.isPropertyAccessExpression(node.expression) &&
        node.expression.name.text === 'catch';
      if (isCaught && ts.isNewExpression(node) && /Error$/.test(node.expression.getText())) {
        const { line } = source.getLineAndCharacterOfPosition(node.getStart());
        if (!/\bcause\b/.test(node.getText())) found.push(`${file}:${line + 1}`);
      }
      ts.forEachChild(node, (child) => visit(child, isCaught || isHandler || ts.isCatchClause(node)));
    };
    visit(source, false);
    return found;
  };

  it('keep what caused them', () => {
    expect(sources.flatMap((file) => losses(file))).toEqual([]);
  });

  it('that lose it are found', () => {
    const text =
      'try { f(); } catch (e) { throw new BackendError(`no: ${e}`); }\ng().catch((e) => { throw new ValueError(""); });';
    expect(losses('x.ts', text)).toEqual(['x.ts:1', 'x.ts:2']);
    expect(losses('x.ts', 'try { f(); } catch (e) { throw new BackendError("", { cause: e }); }')).toEqual([]);
  });
});
