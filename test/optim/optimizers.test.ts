import { describe, expect, test } from 'vitest';
import { ReferenceBackend } from '../../src/backends/reference/index.ts';
import { WasmBackend } from '../../src/backends/wasm/index.ts';
import { Engine } from '../../src/engine.ts';
import type { Variable } from '../../src/graph/node.ts';
import * as gradlet from '../../src/index.ts';
import { mul, sub } from '../../src/ops/elementwise/arithmetic.ts';
import { constant, variable } from '../../src/ops/define.ts';
import { adagrad } from '../../src/optim/adagrad.ts';
import { adam } from '../../src/optim/adam.ts';
import { adamax } from '../../src/optim/adamax.ts';
import { adamw } from '../../src/optim/adamw.ts';
import type { Optimizer } from '../../src/optim/optimizer.ts';
import { optimizers } from '../../src/optim/registry.ts';
import { rmsprop } from '../../src/optim/rmsprop.ts';
import { exponentialDecay, linearWarmup } from '../../src/optim/schedules.ts';
import { sgd } from '../../src/optim/sgd.ts';
import { parameter, train } from './support.ts';

const start = [1, -2, 0.5, 3];
const weights = [0.5, 2, -1, 0.1];
const target = [0, 1, 2, -1];

/** The gradient of ½ Σ weights · (p − target)²: the same for the graph and for the loops. */
const slope = (p: number, index: number): number => weights[index]! * (p - target[index]!);
const slopeNode = (p: Variable): ReturnType<typeof mul> =>
  mul(sub(p, constant(Float32Array.from(target))), constant(Float32Array.from(weights)));

/** The formula for one element: maps (p, g, t) to the new p and stores its slots. t counts from 1. */
type Scalar = () => (p: number, g: number, t: number) => number;

const formulas: readonly (readonly [string, Optimizer, Scalar])[] = [
  ['sgd', sgd({ learningRate: 0.05 }), () => (p, g) => p - 0.05 * g],
  [
    'sgd with momentum',
    sgd({ learningRate: 0.05, momentum: 0.9 }),
    () => {
      let m = 0;
      return (p, g) => p + (m = 0.9 * m - 0.05 * g);
    },
  ],
  [
    'sgd with Nesterov momentum',
    sgd({ learningRate: 0.05, momentum: 0.9, nesterov: true }),
    () => {
      let m = 0;
      return (p, g) => {
        m = 0.9 * m - 0.05 * g;
        return p + 0.9 * m - 0.05 * g;
      };
    },
  ],
  [
    'adam',
    adam({ learningRate: 0.1, beta1: 0.8, beta2: 0.95, epsilon: 1e-3 }),
    () => {
      let [m, v] = [0, 0];
      return (p, g, t) => {
        m = 0.8 * m + 0.2 * g;
        v = 0.95 * v + 0.05 * g * g;
        return p - (0.1 * Math.sqrt(1 - 0.95 ** t) * m) / (1 - 0.8 ** t) / (Math.sqrt(v) + 1e-3);
      };
    },
  ],
  [
    'adam with its defaults',
    adam(),
    () => {
      let [m, v] = [0, 0];
      return (p, g, t) => {
        m = 0.9 * m + 0.1 * g;
        v = 0.999 * v + 0.001 * g * g;
        const [mean, square] = [m / (1 - 0.9 ** t), v / (1 - 0.999 ** t)];
        return p - (0.001 * mean) / (Math.sqrt(square) + 1e-7 / Math.sqrt(1 - 0.999 ** t));
      };
    },
  ],
  [
    'adam with amsgrad',
    adam({ learningRate: 0.1, beta2: 0.5, amsgrad: true }),
    () => {
      let [m, v, greatest] = [0, 0, 0];
      return (p, g, t) => {
        m = 0.9 * m + 0.1 * g;
        v = 0.5 * v + 0.5 * g * g;
        greatest = Math.max(greatest, v);
        return p - (0.1 * Math.sqrt(1 - 0.5 ** t) * m) / (1 - 0.9 ** t) / (Math.sqrt(greatest) + 1e-7);
      };
    },
  ],
  [
    'adamw',
    adamw({ learningRate: 0.1, weightDecay: 0.2 }),
    () => {
      let [m, v] = [0, 0];
      return (p, g, t) => {
        m = 0.9 * m + 0.1 * g;
        v = 0.999 * v + 0.001 * g * g;
        const step = (0.1 * Math.sqrt(1 - 0.999 ** t) * m) / (1 - 0.9 ** t) / (Math.sqrt(v) + 1e-7);
        return p - 0.1 * 0.2 * p - step;
      };
    },
  ],
  [
    'adamax',
    adamax({ learningRate: 0.1 }),
    () => {
      let [m, u] = [0, 0];
      return (p, g, t) => {
        m = 0.9 * m + 0.1 * g;
        u = Math.max(0.999 * u, Math.abs(g));
        return p - ((0.1 / (1 - 0.9 ** t)) * m) / (u + 1e-7);
      };
    },
  ],
  [
    'rmsprop',
    rmsprop({ learningRate: 0.02 }),
    () => {
      let v = 0;
      return (p, g) => {
        v = 0.9 * v + 0.1 * g * g;
        return p - (0.02 * g) / Math.sqrt(v + 1e-7);
      };
    },
  ],
  [
    'rmsprop, centered, with momentum',
    rmsprop({ learningRate: 0.02, rho: 0.8, momentum: 0.5, centered: true, epsilon: 1e-3 }),
    () => {
      let [v, mean, m] = [0, 0, 0];
      return (p, g) => {
        v = 0.8 * v + 0.2 * g * g;
        mean = 0.8 * mean + 0.2 * g;
        m = 0.5 * m + (0.02 * g) / Math.sqrt(v - mean * mean + 1e-3);
        return p - m;
      };
    },
  ],
  [
    'adagrad',
    adagrad({ learningRate: 0.2, initialAccumulatorValue: 0.3, epsilon: 1e-6 }),
    () => {
      let s = Math.fround(0.3);
      return (p, g) => {
        s += g * g;
        return p - (0.2 * g) / Math.sqrt(s + 1e-6);
      };
    },
  ],
];

/** All registered optimizers, with the common options. */
const makers = Object.values(optimizers).map(
  (make) =>
    (options: Parameters<typeof sgd>[0]): Optimizer =>
      make(options as never),
);

test.each(Object.entries(optimizers))('%s has its formula in the table, and is exported', (name, make) => {
  expect(formulas.map(([, optimizer]) => optimizer.name)).toContain(name);
  expect(gradlet[name as keyof typeof gradlet]).toBe(make);
});

test.each(formulas)('%s: 20 steps are those of a float64 loop', async (_, optimizer, scalar) => {
  const { run } = await train(optimizer, [parameter(start, 'w')], slopeNode);
  const step = start.map(() => scalar());
  let expected = start;
  for (let t = 1; t <= 20; t++) {
    expected = expected.map((p, index) => step[index]!(p, slope(p, index), t));
    const [values] = await run(1);
    // The rate, weights and constants of the graph are float32.
    values!.forEach((value, index) => expect(Math.abs(value - expected[index]!)).toBeLessThan(2e-6 * t ** 0.5));
  }
});

test('on WebAssembly, all optimizers take the same steps, for many elements and for one', async () => {
  const gradientOf = (p: Variable): ReturnType<typeof mul> => (p.shape[0] === 1 ? sub(p, 2) : slopeNode(p));
  const clipping = [{}, { clipNorm: 0.5 }, { globalClipNorm: 0.5 }, { clipValue: 0.3 }, { weightDecay: 0.1 }];
  for (const make of makers) {
    for (const options of clipping) {
      const [expected, actual] = await Promise.all(
        [new ReferenceBackend(), await WasmBackend.create()].map(async (backend) => {
          const parameters = [parameter(start, 'many'), parameter([1], 'one')];
          const optimizer = make({ learningRate: linearWarmup({ warmupSteps: 5, after: 0.1 }), ...options });
          return (await (await train(optimizer, parameters, gradientOf, backend)).run(20)).flat();
        }),
      );
      // float32 throughout, 20 steps of about 10 roundings each
      actual!.forEach((value, index) => expect(Math.abs(value - expected![index]!)).toBeLessThan(2e-5));
    }
  }
});

describe('values published in the tests of Keras 3 (keras/src/optimizers)', () => {
  const after = async (
    optimizer: Optimizer,
    p: readonly number[],
    g: readonly number[],
    steps = 1,
  ): Promise<number[]> => {
    const { run } = await train(optimizer, [parameter(p, 'w')], () => constant(Float32Array.from(g)));
    return (await run(steps))[0]!;
  };
  const close = (values: readonly number[], expected: readonly number[], tolerance: number): void =>
    values.forEach((value, index) => expect(Math.abs(value - expected[index]!)).toBeLessThan(tolerance));

  test.each([
    ['sgd', sgd({ learningRate: 0.5 }), [0.5, -1, -0.5, 3]],
    ['adam', adam({ learningRate: 0.5 }), [0.5, 1.5, 2.5, 3.5]],
    ['adamw', adamw({ learningRate: 0.5 }), [0.498, 1.496, 2.494, 3.492]],
    ['adamax', adamax({ learningRate: 0.5 }), [0.5, 1.5, 2.5, 3.5]],
    ['rmsprop', rmsprop({ learningRate: 0.5 }), [-0.5811, 0.4189, 1.4189, 2.4189]],
    ['adagrad', adagrad({ learningRate: 0.5 }), [0.5233, 1.5007, 2.5005, 3.5061]],
  ])('%s: a single step', async (_, optimizer, expected) => {
    close(await after(optimizer, [1, 2, 3, 4], [1, 6, 7, 2]), expected, 1e-4);
  });

  test('a weight decay of 0.004 at rate 1, three times: 2 → 1.9760959', async () => {
    for (const make of makers) {
      close(await after(make({ learningRate: 1, weightDecay: 0.004 }), [2], [0], 3), [1.9760959], 1e-6);
    }
  });

  test('five steps: a gradient of 0.01 first, then 0.1, 0.2 … 1', async () => {
    const gradients = Float32Array.from({ length: 10 }, (_, index) => (index + 1) / 10);
    const last: readonly (readonly [Optimizer, number, number])[] = [
      // The first and the last element after the fifth step.
      [adam({ amsgrad: true }), 0.9955, 0.9955],
      [adamw({ learningRate: 1, weightDecay: 0.5, epsilon: 2 }), 0.0263, -0.0159],
      [adamax({ learningRate: 0.2, beta1: 0.85, beta2: 0.95, epsilon: 1e-6 }), 0.1933, 0.2126],
      [rmsprop({ centered: true }), 0.9864, 0.9864],
      [adagrad({ learningRate: 0.2, initialAccumulatorValue: 0.3, epsilon: 1e-6 }), 0.856, 0.4825],
      [sgd({ nesterov: true }), 0.9959, 0.9599],
    ];
    for (const [optimizer, first, tenth] of last) {
      const engine = new Engine(new ReferenceBackend());
      const iterations = variable([], { dtype: 'int32' });
      const gradient = variable([10], { name: 'gradient' });
      const w = parameter(new Array<number>(10).fill(1), 'w');
      const step = await engine.compile({ updates: optimizer.updates([w], [gradient], iterations) });
      for (let t = 0; t < 5; t++) {
        engine.write(iterations, Int32Array.of(t));
        engine.write(gradient, t === 0 ? new Float32Array(10).fill(0.01) : gradients);
        step.run();
      }
      const values = await engine.read(w);
      close([values[0]!, values[9]!], [first, tenth], 5e-4);
    }
  });
});

describe('what all optimizers share', () => {
  test('slots are made once for each parameter, named after it', () => {
    const optimizer = adam({ amsgrad: true });
    const [kernel, bias] = [parameter([1, 2], 'dense/kernel'), parameter([0], 'dense/bias')];
    const step = variable([], { dtype: 'int32' });
    const first = optimizer.updates([kernel, bias], [kernel, bias], step);
    const slots = optimizer.slots();
    expect(slots.map(({ variable }) => [variable.name, variable.role])).toEqual([
      ['dense/kernel/mean', 'state'],
      ['dense/kernel/meanSquare', 'state'],
      ['dense/kernel/greatestSquare', 'state'],
      ['dense/bias/mean', 'state'],
      ['dense/bias/meanSquare', 'state'],
      ['dense/bias/greatestSquare', 'state'],
    ]);
    const again = optimizer.updates([bias], [bias], step);
    expect(optimizer.slots()).toEqual(slots);
    expect(again[0]![0]).toBe(first[4]![0]);
    expect(again[1]![0]).toBe(first[5]![0]);
  });

  test('the host may write another rate between runs', async () => {
    const optimizer = sgd({ learningRate: 0.5 });
    const { engine, run } = await train(optimizer, [parameter([1], 'w')], () => constant(1, [1]));
    expect(await run(1)).toEqual([[0.5]]);
    engine.write(optimizer.learningRateVariable, Float32Array.of(0.25));
    expect(await run(1)).toEqual([[0.25]]);
    expect(optimizer.learningRateVariable.shape).toEqual([]);
  });

  test('a schedule counts the steps', async () => {
    const optimizer = sgd({
      learningRate: exponentialDecay({ initialLearningRate: 1, decaySteps: 1, decayRate: 0.5 }),
    });
    const { run } = await train(optimizer, [parameter([0], 'w')], () => constant(-1, [1]));
    expect(await run(4)).toEqual([[1 + 0.5 + 0.25 + 0.125]]);
  });

  test('a schedule and weight decay go together: rate · decay', async () => {
    const rate = exponentialDecay({ initialLearningRate: 0.5, decaySteps: 1, decayRate: 0.5 });
    const { run } = await train(sgd({ learningRate: rate, weightDecay: 0.5 }), [parameter([1], 'w')], () =>
      constant(0, [1]),
    );
    expect(await run(2)).toEqual([[(1 - 0.25) * (1 - 0.125)]]);
  });

  test('parameters can be left out of weight decay by name', async () => {
    const optimizer = sgd({ learningRate: 1, weightDecay: 0.5, excludeFromWeightDecay: ['bias'] });
    const parameters = [parameter([1], 'dense/kernel'), parameter([1], 'dense/bias')];
    const { run } = await train(optimizer, parameters, () => constant(0, [1]));
    expect(await run(1)).toEqual([[0.5], [1]]);
  });

  test('clipping by value, by norm, and by the norm of all', async () => {
    const gradientsOf = (p: Variable): ReturnType<typeof constant> =>
      constant(Float32Array.from(p.variable.name === 'a' ? [3, 4] : [0, -12]));
    const step = async (optimizer: Optimizer): Promise<number[][]> => {
      const parameters = [parameter([0, 0], 'a'), parameter([0, 0], 'b')];
      return (await (await train(optimizer, parameters, gradientsOf)).run(1)).map((values) =>
        values.map((value) => 0 - value),
      );
    };
    expect(await step(sgd({ learningRate: 1, clipValue: 3.5 }))).toEqual([
      [3, 3.5],
      [0, -3.5],
    ]);
    expect(await step(sgd({ learningRate: 1, clipNorm: 10 }))).toEqual([
      [3, 4],
      [0, -10],
    ]);
    expect(await step(sgd({ learningRate: 1, globalClipNorm: 6.5 }))).toEqual([
      [1.5, 2],
      [0, -6],
    ]);
    expect(await step(sgd({ learningRate: 1, globalClipNorm: 13 }))).toEqual([
      [3, 4],
      [0, -12],
    ]);
  });

  test('a gradient of zeros is no reason for NaN', async () => {
    for (const make of makers) {
      for (const clipping of [{}, { clipNorm: 1 }, { globalClipNorm: 1 }]) {
        const { run } = await train(make(clipping), [parameter([0, 0], 'w')], () => constant(0, [2]));
        expect(await run(2)).toEqual([[0, 0]]);
      }
    }
  });

  test('no parameters, no updates', () => {
    expect(adam({ globalClipNorm: 1 }).updates([], [], constant(0, [], 'int32'))).toEqual([]);
  });

  test('the scalars of the step are one kernel, each parameter one more, and no kernel needs more than the 8 buffers of WebGPU', async () => {
    const engine = new Engine(new ReferenceBackend());
    const [a, b] = [parameter([1, 2, 3], 'a'), parameter([1, 2], 'b')];
    const iterations = variable([], { name: 'iterations', dtype: 'int32' });
    const gradients = [variable([3], { name: 'da' }), variable([2], { name: 'db' })];
    const { program } = await engine.compile({ updates: adam().updates([a, b], gradients, iterations) });
    const [scalars, ...others] = program.steps;
    expect(others.length).toBe(2); // each parameter is one kernel with all its slots
    expect([scalars!.inputs.length, scalars!.outputs.length]).toEqual([2, 1]); // rate and step give the corrected rate
    expect(program.steps.every(({ op }) => op.name === 'elementwise')).toBe(true);
    const buffers = others.map(
      ({ inputs, outputs, inPlace }) => inputs.length + outputs.filter((_, at) => inPlace[at] === null).length,
    );
    expect(Math.max(...buffers)).toBeLessThanOrEqual(8);
    expect(scalars!.label).toBe('adam/elementwise');
  });
});
