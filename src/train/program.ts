/**
 * The graphs of a run: a step of training, of evaluation or of prediction, over one batch of a data set. Each is one
 * program that counts its own cursor, so that many steps run without coming back.
 */
import type { Engine, Executable } from '../engine.ts';
import type { Node, Variable } from '../graph/node.ts';
import { gradients } from '../autodiff/gradients.ts';
import type { Layer } from '../nn/layer.ts';
import type { LossFunction } from '../nn/loss.ts';
import type { Metric } from '../nn/metric.ts';
import { add, div, mul } from '../ops/arithmetic.ts';
import { storeRows } from '../ops/batch.ts';
import { increment } from '../ops/counter.ts';
import { firstNonFinite } from '../ops/finite.ts';
import { variable } from '../ops/op.ts';
import { sum } from '../ops/reduce.ts';
import { select } from '../ops/select.ts';
import type { Optimizer, Update } from '../optim/optimizer.ts';
import { batchAt, stepsOf } from './data-set.ts';
import type { BatchView } from './data-set.ts';
import { FiniteWatch } from './finite-watch.ts';
import { Sums } from './sums.ts';
import type { ForwardPass, Topology } from './topology.ts';

/** What training and evaluation need of a model. */
export interface Recipe {
  readonly topology: Topology;
  readonly loss: LossFunction;
  readonly metrics: readonly Metric[];
  readonly optimizer: Optimizer;
  /** What the optimizer changes. */
  readonly parameters: readonly Variable[];
  /** The layers that are not frozen. */
  readonly trainedLayers: ReadonlySet<Layer>;
  /** int32 []: training steps done; lives as long as the model. */
  readonly iterations: Variable;
}

/** A step's program with the variables that are its own. */
export interface StepProgram {
  readonly executable: Executable;
  /** Steps that go through all the samples of the view once. */
  readonly steps: number;
  readonly sums: Sums;
  /** null for programs that do not train. */
  readonly watch: FiniteWatch | null;
  /** Sets cursor and sums back: before every epoch. */
  rewind(): void;
  dispose(): void;
}

/** One step of training: forward, loss, gradients, optimizer, sums and the watch for non-finite values. */
export async function trainingProgram(engine: Engine, view: BatchView, recipe: Recipe): Promise<StepProgram> {
  const { parameters, optimizer, iterations } = recipe;
  const cursor = newCursor();
  const step = forwardWithLoss(engine, view, recipe, cursor, true);
  const slopes = parameters.length === 0 ? [] : gradients(step.loss, parameters);
  const watch = new FiniteWatch(engine, step.pass.layerOutputs, step.loss);
  const flags: Update = [watch.flags, firstNonFinite(watch.flags, iterations, ...watch.values)];
  const updates = [
    ...optimizer.updates(parameters, slopes, iterations),
    ...step.pass.updates,
    ...step.updates,
    [iterations, increment(iterations)] as const,
    flags,
  ];
  return assemble(engine, view, { updates, cursor, sums: step.sums, watch });
}

/** One step of evaluation: forward and sums. */
export async function evaluationProgram(engine: Engine, view: BatchView, recipe: Recipe): Promise<StepProgram> {
  const cursor = newCursor();
  const { updates, sums } = forwardWithLoss(engine, view, recipe, cursor, false);
  return assemble(engine, view, { updates, cursor, sums, watch: null });
}

export interface PredictionProgram extends StepProgram {
  /** float32 [samples, ...]: one row for each sample, filled batch by batch. */
  readonly rows: Variable;
}

/** One step of prediction: forward, and the rows stored in their places. */
export async function predictionProgram(
  engine: Engine,
  view: BatchView,
  topology: Topology,
  iterations: Node,
): Promise<PredictionProgram> {
  const cursor = newCursor();
  const pass = topology.forward(batchAt(view, cursor).features, { training: false, iterations });
  const output = pass.outputs[0]!;
  const rows = variable([view.data.samples, ...output.shape.slice(1)], { dtype: output.dtype, name: 'predictions' });
  const updates: Update[] = [[rows, storeRows(rows, cursor, output)]];
  const program = await assemble(engine, view, { updates, cursor, sums: new Sums(engine, []), watch: null }, [rows]);
  return { ...program, rows };
}

function newCursor(): Variable {
  return variable([], { dtype: 'int32', name: 'cursor' });
}

interface LossStep {
  readonly pass: ForwardPass;
  /** What is trained for: the mean over the batch's samples, and the penalties. */
  readonly loss: Node;
  readonly sums: Sums;
  readonly updates: readonly Update[];
}

function forwardWithLoss(
  engine: Engine,
  view: BatchView,
  recipe: Recipe,
  cursor: Variable,
  training: boolean,
): LossStep {
  const { topology, loss: lossOf, metrics, iterations, trainedLayers } = recipe;
  const { features, labels, mask } = batchAt(view, cursor);
  const context = { training, iterations, rowMask: mask };
  const pass = topology.forward(features, context, training ? trainedLayers : undefined);
  const predictions = pass.outputs[0]!;
  const losses = select(mask, lossOf(labels!, predictions), 0);
  const count = sum(mask);
  const mean = div(sum(losses), count);
  const loss = pass.penalties.reduce((total, penalty) => add(total, penalty), mean);
  // The reported loss is the mean over all samples, each with the penalties of its step.
  const parts = [[mul(loss, count), count], ...metrics.map((metric) => metric.sums(labels!, predictions, mask))];
  const sums = new Sums(engine, parts);
  return { pass, loss, sums, updates: sums.updates };
}

interface Parts {
  readonly updates: readonly Update[];
  readonly cursor: Variable;
  readonly sums: Sums;
  readonly watch: FiniteWatch | null;
}

async function assemble(
  engine: Engine,
  view: BatchView,
  { updates, cursor, sums, watch }: Parts,
  others: readonly Variable[] = [],
): Promise<StepProgram> {
  const own = [cursor, ...sums.variables, ...(watch ? [watch.flags] : []), ...others];
  const advance: Update = [cursor, increment(cursor, view.batch)];
  let executable: Executable;
  try {
    executable = await engine.compile({ outputs: {}, updates: [...updates, advance] });
  } catch (error) {
    engine.release(own);
    throw error;
  }
  return {
    executable,
    steps: stepsOf(view),
    sums,
    watch,
    rewind: () => {
      engine.write(cursor, Int32Array.of(0));
      sums.reset();
    },
    dispose: () => {
      executable.dispose();
      engine.release(own);
    },
  };
}
