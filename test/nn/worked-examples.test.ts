/**
 * Four examples that textbooks work by hand, worked by hand here too: every number of the graph, the gradients and the
 * update is computed a second time in plain float64 arithmetic, and pinned to the digits that a person would print.
 */
import { describe, expect, test } from 'vitest';
import { gradients } from '../../src/autodiff/gradients.ts';
import { ReferenceBackend } from '../../src/backends/reference/index.ts';
import { keyFromSeed, normal } from '../../src/core/random.ts';
import { Engine } from '../../src/engine.ts';
import type { Node, Variable } from '../../src/graph/node.ts';
import {
  binaryCrossentropy,
  categoricalCrossentropy,
  sparseCategoricalCrossentropy,
} from '../../src/nn/losses/crossentropies.ts';
import { randomNormal } from '../../src/nn/initializers/initializers.ts';
import type { Layer } from '../../src/nn/layer.ts';
import { dense } from '../../src/nn/layers/dense.ts';
import { meanSquaredError } from '../../src/nn/losses/losses.ts';
import { sigmoid } from '../../src/ops/elementwise/activation.ts';
import { add, mul } from '../../src/ops/elementwise/arithmetic.ts';
import { increment } from '../../src/ops/state/counter.ts';
import { variable } from '../../src/ops/define.ts';
import { mean } from '../../src/ops/reduce/reduce.ts';
import { reshape } from '../../src/ops/shape/reshape.ts';
import { softmax } from '../../src/ops/norm/softmax.ts';
import { sgd } from '../../src/optim/sgd.ts';
import { context, integers, tensor } from './support.ts';

const squash = (z: number): number => 1 / (1 + Math.exp(-z));
const digits = (values: Iterable<number>, count = 6): string[] =>
  [...values].map((value) => (value + 0).toFixed(count));

/** 2 inputs, 5 hidden units with relu, 1 output with sigmoid. */
function network(): readonly [Layer, Layer] {
  const small = randomNormal({ stddev: 0.01 });
  const hidden = dense({ units: 5, activation: 'relu', kernelInitializer: small, name: 'hidden' });
  const output = dense({ units: 1, activation: 'sigmoid', kernelInitializer: small, name: 'output' });
  hidden.build([[2]], keyFromSeed(1));
  output.build([[5]], keyFromSeed(2));
  return [hidden, output];
}

describe('a 2-5-1 net: relu, sigmoid, binary cross-entropy, one sample', () => {
  const [x0, x1, y, rate] = [0.5, -1.5, 1, 0.1];
  const w1 = [
    [0.2, -0.4, 0.1, 0.7, -0.3],
    [-0.5, 0.3, 0.2, 0.1, -0.6],
  ] as const;
  const b1 = [0.1, -0.1, 0.05, 0, 0.2];
  const w2 = [0.6, -0.2, 0.4, 0.9, -0.7];
  const b2 = 0.05;

  // Forward. z1 = x W1 + b1; by hand, for the first unit: 0.5 · 0.2 + (−1.5) · (−0.5) + 0.1 = 0.1 + 0.75 + 0.1 = 0.95.
  const z1 = b1.map((bias, unit) => x0 * w1[0][unit]! + x1 * w1[1][unit]! + bias);
  const h = z1.map((z) => Math.max(z, 0));
  const z2 = h.reduce((sum, value, unit) => sum + value * w2[unit]!, b2);
  const p = squash(z2);
  const loss = -y * Math.log(p) - (1 - y) * Math.log(1 - p);
  // Backward. d loss / d z2 = p − y; then back through the product, and through relu where z1 > 0.
  const dz2 = p - y;
  const dw2 = h.map((value) => value * dz2);
  const dz1 = z1.map((z, unit) => (z > 0 ? w2[unit]! * dz2 : 0));
  const dw1 = [x0, x1].map((x) => dz1.map((slope) => x * slope));
  // One update, w − 0.1 · dw.
  const step = (w: readonly number[], dw: readonly number[]): number[] => w.map((value, at) => value - rate * dw[at]!);

  test('the hand computation has the printed digits', () => {
    expect(digits(z1)).toEqual(['0.950000', '-0.750000', '-0.200000', '0.200000', '0.950000']);
    // z2 = 0.6 · 0.95 + 0.9 · 0.2 − 0.7 · 0.95 + 0.05 = 0.57 + 0.18 − 0.665 + 0.05
    expect(digits([z2])).toEqual(['0.135000']);
    expect(digits([p, loss, dz2])).toEqual(['0.533699', '0.627924', '-0.466301']);
    expect(digits(dw2)).toEqual(['-0.442986', '0.000000', '0.000000', '-0.093260', '-0.442986']);
    expect(digits(dz1)).toEqual(['-0.279781', '0.000000', '0.000000', '-0.419671', '0.326411']);
    expect(digits(dw1.flat())).toEqual(
      ['-0.139890', '0.000000', '0.000000', '-0.209836', '0.163205'].concat([
        '0.419671',
        '0.000000',
        '0.000000',
        '0.629507',
        '-0.489616',
      ]),
    );
  });

  test('the program computes the same: forward, loss, all gradients, and the weights after one step', async () => {
    const [hidden, output] = network();
    const parameters = [...hidden.weights, ...output.weights];
    const x = tensor([x0, x1], [1, 2]);
    const activations = hidden.call([x], context(true));
    const prediction = output.call([activations], context(true));
    const mainLoss = mean(binaryCrossentropy(tensor([y]), prediction));
    const slopes = gradients(mainLoss, parameters);
    const iterations = variable([], { dtype: 'int32' });

    const engine = new Engine(new ReferenceBackend());
    [w1.flat(), b1, w2, [b2]].forEach((values, at) => engine.write(parameters[at]!, Float32Array.from(values)));
    const names = ['dw1', 'db1', 'dw2', 'db2'];
    const program = await engine.compile({
      outputs: {
        h: activations,
        p: prediction,
        loss: mainLoss,
        ...Object.fromEntries(names.map((name, at) => [name, slopes[at]!])),
      },
      updates: sgd({ learningRate: rate }).updates(parameters, slopes, iterations),
    });
    program.run();

    const expected = { h, p: [p], loss: [loss], dw1: dw1.flat(), db1: dz1, dw2, db2: [dz2] };
    for (const [name, values] of Object.entries(expected)) {
      expect([name, digits(await program.read(name))]).toEqual([name, digits(values)]);
    }
    const after = [step(w1.flat(), dw1.flat()), step(b1, dz1), step(w2, dw2), step([b2], [dz2])];
    for (const [at, values] of after.entries()) {
      expect(digits(await engine.read(parameters[at]!))).toEqual(digits(values));
    }
    expect(digits(await engine.read(parameters[2]!))).toEqual(
      ['0.644299', '-0.200000', '0.400000', '0.909326', '-0.655701'], // 0.6 + 0.1 · 0.442986 = 0.6442986
    );
  });
});

describe('gradient descent at 0.01 on 100 samples, from weights drawn N(0, 0.01)', () => {
  const samples = 100;
  const x = Array.from(normal(keyFromSeed(7), 2 * samples));
  /** Inside of a circle or not: about half each. */
  const y = Array.from({ length: samples }, (_, i) => Number(x[2 * i]! ** 2 + x[2 * i + 1]! ** 2 < 1.4));

  /** The same in plain loops: values by parameter, changed in place; gives the loss before the step. */
  function descend([w1, b1, w2, b2]: number[][], rate: number): number {
    const [dw1, db1, dw2, db2] = [w1!, b1!, w2!, b2!].map((values) => values.map(() => 0)) as [
      number[],
      number[],
      number[],
      number[],
    ];
    let loss = 0;
    for (let i = 0; i < samples; i++) {
      const z1 = b1!.map((bias, unit) => x[2 * i]! * w1![unit]! + x[2 * i + 1]! * w1![5 + unit]! + bias);
      const p = squash(z1.reduce((sum, z, unit) => sum + Math.max(z, 0) * w2![unit]!, b2![0]!));
      loss -= (y[i] === 1 ? Math.log(p) : Math.log(1 - p)) / samples;
      const dz2 = (p - y[i]!) / samples;
      db2[0]! += dz2;
      z1.forEach((z, unit) => {
        if (z <= 0) return;
        dw2[unit]! += z * dz2;
        const dz1 = w2![unit]! * dz2;
        db1[unit]! += dz1;
        dw1[unit]! += x[2 * i]! * dz1;
        dw1[5 + unit]! += x[2 * i + 1]! * dz1;
      });
    }
    const slopes = [dw1, db1, dw2, db2];
    [w1!, b1!, w2!, b2!].forEach((values, at) =>
      values.forEach((_, index) => (values[index]! -= rate * slopes[at]![index]!)),
    );
    return loss;
  }

  test.each([
    [0.01, 200],
    [1, 200],
  ])('at %d, %i steps of the program are those of the loops', async (rate, steps) => {
    const [hidden, output] = network();
    const parameters = [...hidden.weights, ...output.weights];
    const values = parameters.map(({ variable: { initialize } }) => [...initialize!()]);
    const deviation = Math.sqrt(values[0]!.reduce((sum, value) => sum + value ** 2, 0) / 10);
    expect(deviation).toBeGreaterThan(0.003);
    expect(deviation).toBeLessThan(0.03);

    const iterations = variable([], { name: 'iterations', dtype: 'int32' });
    const features = tensor(x, [samples, 2]);
    const prediction = output.call([hidden.call([features], context(true))], context(true));
    const loss = mean(binaryCrossentropy(integers(y), prediction));
    const updates = sgd({ learningRate: rate }).updates(parameters, gradients(loss, parameters), iterations);
    const engine = new Engine(new ReferenceBackend());
    const program = await engine.compile({
      outputs: { loss },
      updates: [...updates, [iterations, increment(iterations)]],
    });

    const losses: number[] = [];
    for (let step = 0; step < steps; step++) {
      program.run();
      const expected = descend(values, rate);
      losses.push(expected);
      expect((await program.read('loss'))[0]).toBeCloseTo(expected, 6);
    }
    for (const [at, parameter] of parameters.entries()) {
      (await engine.read(parameter)).forEach((value, index) => expect(value).toBeCloseTo(values[at]![index]!, 5));
    }
    // Weights this small predict one half: the loss begins at log 2, and gradient descent only ever lowers it.
    expect(losses[0]).toBeCloseTo(Math.LN2, 3);
    losses.forEach((value, step) => expect(value).toBeLessThanOrEqual(losses[step - 1] ?? Infinity));
    expect(await engine.read(iterations)).toEqual(Int32Array.of(steps));
  });
});

describe('softmax cross-entropy of a known probability', () => {
  const run = async (loss: Node): Promise<string[]> => {
    const program = await new Engine(new ReferenceBackend()).compile({ outputs: { loss } });
    program.run();
    return digits(await program.read('loss'));
  };

  test('a class that has probability 0.7 costs −log 0.7 = 0.356675', async () => {
    const probabilities = [0.7, 0.2, 0.1];
    const predictions = softmax(tensor(probabilities.map(Math.log), [1, 3]));
    expect(await run(categoricalCrossentropy(tensor([1, 0, 0], [1, 3]), predictions))).toEqual(['0.356675']);
    expect(await run(sparseCategoricalCrossentropy(integers([0]), predictions))).toEqual(['0.356675']);
    expect(await run(categoricalCrossentropy(tensor([1, 0, 0], [1, 3]), tensor(probabilities, [1, 3])))).toEqual([
      '0.356675',
    ]);
  });

  test('logits 2, 1, 0.1: softmax 0.659001, 0.242433, 0.098566; the loss of the first 0.417030', async () => {
    // e² + e¹ + e^0.1 = 7.389056 + 2.718282 + 1.105171 = 11.212509
    const logits = variable([1, 3], { initialize: () => Float32Array.of(2, 1, 0.1) });
    const predictions = softmax(logits);
    expect(await run(predictions)).toEqual(['0.659001', '0.242433', '0.098566']);
    const loss = mean(sparseCategoricalCrossentropy(integers([0]), predictions));
    expect(await run(loss)).toEqual(['0.417030']);
    // d loss / d logits = softmax − one-hot
    expect(await run(gradients(loss, [logits])[0]!)).toEqual(['-0.340999', '0.242433', '0.098566']);
  });
});

describe('the chain rule through a sigmoid with squared error', () => {
  test('d (a − t)² / dw = 2 (a − t) · a (1 − a) · x', async () => {
    const [w, b, x, t] = [0.8, -0.4, 1.5, 0] as const;
    // z = 0.8 · 1.5 − 0.4 = 0.8, a = 1 / (1 + e^−0.8) = 0.689974, loss = 0.689974² = 0.476065
    const a = squash(w * x + b);
    const [outer, inner] = [2 * (a - t), a * (1 - a)];
    expect(digits([a, (a - t) ** 2, outer, inner])).toEqual(['0.689974', '0.476065', '1.379949', '0.213910']);
    expect(digits([outer * inner * x, outer * inner])).toEqual(['0.442777', '0.295184']);

    const scalar = (name: string, value: number): Variable =>
      variable([], { name, role: 'parameter', initialize: () => Float32Array.of(value) });
    const parameters = [scalar('w', w), scalar('b', b)];
    const activation = sigmoid(add(mul(parameters[0]!, x), parameters[1]!));
    const loss = mean(meanSquaredError(tensor([t]), reshape(activation, [1])));
    const [dw, db] = gradients(loss, parameters) as [Node, Node];
    const engine = new Engine(new ReferenceBackend());
    const iterations = variable([], { dtype: 'int32' });
    const updates = sgd({ learningRate: 0.5 }).updates(parameters, [dw, db], iterations);
    const program = await engine.compile({ outputs: { activation, loss, dw, db }, updates });
    program.run();
    const printed = { activation: '0.689974', loss: '0.476065', dw: '0.442777', db: '0.295184' };
    for (const [name, value] of Object.entries(printed)) expect(digits(await program.read(name))).toEqual([value]);
    // 0.8 − 0.5 · 0.442777 = 0.578612, −0.4 − 0.5 · 0.295184 = −0.547592
    expect(digits(await engine.read(parameters[0]!))).toEqual(['0.578612']);
    expect(digits(await engine.read(parameters[1]!))).toEqual(['-0.547592']);
  });
});
