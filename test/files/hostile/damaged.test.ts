/** Files from untrusted sources: truncation, bit flips and changed fields result in a model or a FormatError only. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dense } from '../../../src/nn/layers/dense.ts';
import { adam } from '../../../src/optim/adam.ts';
import { tensor } from '../../../src/data/tensor.ts';
import { loadWeights } from '../../../src/files/load.ts';
import { sequential } from '../../../src/model/make-model.ts';
import type { Model } from '../../../src/model/model.ts';
import { decodeSafetensors, encodeSafetensors } from '../../../src/files/safetensors.ts';
import { save, saveWeights } from '../../../src/files/save.ts';
import { allWeights, referenceEngine, thrown } from '../../support/models.ts';
import { chainOf, load, refused, sample } from '../../support/model-files.ts';

describe('a damaged file', () => {
  it('is refused when cut off, at every length', async () => {
    const file = await sample();
    for (let length = 0; length < file.length; length++) {
      const cut = file.slice(0, length);
      expect(refused(() => decodeSafetensors(cut))).toBe(true);
      if (length % 16 === 0) expect(refused(() => load(cut))).toBe(true);
    }
    expect(refused(() => load(Uint8Array.of(...file, 0)))).toBe(true);
  });

  it('loads or is refused with any bit of its header flipped', async () => {
    const file = await sample();
    const header = 8 + Number(new DataView(file.buffer).getBigUint64(0, true));
    for (let at = 0; at < header; at++) {
      file[at]! ^= 1 << (at % 8);
      refused(() => load(file));
      file[at]! ^= 1 << (at % 8);
    }
    expect(refused(() => load(file))).toBe(false);
  });

  it('leaves a model as it was when its weights do not load', async () => {
    const make = (seed: number): Model => {
      const model = sequential([dense({ units: 2, inputShape: [2] }), dense({ units: 1 })], {
        engine: referenceEngine(),
        seed,
      });
      model.compile({ optimizer: adam({ learningRate: 0.1 }), loss: 'mse' });
      return model;
    };
    const [x, y] = [tensor([[1, 2]]), tensor([[1]])];
    const model = make(1);
    await model.fit(x, y, { epochs: 2 });
    const before = await save(model);
    const file = await saveWeights(make(2));
    const header = 8 + Number(new DataView(file.buffer).getBigUint64(0, true));
    for (let at = 0; at < header; at++) {
      const damaged = file.slice();
      damaged[at]! ^= 1 << (at % 8);
      if (refused(() => loadWeights(model, damaged))) continue;
      loadWeights(model, await saveWeights(load(before))); // a flip without effect, such as in white space
    }
    for (let length = 0; length < file.length; length++) {
      expect(refused(() => loadWeights(model, file.slice(0, length)))).toBe(true);
    }
    expect(await save(model)).toEqual(before);
    loadWeights(model, file);
    expect(await allWeights(model)).toEqual(await allWeights(make(2)));
  });

  it('loads or is refused, whatever its architecture becomes', async () => {
    const { tensors, metadata } = decodeSafetensors(await sample());
    const text = metadata.get('gradlet')!;
    // Replaces every value of the architecture: by another of its values, its double, or an invalid value.
    const pieces = text.match(/"[^"]*"|-?[0-9.]+|true|false|null|[{}[\]:,]/g)!;
    const junk = [
      '1e999',
      '-0',
      '-1',
      '0.5',
      '1e9',
      '"__proto__"',
      '"\\ud800"',
      '{"__proto__":[]}',
      '[[[[]]]]',
      '{}',
      '[]',
      'null',
      '""',
    ];
    const places = pieces.flatMap((piece, index) => (/^[{}[\]:,]$/.test(piece) ? [] : [index]));
    const place = fc.constantFrom(...places);
    const value = fc.oneof(
      fc.constantFrom(...junk),
      fc.json({ maxDepth: 2 }),
      fc.constantFrom(...pieces.filter((piece) => piece.length > 1)),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(place, value), { minLength: 1, maxLength: 3 }), (changes) => {
        const changed = [...pieces];
        for (const [index, piece] of changes) changed[index] = piece;
        const file = encodeSafetensors(tensors, new Map([['gradlet', changed.join('')]]));
        refused(() => load(file));
      }),
      { numRuns: 500 },
    );
  });

  it('is refused for an invalid learning rate or step count', async () => {
    const model = sequential([dense({ units: 1, inputShape: [1] })], { engine: referenceEngine() });
    model.compile({ optimizer: adam({ learningRate: 0.25 }), loss: 'mse' });
    const { tensors, metadata } = decodeSafetensors(await save(model));
    const withRate = (rate: number): Uint8Array =>
      encodeSafetensors(
        new Map([...tensors, ['optimizer/1/learningRate', tensor(Float32Array.of(rate), [])]]),
        metadata,
      );
    expect(load(withRate(0.125)).learningRate).toBe(0.125);
    for (const rate of [NaN, Infinity, -1]) {
      expect(thrown(() => load(withRate(rate)))).toContain('expected a finite number ≥ 0');
    }
  });

  it('sets no weight when the last does not fit', async () => {
    const make = (width: number): Model =>
      sequential([dense({ units: 2, inputShape: [2] }), dense({ units: width })], { engine: referenceEngine() });
    const model = make(1);
    const before = await allWeights(model);
    const other = await saveWeights(make(3));
    expect(thrown(() => loadWeights(model, other))).toMatch(
      /^FormatError: .*'dense_1\/kernel' is float32 \[2, 3\], expected/,
    );
    expect(await allWeights(model)).toEqual(before);
  });

  it('reaches no prototype by the names of its settings', () => {
    const named = (config: string): string => {
      const text = JSON.stringify(chainOf(1)).replace(
        '"kind":"flatten","config":{}',
        `"kind":"dense","config":${config}`,
      );
      return thrown(() => load(encodeSafetensors(new Map(), new Map([['gradlet', text]]))));
    };
    expect(named('{"__proto__":{"units":1}}')).toBe("FormatError: model file: no setting is named '__proto__'");
    expect(named('{"units":1,"kernelInitializer":{"name":"zeros","config":{"__proto__":{}}}}')).toContain('__proto__');
    expect(named('{"constructor":1,"units":1}')).toContain("no option 'constructor'");
  });

  it('may lie anywhere in memory', async () => {
    const file = await sample();
    const expected = await allWeights(load(file));
    const memory = new Uint8Array(file.length + 24);
    memory.set(file, 11);
    const views = [
      memory.subarray(11, 11 + file.length),
      new DataView(memory.buffer, 11, file.length),
      Buffer.from(memory.buffer, 11, file.length),
    ];
    for (const view of views) expect(await allWeights(load(view as Uint8Array))).toEqual(expected);
  });
});
