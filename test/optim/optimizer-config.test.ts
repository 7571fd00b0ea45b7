/** Optimizers by name and from JSON settings, and their errors. */
import { describe, expect, test } from 'vitest';
import { constant } from '../../src/ops/define.ts';
import { adagrad } from '../../src/optim/adagrad.ts';
import { adam } from '../../src/optim/adam.ts';
import { adamax } from '../../src/optim/adamax.ts';
import { adamw } from '../../src/optim/adamw.ts';
import type { Optimizer } from '../../src/optim/optimizer.ts';
import { optimizerFromConfig, optimizerFromName } from '../../src/optim/registry.ts';
import { rmsprop } from '../../src/optim/rmsprop.ts';
import { exponentialDecay, linearWarmup } from '../../src/optim/schedules.ts';
import { sgd } from '../../src/optim/sgd.ts';
import { messageOf } from '../nn/support.ts';
import { parameter } from './support.ts';

describe('names, saving and errors', () => {
  test('what was saved makes the same again', () => {
    const rate = linearWarmup({
      warmupSteps: 5,
      after: exponentialDecay({ initialLearningRate: 1, decaySteps: 9, decayRate: 0.5 }),
    });
    const originals: Optimizer[] = [
      sgd({ learningRate: rate, momentum: 0.5, nesterov: true, clipNorm: 1 }),
      adam({ amsgrad: true, excludeFromWeightDecay: ['bias'], weightDecay: 0.1 }),
      adamw({ beta1: 0.5 }),
      adamax({ globalClipNorm: 2 }),
      rmsprop({ centered: true }),
      adagrad({ clipValue: 3 }),
    ];
    for (const original of originals) {
      const config = JSON.parse(JSON.stringify(original.config())) as Record<string, unknown>;
      const copy = optimizerFromConfig(original.name, config);
      expect(copy.config()).toEqual(config);
      expect(copy.name).toBe(original.name);
    }
  });

  test('names', () => {
    expect(optimizerFromName('adam').config()).toEqual({
      learningRate: 0.001,
      beta1: 0.9,
      beta2: 0.999,
      epsilon: 1e-7,
      amsgrad: false,
    });
    const own = sgd();
    expect(optimizerFromName(own)).toBe(own);
  });

  test('errors', () => {
    expect(messageOf(() => optimizerFromName('adams' as 'adam'))).toMatchInlineSnapshot(
      `"ValueError: optimizer: there is no 'adams'; did you mean 'adam'?"`,
    );
    expect(messageOf(() => optimizerFromConfig('hasOwnProperty', {}))).toMatchInlineSnapshot(
      `"ValueError: optimizer: there is no 'hasOwnProperty': the names are sgd, adam, adamw, adamax, rmsprop, adagrad"`,
    );
    expect(messageOf(() => sgd({ learningRate: -1 }))).toMatchInlineSnapshot(
      `"ValueError: sgd: learningRate must be a finite number ≥ 0, or a schedule such as cosineDecay({ … }), not -1"`,
    );
    expect(messageOf(() => sgd({ momentum: 1 }))).toMatchInlineSnapshot(
      `"ValueError: sgd: momentum must be a number in [0, 1), not 1"`,
    );
    expect(messageOf(() => adam({ beta1: 1.5 }))).toMatchInlineSnapshot(
      `"ValueError: adam: beta1 must be a number in [0, 1), not 1.5"`,
    );
    expect(messageOf(() => adam({ clipNorm: 1, clipValue: 1 }))).toMatchInlineSnapshot(
      `"ValueError: adam: gradient clipping must be one of clipNorm, clipValue and globalClipNorm, not ['clipNorm', 'clipValue']"`,
    );
    expect(messageOf(() => adam({ clipNorm: 0 }))).toMatchInlineSnapshot(
      `"ValueError: adam: clipNorm must be a finite number > 0, not 0"`,
    );
    expect(messageOf(() => adamw({ weightDecay: -1 }))).toMatchInlineSnapshot(
      `"ValueError: adamw: weightDecay must be a finite number ≥ 0, not -1"`,
    );
    const step = constant(0, [], 'int32');
    expect(messageOf(() => sgd().updates([parameter([1], 'w')], [], step))).toMatchInlineSnapshot(
      `"ValueError: sgd: 1 parameters need as many gradients, not 0"`,
    );
  });
});
