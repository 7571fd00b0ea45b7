/**
 * Sixth pass: orders the steps and decides which ones write directly into a variable. Steps that update variables come
 * last, after all reads of the old value. An update that cannot be made in place goes through separate memory and a
 * copy at the end.
 */
import { sameShape } from '../../core/shape.ts';
import type { Graph, Node, Variable } from '../../graph/node.ts';
import { copy } from '../../ops/shape/copy.ts';
import { base } from './step.ts';
import type { ScheduledStep, Step } from './step.ts';

export function schedule(graph: Graph, steps: readonly Step[]): ScheduledStep[] {
  const graphWithCopies = separateVariableUpdates(graph, steps);
  const targets = new Map(graphWithCopies.updates.map(([variable, value]) => [value, variable]));
  const ordered = order(graphWithCopies.steps, targets);
  const scheduled: ScheduledStep[] = [];
  const written = new Set<Node>();
  const lastReader = new Map<Node, number>();
  ordered.forEach(({ inputs }, position) => inputs.forEach((input) => lastReader.set(base(input), position)));
  ordered.forEach((step, position) => {
    const direct = step.outputs.map((output) => {
      const variable = targets.get(output);
      if (variable === undefined || (lastReader.get(variable) ?? 0) > position) return null;
      return mayWrite(step, variable) ? variable : null;
    });
    step.outputs.forEach((output, index) => {
      if (direct[index] !== null) written.add(output);
    });
    scheduled.push(...resolveInPlace(step, direct));
  });
  for (const [value, variable] of targets) {
    if (!written.has(value)) scheduled.push(copyStep(value, variable, variable));
  }
  return scheduled;
}

/** Copies new values that are a variable, a number or a view, because all right sides read old values. */
function separateVariableUpdates(graph: Graph, steps: readonly Step[]): { steps: Step[]; updates: [Variable, Node][] } {
  const made = new Set(steps.flatMap(({ outputs }) => outputs));
  const seen = new Set<Node>();
  const all = [...steps];
  const updates = graph.updates.map(([variable, value]): [Variable, Node] => {
    if (made.has(value) && !seen.has(value)) {
      seen.add(value);
      return [variable, value];
    }
    const copied = copy(value);
    all.push({ op: copy.op, attributes: {}, inputs: [value], outputs: [copied], scope: value.scope });
    return [variable, copied];
  });
  return { steps: all, updates };
}

/** Puts dependencies first, and steps that compute a variable's new value as late as their users allow. */
function order(steps: readonly Step[], targets: ReadonlyMap<Node, Variable>): Step[] {
  const maker = new Map<Node, Step>();
  for (const step of steps) for (const output of step.outputs) maker.set(output, step);
  const waiting = new Map(steps.map((step) => [step, needs(step, maker)]));
  const isLast = (step: Step): boolean => step.outputs.some((output) => targets.has(output));
  const result: Step[] = [];
  const done = new Set<Step>();
  // Node ids follow the order in which the user created the nodes. Keeping that order keeps lifetimes short.
  const byAge = [...steps].sort((a, b) => age(a) - age(b));
  const visit = (step: Step): void => {
    if (done.has(step)) return;
    done.add(step);
    for (const needed of waiting.get(step)!) visit(needed);
    result.push(step);
  };
  for (const step of byAge) if (!isLast(step)) visit(step);
  for (const step of byAge) visit(step);
  // Moves a step after the steps that read the variable which it would write, unless they depend on it.
  for (const step of byAge.filter(isLast)) {
    const written = new Set<Node | undefined>(step.outputs.map((output) => targets.get(output)));
    const from = result.indexOf(step);
    const to = result.findLastIndex(({ inputs }) => inputs.some((input) => written.has(base(input))));
    const between = result.slice(from + 1, to + 1);
    if (between.some((other) => waiting.get(other)!.includes(step))) continue;
    result.splice(from, 1 + between.length, ...between, step);
  }
  return result;
}

function needs(step: Step, maker: ReadonlyMap<Node, Step>): Step[] {
  const makers = step.inputs.map((input) => maker.get(base(input))).filter((other) => other !== undefined);
  return [...new Set(makers)].sort((a, b) => age(a) - age(b));
}

const age = (step: Step): number => Math.max(...step.outputs.map(({ id }) => id));

/** Whether `step` may write `variable` while it reads its inputs. */
function mayWrite(step: Step, variable: Node): boolean {
  const reads = step.inputs.filter((input) => base(input) === variable);
  if (step.op.inPlace !== undefined) return reads.length === 1 && step.inputs[step.op.inPlace] === reads[0];
  if (reads.length === 0) return true;
  // Element i is read before element i is written; under broadcasting it would be read again later.
  return !!step.op.inPlaceSafe && reads.length === 1 && sameShape(reads[0]!.shape, step.outputs[0]!.shape);
}

/** Decides which outputs share memory with inputs. An in-place op whose input is still needed works on a copy. */
function resolveInPlace(step: Step, targets: readonly (Node | null)[]): ScheduledStep[] {
  const { inPlace } = step.op;
  if (inPlace === undefined) {
    const shared = targets.map((variable) => {
      const index = variable === null ? -1 : step.inputs.findIndex((input) => base(input) === variable);
      return index < 0 ? null : index;
    });
    return [{ ...step, inPlace: shared, targets }];
  }
  if (targets[0] !== null) return [{ ...step, inPlace: [inPlace], targets }];
  const output = step.outputs[0]!;
  return [copyStep(step.inputs[inPlace]!, output, null), { ...step, inPlace: [null], targets: [null] }];
}

/** Copies `value` into the memory of `into`, which is the variable `target` or a value of the arena. */
function copyStep(value: Node, into: Node, target: Node | null): ScheduledStep {
  return {
    op: copy.op,
    attributes: {},
    inputs: [value],
    outputs: [into],
    scope: into.scope,
    inPlace: [null],
    targets: [target],
  };
}
