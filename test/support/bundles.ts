/**
 * Two programs, one that uses many features and one that uses few, and the bundlers that build them: for tests of what a bundle
 * contains.
 */
import { build, type Plugin } from 'esbuild';
import { readFile } from 'node:fs/promises';
import { rollup, type Plugin as RollupPlugin } from 'rollup';
import rollupEsbuild from 'rollup-plugin-esbuild';
import { expect } from 'vitest';
import { projectRoot } from '../../tools/lib/files.ts';
import { markPureCalls } from '../../tools/lib/pure-calls.mjs';

const few = `
  import { createEngine, gradients, input, matmul, mean, mul, parameter, square, sub } from 'gradlet';
  const engine = await createEngine();
  const [x, y, w] = [input([4, 2]), input([4, 1]), parameter([2, 1])];
  const loss = mean(square(sub(matmul(x, w), y)));
  const step = await engine.compile({ outputs: { loss }, updates: [[w, sub(w, mul(gradients(loss, [w])[0], 0.1))]] });
  step.run();
`;

const many = `
  import { adam, concatenate, createEngine, cosineDecay, dense, dropout, earlyStopping, gelu, loadModel, layerRegistry,
    printProgram, ReferenceBackend, rocAuc, sequential, tokenizer, trainTestSplit, tune } from 'gradlet';
  const engine = await createEngine({ backend: new ReferenceBackend() });
  const model = sequential([dense({ units: 2, inputShape: [2], activation: gelu }), dropout({ rate: 0.1 })], { engine });
  model.compile({ optimizer: adam({ learningRate: cosineDecay({ initialLearningRate: 1, decaySteps: 9 }) }), loss: 'mse' });
  await model.fit([[0, 1]], [[0, 1]], { callbacks: earlyStopping() });
  await tune(engine);
  console.log(loadModel(await model.save(), { layers: layerRegistry }), concatenate, printProgram);
  console.log(tokenizer(), rocAuc([0, 1], [0, 1]), trainTestSplit([[0, 1]]));
`;

/** Strings that survive minification, by the feature that contains them. */
const marks: Readonly<Record<string, RegExp>> = {
  'an op of its own': /["'`]dropoutMask["'`]/,
  'an element-wise op': /["'`]gelu["'`]/,
  'an op of the data': /["'`]gatherBatch["'`]/,
  'a shader': /fn gather_batch/,
  'an optimizer': /["'`]adamax["'`]/,
  'a schedule': /["'`]cosineDecay["'`]/,
  'a loss': /["'`]?logCosh["'`]?/,
  'an initializer': /["'`]?lecunNormal["'`]?/,
  'a kind of layer': /["'`]dropout["'`]/,
  'the base of layers': /it has no weights yet/,
  'a callback': /earlyStopping/,
  'an error of files': /the JSON is not well formed/,
  'the registry of layers': /["'`]multiply["'`]/,
  'the reference': /float64 loops/,
  'a printer': /of arena in/,
  tuning: /gradlet-tuning/,
  'text data': /gradlet-tokenizer/,
  'a count on the host': /which has no rank/,
  'data before training': /trainTestSplit/,
};

/** Bundles a program that imports `gradlet` into one file, minified or not. */
export type Bundle = (code: string) => Promise<string>;

/** @param entry the file that `gradlet` resolves to: `src/index.ts` or a built file */
export function withEsbuild(entry: string): Bundle {
  const program = (contents: string): Plugin => ({
    name: 'program',
    setup({ onLoad, onResolve }) {
      onResolve({ filter: /^program$/ }, () => ({ path: 'program', namespace: 'program' }));
      onLoad({ filter: /.*/, namespace: 'program' }, () => ({ contents, resolveDir: projectRoot }));
      onResolve({ filter: /^gradlet$/ }, () => ({ path: entry, sideEffects: false }));
      onLoad({ filter: /[\\/]src[\\/].*\.ts$/ }, async ({ path }) => ({
        contents: markPureCalls(await readFile(path, 'utf8')),
        loader: 'ts',
      }));
    },
  });
  return async (code) => {
    const { outputFiles } = await build({
      entryPoints: ['program'],
      absWorkingDir: projectRoot,
      bundle: true,
      minify: true,
      write: false,
      format: 'esm',
      target: 'es2022',
      logLevel: 'error',
      plugins: [program(code)],
    });
    return outputFiles[0]!.text;
  };
}

/** @param entry as above */
export function withRollup(entry: string): Bundle {
  const program = (code: string): RollupPlugin => ({
    name: 'program',
    resolveId: (id) => (id === 'program' ? id : id === 'gradlet' ? { id: entry, moduleSideEffects: false } : null),
    load: (id) => (id === 'program' ? code : null),
    transform: (text, id) => (id.endsWith('.ts') ? { code: markPureCalls(text), map: null } : null),
  });
  return async (code) => {
    const bundle = await rollup({
      input: 'program',
      plugins: [program(code), rollupEsbuild({ target: 'es2022', tsconfig: false })],
      onwarn: ({ message }) => {
        throw new Error(message);
      },
    });
    const { output } = await bundle.generate({ format: 'es' });
    return output[0].code;
  };
}

/** Fails if the bundle of the small program contains a feature that only the large program uses. */
export async function expectToDropWhatIsNotUsed(bundle: Bundle): Promise<void> {
  const [large, small] = [await bundle(many), await bundle(few)];
  const found = (code: string): string[] => Object.keys(marks).filter((what) => marks[what]!.test(code));
  expect(found(large)).toEqual(Object.keys(marks)); // the strings still occur in the code
  expect(found(small)).toEqual([]);
  expect(small.length).toBeLessThan(0.75 * large.length);
}
