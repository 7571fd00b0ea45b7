/**
 * Everything that optimizers share: the learning rate, clipping, weight decay and slots (per-parameter state). The file of
 * an optimizer contains only its update formula for one parameter.
 */
import { unproxied } from '../core/raw.ts';
import { arrayOf, checkArguments, number, options, positive, string } from '../core/arguments.ts';
import type { ArgumentTable } from '../core/arguments.ts';
import { ValueError } from '../core/errors.ts';
import { sizeOf } from '../core/shape.ts';
import { withScope } from '../graph/node.ts';
import type { Node, Variable } from '../graph/node.ts';
import { add, mul, neg, sub } from '../ops/elementwise/arithmetic.ts';
import { cast } from '../ops/elementwise/clip.ts';
import { expm1 } from '../ops/elementwise/math.ts';
import { constant, variable, variableOf } from '../ops/define.ts';
import { node, nodes, rateOrSchedule, variables } from './arguments.ts';
import { checkClipping, clipGradients } from './clipping.ts';
import type { ClippingOptions } from './clipping.ts';
import type { Optimizer, Update } from './optimizer.ts';
import type { Schedule } from './schedules.ts';

/** The options that every optimizer takes. */
export interface OptimizerOptions extends ClippingOptions {
  /** A constant rate or a schedule. */
  readonly learningRate?: number | Schedule;
  /**
   * Decoupled weight decay (Loshchilov, Hutter 2019): each step first subtracts rate · weightDecay · parameter. Unlike
   * the L2 regularizer, it does not contribute to the gradients.
   */
  readonly weightDecay?: number;
  /** Parameters whose name contains one of these strings are not decayed: `['bias']`. */
  readonly excludeFromWeightDecay?: readonly string[];
}

/** Scalars that are the same for all parameters, computed once per step. */
export interface StepScalars {
  /** float32 []: the learning rate. */
  readonly rate: Node;
  /** float32 []: the number of this step, counted from 1. */
  readonly time: Node;
}

/** Returns a slot of the parameter: a variable of the parameter's shape whose value persists between steps. */
export type Slot = (kind: string, initialValue?: number) => Variable;

export interface ParameterUpdate {
  /** Subtracted from the parameter. */
  readonly decrement: Node;
  /** New values of the slots. */
  readonly slots: readonly Update[];
}

/** The formula of an optimizer. The outer function runs once per step graph, the inner one once per parameter. */
export type Formula = (scalars: StepScalars) => (gradient: Node, slot: Slot) => ParameterUpdate;

/** 1 − beta^time, computed with expm1: accurate also when beta^time is close to 1. */
export function biasCorrection(beta: number, time: Node): Node {
  return beta === 0 ? constant(1) : neg(expm1(mul(time, Math.log(beta))));
}

type Completed = OptimizerOptions & { readonly learningRate: number | Schedule };

/**
 * Creates an optimizer from its formula. Checks the arguments of the factory function first.
 *
 * @param given the `arguments` of the factory; its only argument is the options object
 * @param defaults default learning rate and defaults of the options that only this optimizer has
 * @param own types of the options that only this optimizer has
 */
export function defineOptimizer<Settings extends { readonly learningRate: number }>(
  name: string,
  given: ArrayLike<unknown>,
  defaults: Settings,
  own: ArgumentTable,
  makeFormula: (settings: Settings) => Formula,
): Optimizer {
  checkArguments(name, given, {
    options: options({
      learningRate: rateOrSchedule(),
      ...own,
      weightDecay: number(0),
      excludeFromWeightDecay: arrayOf(string, 'an array of strings'),
      clipNorm: positive,
      clipValue: positive,
      globalClipNorm: positive,
    }),
  });
  const settings = { ...defaults, ...defined((given[0] ?? {}) as OptimizerOptions) };
  const { learningRate, weightDecay, excludeFromWeightDecay = [] }: Completed = settings;
  checkClipping(name, settings);
  const formula = makeFormula(settings);
  const slots = new Map<Variable, Map<string, Variable>>();
  const initialRate = typeof learningRate === 'number' ? learningRate : learningRate.valueAt(0);
  const learningRateVariable = variable([], {
    name: `${name}/learningRate`,
    initialize: () => Float32Array.of(initialRate),
  });

  const slotsOf = (parameter: Variable): Slot => {
    let own = slots.get(parameter);
    if (own === undefined) slots.set(parameter, (own = new Map()));
    const known = own;
    return (kind, initialValue = 0) => {
      let slot = known.get(kind);
      if (slot === undefined) known.set(kind, (slot = makeSlot(parameter, kind, initialValue)));
      return slot;
    };
  };

  const decays = ({ variable: { name: parameter } }: Variable): boolean =>
    weightDecay !== undefined && weightDecay > 0 && !excludeFromWeightDecay.some((part) => parameter.includes(part));

  const updates: Optimizer['updates'] = (...call) => {
    checkArguments(`${name}.updates`, call, {
      parameters: variables(),
      gradients: nodes(),
      iterations: node,
    });
    const [parameters, gradients, iterations] = call;
    if (parameters.length !== gradients.length) {
      throw new ValueError(`${name}: ${parameters.length} parameters need as many gradients, not ${gradients.length}`);
    }
    return withScope(name, () => {
      const rate = typeof learningRate === 'number' ? learningRateVariable : learningRate.build(iterations);
      const time = add(cast(iterations, 'float32'), 1);
      const update = formula({ rate, time });
      const decay = parameters.some(decays) ? sub(1, mul(rate, weightDecay!)) : undefined;
      const clipped = clipGradients(gradients, settings);
      return parameters.flatMap((parameter, index): Update[] => {
        const { decrement, slots: slotUpdates } = update(clipped[index]!, slotsOf(parameter));
        const decayed = decay !== undefined && decays(parameter) ? mul(parameter, decay) : parameter;
        return [[parameter, sub(decayed, decrement)], ...slotUpdates];
      });
    });
  };

  return unproxied({
    name,
    learningRate,
    learningRateVariable,
    config: () => ({
      ...settings,
      learningRate:
        typeof learningRate === 'number' ? learningRate : { name: learningRate.name, config: learningRate.config },
    }),
    updates,
    fresh: () => defineOptimizer(name, [settings], defaults, own, makeFormula),
    slots: () => [...slots.values()].flatMap((own) => [...own.values()]),
  });
}

function makeSlot(parameter: Variable, kind: string, initialValue: number): Variable {
  const { shape, variable: meta } = parameter;
  const initialize = (): Float32Array => new Float32Array(sizeOf(shape)).fill(initialValue);
  const slot = variable(shape, { name: `${meta.name}/${kind}`, ...(initialValue !== 0 && { initialize }) });
  return variableOf(slot, { ...slot.variable, slot: kind });
}

function defined(options: OptimizerOptions): OptimizerOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
