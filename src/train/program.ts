/**
 * Builds and compiles the graph of one training, evaluation or prediction step over one batch of a data set. Each step
 * advances its own cursor into the data, so that many steps run without returning to JavaScript. A short last batch runs a
 * second graph of its own size over the same variables. It is not padded, because padded rows would change the result of a
 * layer or loss that combines all rows of a batch.
 */
import { warnOnce } from '../core/warn.ts';
import type { Engine } from '../engine.ts';
import type { Node, Variable } from '../graph/node.ts';
import { gradients } from '../autodiff/gradients.ts';
import type { Layer } from '../nn/layer.ts';
import { alignLabels, underReshapes } from '../nn/losses/labels.ts';
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

/** The parts of a model that training and evaluation use. */
export interface TrainingSetup {
  readonly topology: Topology;
  readonly loss: LossFunction;
  readonly metrics: readonly Metric[];
  readonly optimizer: Optimizer;
  /** The variables that the optimizer updates. */
  readonly parameters: readonly Variable[];
  /** The layers that were trainable when the model was compiled. */
  readonly trainedLayers: ReadonlySet<Layer>;
  /** int32 []: number of completed training steps. It exists as long as the compiled model. */
  readonly iterations: Variable;
}

/** The compiled program of a step, with the variables that belong to it. */
export interface StepProgram {
  /** One executable for each batch size. Together they process all samples of the view once. */
  readonly parts: readonly StepRun[];
  /** Total number of steps of all parts. */
  readonly steps: number;
  readonly sums: Sums;
  /** null for prediction. */
  readonly watch: FiniteWatch | null;
  /** Whether the program updates weights. If so, its watch records training steps, else sample indices. */
  readonly trains: boolean;
  /** Resets cursor and sums to zero. Called before every epoch. */
  rewind(): void;
  dispose(): void;
}

/**
 * Compiles a training step: forward pass, loss, gradients, optimizer update, sums and the check for non-finite values.
 *
 * @param watchesState whether to also check the updated weights and optimizer state in every step. `fit` does not need it: the
 *   outputs of the next step reveal most faults, and one check at the end finds the rest at a lower cost
 */
export async function trainingProgram(
  engine: Engine,
  view: BatchView,
  setup: TrainingSetup,
  watchesState = false,
): Promise<StepProgram> {
  const { parameters, optimizer, iterations, topology } = setup;
  const own = { cursor: newCursor(), sums: new Sums(engine), watch: new FiniteWatch(engine), trains: true };
  return assemble(engine, view, own, (batch) => {
    const { pass, loss, parts } = forwardWithLoss(view, batch, setup, own.cursor, true);
    warnOfSettings(setup, pass);
    const grads = parameters.length === 0 ? [] : gradients(loss, parameters);
    const changes = [...optimizer.updates(parameters, grads, iterations), ...pass.updates];
    const state = watchesState ? watchedState(topology.weights, optimizer, new Map(changes)) : [];
    const values = [...watchedOutputs(pass.layerOutputs), watchedLoss(loss), ...state];
    return [
      ...changes,
      ...own.sums.add(parts),
      [iterations, increment(iterations)],
      own.watch.updateFor(iterations, values),
    ];
  });
}

/** Warns about settings with which the model cannot learn. */
function warnOfSettings({ topology, parameters, loss }: TrainingSetup, { outputs, updates }: ForwardPass): void {
  if (parameters.length === 0 && updates.size === 0) {
    warnOnce(topology, 'fit: no weight is trainable, so training changes nothing: set trainable before compile()');
  }
  const output = outputs[0]!;
  const isSingle = output.shape.length > 1 && output.shape.at(-1) === 1;
  const isSoftmax = underReshapes(output).op.probabilities === 'rows';
  if (isSingle && (isSoftmax || /^(sparseC|c)ategorical/.test(lossName(loss) ?? ''))) {
    warnOnce(
      topology,
      'fit: a softmax or categorical cross-entropy over one unit is constant, so nothing is learnt: ' +
        'use sigmoid and binaryCrossentropy for two classes, or a unit for each class',
    );
  }
}

/** Compiles an evaluation step: forward pass, loss, sums and the check for non-finite values. */
export async function evaluationProgram(engine: Engine, view: BatchView, setup: TrainingSetup): Promise<StepProgram> {
  const own = { cursor: newCursor(), sums: new Sums(engine), watch: new FiniteWatch(engine) };
  return assemble(engine, view, own, (batch) => {
    const { pass, loss, parts } = forwardWithLoss(view, batch, setup, own.cursor, false);
    const values = [...watchedOutputs(pass.layerOutputs), watchedLoss(loss)];
    return [...own.sums.add(parts), own.watch.updateFor(own.cursor, values)];
  });
}

/** Compiles a prediction step that stores no output and only checks the outputs of all layers for non-finite values. */
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
    return [own.watch.updateFor(own.cursor, watchedOutputs(layerOutputs))];
  });
  return { ...program, watch: own.watch };
}

export interface PredictionProgram extends StepProgram {
  /** [samples, ...]: the output of every sample, filled batch by batch. */
  readonly rows: Variable;
}

/** Compiles a prediction step: the forward pass, and its output stored at the rows of the batch. */
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
  /** [] The training objective: mean loss over the samples of the batch plus regularization penalties. */
  readonly loss: Node;
  /** Terms that the batch adds to the sums: first [loss · samples, samples], then those of each metric. */
  readonly parts: readonly (readonly Node[])[];
}

function forwardWithLoss(
  view: BatchView,
  batch: number,
  setup: TrainingSetup,
  cursor: Variable,
  training: boolean,
): LossStep {
  const { topology, loss: lossOf, metrics, iterations, trainedLayers } = setup;
  const { features, labels: given } = batchAt(view, cursor, batch);
  const pass = topology.forward(features, { training, iterations }, training ? trainedLayers : undefined);
  const predictions = pass.outputs[0]!;
  const labels = alignLabels(given!, predictions);
  const loss = pass.penalties.reduce((total, penalty) => add(total, penalty), mean(lossOf(labels, predictions)));
  const everySample = constant(1, [batch]);
  // The reported loss is the mean over all samples. Each sample includes the penalties of its step.
  const parts = [
    [mul(loss, batch), constant(batch)],
    ...metrics.map((metric) => metric.sums(labels, predictions, everySample)),
  ];
  return { pass, loss, parts };
}

/** Variables that the graphs of one program share. */
interface SharedState {
  readonly cursor: Variable;
  readonly sums: Sums;
  readonly watch: FiniteWatch | null;
  readonly trains?: boolean;
  readonly others?: readonly Variable[];
}

/**
 * Compiles one executable for each batch size of `view`.
 *
 * @param updatesOf builds the updates of one step for a given batch size
 */
async function assemble(
  engine: Engine,
  view: BatchView,
  { cursor, sums, watch, trains = false, others = [] }: SharedState,
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
