/**
 * A model: layers, their weights, and what is done with them. It checks the state and gathers what a run needs; the
 * runs themselves are in `fit.ts`, `program.ts` and `loop.ts`.
 */
import { boolean, checkArguments, checkCount, checkValue, integer, number, required } from '../core/arguments.ts';
import { markRaw, rawOf } from '../core/raw.ts';
import { ShapeError, StateError } from '../core/errors.ts';
import { deriveKey, keyFromSeed } from '../core/random.ts';
import { formatShape, sameShape } from '../core/shape.ts';
import type { Shape } from '../core/shape.ts';
import type { Engine } from '../engine.ts';
import type { Variable } from '../graph/node.ts';
import { dimensions } from '../nn/arguments.ts';
import type { Layer } from '../nn/layer.ts';
import { HostTensor } from '../data/tensor.ts';
import { Activity } from './activity.ts';
import { CallbackList } from '../train/callbacks.ts';
import type { History, TrainedModel } from '../train/callbacks.ts';
import { WeightCheck } from '../train/check-weights.ts';
import { optimizerState, resolveOptions } from './compile-options.ts';
import type { Compiled, CompileOptions } from './compile-options.ts';
import { toOwnTensors, toTensors } from '../data/features.ts';
import type { DataLike, FeatureData } from '../data/features.ts';
import { DataSet } from '../data/data-set.ts';
import { runFit } from '../train/fit.ts';
import { fitOptions, planFit } from '../train/fit-options.ts';
import type { FitOptions } from '../train/fit-options.ts';
import { batchOptions, data, layerList, modelOptions, weightList } from './model-arguments.ts';
import type { BatchOptions, ModelOptions } from './model-arguments.ts';
import { ModelEngine } from './model-engine.ts';
import { checkSamples } from '../train/samples.ts';
import type { DataSpec } from '../train/samples.ts';
import { evaluateSamples, predictRows, trainOnSamples } from '../train/passes.ts';
import type { PassContext } from '../train/passes.ts';
import { ProgramCache } from '../train/program-cache.ts';
import type { Recipe } from '../train/program.ts';
import { save } from '../files/save.ts';
import type { SaveOptions } from '../files/save.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { Results } from '../train/sums.ts';
import { countElements, summarize } from './summary.ts';
import { nameLayers } from '../nn/layer-names.ts';
import { chain, Topology } from '../nn/topology.ts';
import { inTurn } from '../variables/turns.ts';
import { fittingValues, readVariables, share, writeVariables } from '../variables/store.ts';

/** The stream of the model's key that shuffling draws from; the layers count up from 0. */
const shuffleStream = 0xffffffff;

/** Made by `sequential()`, `model()` or `loadModel()`. */
export class Model implements TrainedModel {
  readonly name: string;
  readonly seed: number;
  /** Whether the layers feed each other in a row; else they form a graph. */
  private readonly isSequential: boolean;
  private readonly stack: readonly Layer[];
  private topology: Topology | null;
  private compiled: Compiled | null = null;
  private readonly cache = new ProgramCache();
  private readonly weightCheck = new WeightCheck();
  private readonly engine: ModelEngine;
  private readonly activity: Activity;
  private rate = 0;
  private stepsDone = 0;
  private disposed = false;
  private isStopped = false;

  constructor(from: readonly Layer[] | Topology, given: ModelOptions = {}) {
    if (!(from instanceof Topology)) checkValue('model', 'layers', from, layerList());
    checkValue('model', 'options', given, modelOptions());
    const { engine, seed, name = 'model' } = given;
    markRaw(this);
    this.name = name;
    this.activity = new Activity(name);
    this.seed = seed ?? Math.floor(Math.random() * 2 ** 32);
    this.engine = new ModelEngine(engine, this.cache, this.weightCheck);
    this.isSequential = !(from instanceof Topology);
    this.topology = from instanceof Topology ? from : null;
    this.stack = from instanceof Topology ? from.layers : from.map(rawOf);
    if (!this.topology) nameLayers(this.stack);
    const shape = this.stack[0]?.inputShape;
    if (this.topology) this.create(this.topology);
    else if (shape) this.build(shape);
  }

  /**
   * Set to true at any time to end the `fit` that was called: after the steps at hand, and the validation where there is one. The
   * next `fit` sets it back.
   */
  get stopTraining(): boolean {
    return this.isStopped;
  }

  set stopTraining(stop: boolean) {
    checkValue('model', 'stopTraining', stop, required(boolean));
    this.isStopped = stop;
  }

  get layers(): readonly Layer[] {
    return this.stack;
  }

  /** Creates the weights for samples of `inputShape`, without the batch axis. A second call must give the same shape. */
  build(inputShape: Shape): void {
    checkArguments('build', arguments, { inputShape: required(dimensions) });
    const known = this.topology?.specs[0]!.shape;
    if (known && !sameShape(known, inputShape)) {
      throw new ShapeError(
        `build: '${this.name}' was built for samples of shape ${formatShape(known)}, not ${formatShape(inputShape)}`,
      );
    }
    if (known) return;
    if (this.stack.length === 0)
      throw new StateError(`build: '${this.name}' has no layers: give sequential() at least one`);
    const topology = chain(this.stack, inputShape);
    this.create(topology);
    this.topology = topology;
  }

  /**
   * Says how the model learns. Weights keep their values; the optimizer starts anew. Evaluations that run end as they began.
   *
   * @throws ValueError for an unknown name; StateError while the model is training
   */
  compile(options: CompileOptions): void {
    checkCount('compile', arguments, 'options');
    this.activity.requireIdle('compile');
    const compiled = resolveOptions(options, this.stack);
    this.cache.clear();
    const { state } = this;
    this.activity.whenFree(() => this.engine.release(state));
    const { learningRate } = compiled.optimizer;
    this.rate = typeof learningRate === 'number' ? learningRate : 0;
    this.stepsDone = 0;
    this.compiled = compiled;
  }

  /**
   * Trains on samples `x` and labels `y`. They are copied before the promise is returned: arrays may be changed at once.
   *
   * @returns the numbers of every epoch
   * @throws StateError before `compile`, or while another fit runs; ShapeError, DTypeError or ValueError for data or
   *   options that do not fit; NonFiniteError naming layer and step. The model stays usable in every case.
   */
  async fit(x: FeatureData, y: DataLike, options: FitOptions = {}): Promise<History> {
    checkArguments('fit', arguments, { x: data, y: data, options: fitOptions() });
    return this.activity.exclusively('fit', async () => {
      this.stopTraining = false;
      const recipe = this.recipe('fit', x);
      // Not kept in the run: the copies of the data are garbage once they are on the device.
      const { samples, validation, ...plan } = planFit(x, y, options, this.dataSpec(recipe));
      const claim = this.engine.claim(recipe.topology, this.state, plan.batchSize);
      const key = keyFromSeed(plan.seed ?? this.seed);
      let data: DataSet | null = null;
      let held: DataSet | null = null;
      claim.group.fits += 1;
      try {
        const engine = await inTurn(recipe.topology.weights, false, claim.ready);
        data = new DataSet(engine, samples.features, samples.labels);
        if (validation) held = new DataSet(engine, validation.features, validation.labels);
        return await runFit({
          ...plan,
          engine,
          recipe,
          data,
          validationData: held,
          shuffleKey: plan.shuffle ? deriveKey(key, shuffleStream) : null,
          callbacks: new CallbackList(plan.callbacks, this),
          stepsDone: () => this.stepsDone,
          addSteps: (count) => void (this.stepsDone += count),
          stopped: () => this.stopTraining,
          weights: recipe.topology.weights,
          checkWeights: this.contextFor(engine, 'fit').checkWeights,
        });
      } finally {
        data?.release();
        held?.release();
        claim.group.fits -= 1;
      }
    });
  }

  /** The loss and the metrics over all of the samples, which are copied as `fit` does. @throws like `fit` */
  async evaluate(x: FeatureData, y: DataLike, options: BatchOptions = {}): Promise<Results> {
    checkArguments('evaluate', arguments, { x: data, y: data, options: batchOptions() });
    const { batchSize = 32 } = options;
    const recipe = this.recipe('evaluate', x);
    const samples = checkSamples('evaluate', x, y, this.dataSpec(recipe));
    return this.pass('evaluate', batchSize, (context) => evaluateSamples(context, recipe, samples, batchSize));
  }

  /**
   * The model's output for every sample: float32 [samples, ...]. The samples are copied before the promise is returned: a
   * program may fill its array with the next ones at once.
   *
   * @throws ShapeError, DTypeError or ValueError for data that do not fit
   */
  async predict(x: FeatureData, options: BatchOptions = {}): Promise<HostTensor> {
    checkArguments('predict', arguments, { x: data, options: batchOptions() });
    const { batchSize = 32 } = options;
    const topology = this.builtFor('predict', x);
    const given = toOwnTensors(x);
    return this.pass('predict', batchSize, (context) => predictRows(context, topology, given, batchSize));
  }

  /** One step of training on one batch. @returns its loss and metrics, from before the update @throws like `fit` */
  async trainOnBatch(x: FeatureData, y: DataLike): Promise<Results> {
    checkArguments('trainOnBatch', arguments, { x: data, y: data });
    return this.activity.exclusively('trainOnBatch', async () => {
      const recipe = this.recipe('trainOnBatch', x);
      const samples = checkSamples('trainOnBatch', x, y, this.dataSpec(recipe));
      const { ready } = this.engine.claim(recipe.topology, this.state, samples.count);
      return inTurn(recipe.topology.weights, true, async () => {
        const engine = await ready();
        return trainOnSamples(this.contextFor(engine, 'trainOnBatch'), recipe, samples, () => {
          this.stepsDone += 1;
        });
      });
    });
  }

  /** Loss and metrics of one batch, without training. @throws like `fit` */
  async testOnBatch(x: FeatureData, y: DataLike): Promise<Results> {
    checkArguments('testOnBatch', arguments, { x: data, y: data });
    const recipe = this.recipe('testOnBatch', x);
    const samples = checkSamples('testOnBatch', x, y, this.dataSpec(recipe));
    return this.pass('testOnBatch', samples.count, (context) =>
      evaluateSamples(context, recipe, samples, samples.count),
    );
  }

  /** The optimizer's rate. Setting it takes effect at the next step; throws `StateError` under a schedule. */
  get learningRate(): number {
    const { learningRate } = this.requireCompiled('learningRate').optimizer;
    return typeof learningRate === 'number' ? this.rate : learningRate.valueAt(this.stepsDone);
  }

  set learningRate(rate: number) {
    checkValue('model', 'learningRate', rate, required(number(0)));
    const { optimizer } = this.requireCompiled('learningRate');
    if (typeof optimizer.learningRate !== 'number') {
      throw new StateError(
        `learningRate: the schedule '${optimizer.learningRate.name}' decides it: give the optimizer a number`,
      );
    }
    this.rate = rate;
    writeVariables([[optimizer.learningRateVariable, Float32Array.of(rate)]]);
  }

  /** Every weight, copied, layer by layer in the order of `layers`. */
  async getWeights(): Promise<HostTensor[]> {
    checkCount('getWeights', arguments);
    const { weights } = this.requireBuilt('getWeights');
    const values = await this.activity.pass(() => readVariables(weights));
    return values.map((data, index) => new HostTensor(data, weights[index]!.shape));
  }

  /**
   * Sets every weight, in the order of `getWeights`. The values are copied. A prediction or evaluation that runs ends with the
   * weights that it began with.
   *
   * @throws ShapeError or DTypeError, and sets none, when one does not fit
   */
  setWeights(given: readonly HostTensor[]): void {
    const { weights } = this.requireBuilt('setWeights');
    checkArguments('setWeights', arguments, { weights: weightList() });
    if (given.length !== weights.length) {
      throw new ShapeError(`setWeights: '${this.name}' has ${weights.length} weights, not ${given.length}`);
    }
    writeVariables(weights.map((weight, index) => [weight, fittingValues(weight, given[index])]));
  }

  countParams(): number {
    checkCount('countParams', arguments);
    return countElements(this.requireBuilt('countParams').weights);
  }

  /** The layers with their output shapes and numbers of parameters, as text. */
  summary(): string {
    checkCount('summary', arguments);
    return summarize(this.name, this.requireBuilt('summary'));
  }

  /**
   * Frees the weights that no other model uses, and the engine if models alone have made and used it: after the calls that run,
   * such as a prediction, which end as if there had been no `dispose`.
   *
   * @throws StateError while `fit` or `trainOnBatch` runs
   */
  dispose(): void {
    checkCount('dispose', arguments);
    if (this.disposed) return;
    this.activity.requireIdle('dispose');
    this.disposed = true;
    this.cache.close();
    this.activity.whenFree(() => {
      this.weightCheck.dispose();
      this.engine.leave([...(this.topology?.weights ?? []), ...this.state]);
    });
  }

  /**
   * The model as bytes, for `loadModel`: what the function `save` gives.
   *
   * @throws ValueError for an activation that is a function of one's own: use `saveWeights`; StateError before `build`
   */
  async save(options: SaveOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
    checkCount('save', arguments, 'options');
    return save(this, options);
  }

  /** What a file is made of. */
  checkpoint(): Checkpoint {
    checkCount('checkpoint', arguments);
    const { name, seed, compiled, state } = this;
    const topology = this.requireBuilt('save');
    const stack = this.isSequential ? this.stack : null;
    return {
      name,
      seed,
      stack,
      topology,
      compiled,
      learningRate: typeof compiled?.optimizer.learningRate === 'number' ? this.rate : null,
      state,
      read: (variables) => this.activity.pass(() => readVariables(variables)),
    };
  }

  /** Goes on where a file says that training had come to. */
  resume(stepsDone: number, learningRate: number): void {
    checkArguments('resume', arguments, { stepsDone: required(integer(0)), learningRate: required(number(0)) });
    this.stepsDone = stepsDone;
    // The tensor holds float32: the number of the optimizer's settings is kept where it is the same.
    if (Math.fround(this.rate) !== learningRate) this.rate = learningRate;
  }

  private create(topology: Topology): void {
    topology.build(keyFromSeed(this.seed));
    share(topology.weights);
  }

  /** Runs what reads the weights: all of it reads them as they are now. */
  private pass<T>(caller: string, batch: number, run: (context: PassContext) => Promise<T>): Promise<T> {
    return this.activity.pass(() => {
      const { ready } = this.engine.claim(this.topology!, [], batch);
      return inTurn(this.topology!.weights, false, async () => run(this.contextFor(await ready(), caller)));
    });
  }

  private contextFor(engine: Engine, caller: string): PassContext {
    const { cache, weightCheck, stepsDone: step } = this;
    const checkWeights = (): Promise<void> => weightCheck.run(engine, caller, this.topology!.weights, step);
    return { engine, cache, caller, step, checkWeights };
  }

  /** The optimizer's variables. */
  private get state(): Variable[] {
    const { compiled, topology } = this;
    return compiled && topology ? optimizerState(compiled, topology.parametersOf(compiled.trainedLayers)) : [];
  }

  private recipe(caller: string, x: FeatureData): Recipe {
    this.requireAlive(caller);
    const { loss, metrics, optimizer, iterations, trainedLayers } = this.requireCompiled(caller);
    const topology = this.builtFor(caller, x);
    const parameters = topology.parametersOf(trainedLayers);
    return { topology, loss, metrics, optimizer, iterations, parameters, trainedLayers };
  }

  private dataSpec({ topology, loss, metrics }: Recipe): DataSpec {
    return { inputs: topology.specs, labels: { loss, metrics, output: topology.outputs[0]!.shape } };
  }

  private builtFor(caller: string, x: FeatureData): Topology {
    this.requireAlive(caller);
    if (!this.topology) this.build(toTensors(x)[0]!.shape.slice(1));
    return this.topology!;
  }

  private requireAlive(caller: string): void {
    if (this.disposed) throw new StateError(`${caller}: '${this.name}' was disposed: make another model`);
  }

  private requireCompiled(caller: string): Compiled {
    if (this.compiled) return this.compiled;
    throw new StateError(
      `${caller}: '${this.name}' is not compiled: call compile({ optimizer: 'adam', loss: …, metrics: ['accuracy'] }) first`,
    );
  }

  private requireBuilt(caller: string): Topology {
    this.requireAlive(caller);
    if (this.topology) return this.topology;
    throw new StateError(
      `${caller}: '${this.name}' has no weights yet: give the first layer an inputShape, or call build() or fit() first`,
    );
  }
}
