/** The package as npm would publish it, installed into a separate project. */
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectRoot } from '../../tools/lib/files.ts';
import { expectToDropWhatIsNotUsed, withEsbuild, withRollup } from '../support/bundles.ts';
import { builtPackage, run } from '../support/dist.ts';

interface Manifest {
  readonly type: string;
  readonly sideEffects: boolean;
  readonly exports: Readonly<Record<string, string | { readonly types: string; readonly default: string }>>;
  readonly types: string;
  readonly files: readonly string[];
  readonly dependencies?: unknown;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: unknown;
  readonly optionalDependencies?: unknown;
}

const program = (source: string): string => `
  import { adam, createEngine, dense, load, layerRegistry, sequential } from '${source}';
  const engine = await createEngine({ backend: 'wasm' });
  const model = sequential(
    [dense({ units: 8, activation: 'tanh', inputShape: [2] }), dense({ units: 1, activation: 'sigmoid' })],
    { engine, seed: 1 },
  );
  model.compile({ optimizer: adam({ learningRate: 0.1 }), loss: 'binaryCrossentropy' });
  const x = [[0, 0], [0, 1], [1, 0], [1, 1]];
  await model.fit(x, [0, 1, 1, 0].map((label) => [label]), { epochs: 100 });
  const again = load(await model.save(), { layers: layerRegistry, engine });
  console.log(JSON.stringify([...(await again.predict(x)).data].map(Math.round)));
`;

let folder = '';
let installed = '';
let manifest: Manifest;

beforeAll(async () => {
  await builtPackage();
  folder = await mkdtemp(join(tmpdir(), 'gradlet-'));
  installed = join(folder, 'node_modules/gradlet');
  manifest = JSON.parse(await readFile(join(projectRoot, 'package.json'), 'utf8')) as Manifest;
  await mkdir(installed, { recursive: true });
  for (const part of ['package.json', ...manifest.files]) {
    await cp(join(projectRoot, part), join(installed, part), { recursive: true });
  }
  await writeFile(join(folder, 'package.json'), '{ "type": "module", "private": true }');
}, 120_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the manifest', () => {
  it('asks for nothing at run time', () => {
    const { dependencies, optionalDependencies, peerDependencies, peerDependenciesMeta } = manifest;
    expect([dependencies, optionalDependencies]).toEqual([undefined, undefined]);
    // Dawn gives WebGPU to Node, for those who install it.
    expect(Object.keys(peerDependencies ?? {})).toEqual(['webgpu']);
    expect(peerDependenciesMeta).toEqual({ webgpu: { optional: true } });
  });

  it('names files that are there, types first', () => {
    expect([manifest.type, manifest.sideEffects]).toEqual(['module', false]);
    for (const target of Object.values(manifest.exports)) {
      const files = typeof target === 'string' ? [target] : [target.types, target.default];
      for (const file of files) expect(existsSync(join(installed, file)), file).toBe(true);
      if (typeof target === 'object') expect(Object.keys(target)).toEqual(['types', 'default']);
    }
    expect(existsSync(join(installed, manifest.types))).toBe(true);
  });
});

describe('a project that depends on it', () => {
  it.each(['gradlet', 'gradlet/gradlet.min.js'])('trains XOR with %s', async (source) => {
    await writeFile(join(folder, 'train.js'), program(source));
    const { stdout, stderr } = await run(process.execPath, ['train.js'], { cwd: folder });
    expect([stdout.trim(), stderr]).toEqual(['[0,1,1,0]', '']);
  });

  it('gets the same names from both files, and types for each', async () => {
    const names = `console.log(JSON.stringify([a, b].map((all) => Object.keys(all).sort())));`;
    await writeFile(
      join(folder, 'names.js'),
      `import * as a from 'gradlet'; import * as b from 'gradlet/gradlet.min.js'; ${names}`,
    );
    const [a, b] = JSON.parse((await run(process.execPath, ['names.js'], { cwd: folder })).stdout) as string[][];
    expect(b).toEqual(a);
    const declared = await readFile(join(installed, manifest.types), 'utf8');
    const exported = /^export \{(.*)\};$/m
      .exec(declared)![1]!
      .split(',')
      .map((name) => name.trim().split(' as ').at(-1));
    expect(exported.sort()).toEqual(a);
  });

  it.each([
    ['esbuild', withEsbuild],
    ['rollup', withRollup],
  ])('is bundled by %s without what it does not use', (_, bundler) =>
    expectToDropWhatIsNotUsed(bundler(join(installed, 'dist/gradlet.js'))),
  );

  it('passes the type checker', async () => {
    const modules = dirname(dirname(createRequire(import.meta.url).resolve('typescript/package.json')));
    await cp(join(modules, '@webgpu/types'), join(folder, 'node_modules/@webgpu/types'), { recursive: true });
    await writeFile(join(folder, 'train.ts'), `${program('gradlet')}\nmodel.stopTraining satisfies boolean;`);
    const config = {
      compilerOptions: {
        strict: true,
        noEmit: true,
        target: 'es2022',
        module: 'nodenext',
        lib: ['es2022', 'dom'],
        types: ['@webgpu/types'],
      },
      files: ['train.ts'],
    };
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(config));
    const { stdout } = await run(process.execPath, [join(modules, 'typescript/bin/tsc')], { cwd: folder }).catch(
      (error: { stdout: string }) => error,
    );
    expect(stdout).toBe('');
  });
});
