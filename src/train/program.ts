/**
 * The graphs of a run: a step of training, of evaluation or of prediction, over one batch of a data set. Each counts its
 * own cursor, so that many steps run without coming back. A last, short batch has a graph of its own size, with the same
 * variables: a batch that was filled up would change what a layer or loss makes of the whole batch.
 */
import { warnOnce } from '../core/warn.ts';
import type { Engine } from '../engine.ts';
import type { Node, Variable } from '../graph/node.ts';
import { gradients } from '../autodiff/gradients.ts';
import type { Layer } from '../nn/layer.ts';
import { alignLabels } from '../nn/losses/labels.ts';
import type { LossFunction } from '../nn/losses/loss.ts';
import { lossName } from '../nn/losses/losses.ts';
import type { Metric } from '../nn/metrics/metric.ts';
import { add, mul } from '../ops/elementwise/arithmetic.ts';
import { storeRows } from '../ops/indexing/batch.ts';
import { increment } from '../ops/state/counter.ts';
import { constant, variable } from '../ops/define.ts';
import { mean } from '../ops/reduce/reduce.ts';
import type { Optimizer, Update } from '../optim/optimizer.ts';
import { batchAt, batchSizes } from '../data/data-set.ts';
import type { BatchView } from '../data/data-set.ts';
import { FiniteWatch, watchedLoss, watchedOutputs, watchedState } from './finite-watch.ts';
import type { StepRun } from './loop.ts';
import { Sums } from './sums.ts';
import type { ForwardPass, Topology } from '../nn/topology.ts';

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
  /** One executable for each size of batch: together they go through all the samples of the view once. */
  readonly parts: readonly StepRun[];
  /** Of all parts. */
  readonly steps: number;
  readonly sums: Sums;
  /** null for programs that predict. */
  readonly watch: FiniteWatch | null;
  /** Whether it changes the weights: its watch then counts training steps, else samples. */
  readonly trains: boolean;
  /** Sets cursor and sums back: before every epoch. */
  rewind(): void;
  dispose(): void;
}

/**
 * One step of training: forward, loss, gradients, optimizer, sums and the watch for non-finite values.
 *
 * @param watchesState whether the watch looks at what the step makes of weights and optimizer state, too: in a run of many steps
 *   the next step's outputs show most of it, and a check at the end the rest, for less
 */
export async function trainingProgram(
  engine: Engine,
  view: BatchView,
  recipe: Recipe,
  watchesState = false,
): Promise<StepProgram> {
  const { parameters, optimizer, iterations, topology } = recipe;
  const own = { cursor: newCursor(), sums: new Sums(engine), watch: new FiniteWatch(engine), trains: true };
  return assemble(engine, view, own, (batch) => {
    const { pass, loss, parts } = forwardWithLoss(view, batch, recipe, own.cursor, true);
    warnOfSettings(recipe, pass);
    const slopes = parameters.length === 0 ? [] : gradients(loss, parameters);
    const changes = [...optimizer.updates(parameters, slopes, iterations), ...pass.updates];
    const state = watchesState ? watchedState(topology.weights, optimizer, new Map(changes)) : [];
    const values = [...watchedOutputs(pass.layerOutputs), watchedLoss(loss), ...state];
    return [
      ...changes,
      ...own.sums.add(parts),
      [iterations, increment(iterations)],
      own.watch.look(iterations, values),
    ];
  });
}

/** Tells of settings with which nothing can be learnt. */
function warnOfSettings({ topology, parameters, loss }: Recipe, { outputs, updates }: ForwardPass): void {
  if (parameters.length === 0 && updates.size === 0) {
    warnOnce(topology, 'fit: no weight is trainable, so training changes nothing: set trainable before compile()');
  }
  let output = outputs[0]!;
  const isSingle = output.shape.length > 1 && output.shape.at(-1) === 1;
  while (output.op.name === 'reshape') output = output.inputs[0]!;
  if (isSingle && (output.op.name === 'softmax' || /^(sparseC|c)ategorical/.test(lossName(loss) ?? ''))) {
    warnOnce(
      topology,
      'fit: a softmax or categorical cross-entropy over one unit is constant, so nothing is learnt: ' +
        'use sigmoid and binaryCrossentropy for two classes, or a unit for each class',
    );
  }
}

/** One step of evaluation: forward, sums and the watch for non-finite values. */
export async function evaluationProgram(engine: Engine, view: BatchView, recipe: Recipe): Promise<StepProgram> {
  const own = { cursor: newCursor(), sums: new Sums(engine), watch: new FiniteWatch(engine) };
  return assemble(engine, view, own, (batch) => {
    const { pass, loss, parts } = forwardWithLoss(view, batch, recipe, own.cursor, false);
    const values = [...watchedOutputs(pass.layerOutputs), watchedLoss(loss)];
    return [...own.sums.add(parts), own.watch.look(own.cursor, values)];
  });
}

/** One step of prediction of which nothing is kept but what the watch finds in the layers' outputs. */
export async function diagnosisProgram(
  engine: Engine,
  view: BatchView,
  topology: Topology,
  iterations: Node,
): Promise<StepProgram & { readonly watch: FiniteWatch }> {
  const own = { cursor: newCursor(), sums: new Sums(engine), watch: new FiniteWatch(engine) };
  const program = await assemble(engine, view, own, (batch) => {
    const { features } = batchAt(view, own.cursor, batch);
    const { layerOutputs } = topology.forward(features, { training: false, iterations });
    return [own.watch.look(own.cursor, watchedOutputs(layerOutputs))];
  });
  return { ...program, watch: own.watch };
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
  const own = { cursor: newCursor(), sums: new Sums(engine), watch: null, others: [] as Variable[] };
  const program = await assemble(engine, view, own, (batch) => {
    const { features } = batchAt(view, own.cursor, batch);
    const output = topology.forward(features, { training: false, iterations }).outputs[0]!;
    const { dtype, shape } = output;
    if (own.others.length === 0) {
      own.others.push(variable([view.data.samples, ...shape.slice(1)], { dtype, name: 'predictions' }));
    }
    const [rows] = own.others as [Variable];
    return [[rows, storeRows(rows, own.cursor, output)]];
  });
  return { ...program, rows: own.others[0]! };
}

function newCursor(): Variable {
  return variable([], { dtype: 'int32', name: 'cursor' });
}

interface LossStep {
  readonly pass: ForwardPass;
  /** What is trained for: the mean over the batch's samples, and the penalties. */
  readonly loss: Node;
  /** What the batch adds to the sums. */
  readonly parts: readonly (readonly Node[])[];
}

function forwardWithLoss(
  view: BatchView,
  batch: number,
  recipe: Recipe,
  cursor: Variable,
  training: boolean,
): LossStep {
  const { topology, loss: lossOf, metrics, iterations, trainedLayers } = recipe;
  const { features, labels: given } = batchAt(view, cursor, batch);
  const pass = topology.forward(features, { training, iterations }, training ? trainedLayers : undefined);
  const predictions = pass.outputs[0]!;
  const labels = alignLabels(given!, predictions);
  const loss = pass.penalties.reduce((total, penalty) => add(total, penalty), mean(lossOf(labels, predictions)));
  const everySample = constant(1, [batch]);
  // The reported loss is the mean over all samples, each with the penalties of its step.
  const parts = [
    [mul(loss, batch), constant(batch)],
    ...metrics.map((metric) => metric.sums(labels, predictions, everySample)),
  ];
  return { pass, loss, parts };
}

/** What the graphs of one program share. */
interface OwnState {
  readonly cursor: Variable;
  readonly sums: Sums;
  readonly watch: FiniteWatch | null;
  readonly trains?: boolean;
  readonly others?: readonly Variable[];
}

/** @param updatesOf builds the graph of one step for batches of that size */
async function assemble(
  engine: Engine,
  view: BatchView,
  { cursor, sums, watch, trains = false, others = [] }: OwnState,
  updatesOf: (batch: number) => readonly Update[],
): Promise<StepProgram> {
  const parts: StepRun[] = [];
  const dispose = (): void => {
    for (const { executable } of parts) executable.dispose();
    engine.release([cursor, ...sums.variables, ...(watch ? [watch.flags] : []), ...others]);
  };
  try {
    for (const { size, steps } of batchSizes(view)) {
      const advance: Update = [cursor, increment(cursor, size)];
      const executable = await engine.compile({ updates: [...updatesOf(size), advance] });
      parts.push({ executable, steps });
    }
  } catch (error) {
    dispose();
    throw error;
  }
  return {
    parts,
    steps: parts.reduce((sum, { steps }) => sum + steps, 0),
    sums,
    watch,
    trains,
    rewind: () => {
      engine.write(cursor, Int32Array.of(0));
      sums.reset();
    },
    dispose,
  };
}
