/**
 * The class `Model`: layers, their weights, and the methods that train and run them. It checks state and arguments and collects
 * what a run needs. The runs themselves are in `src/train`.
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
import { toCopiedTensors, toTensors } from '../data/features.ts';
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
import type { TrainingSetup } from '../train/program.ts';
import { save } from '../files/save.ts';
import type { SaveOptions } from '../files/save.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { Results } from '../train/sums.ts';
import { countElements, summarize } from './summary.ts';
import { nameLayers } from '../nn/layer-names.ts';
import { chain, Topology } from '../nn/topology.ts';
import { withLock } from '../variables/locks.ts';
import { fittingValues, readVariables, share, writeVariables } from '../variables/store.ts';

/** Stream index for shuffling. Layers use the indices from 0 upwards. */
const shuffleStream = 0xffffffff;

/**
 * A neural network, created by `sequential()`, `model()` or `loadModel()`.
 *
 * @example
 * const model = sequential([dense({ units: 1, inputShape: [2] })]);
 * model.compile({ optimizer: 'adam', loss: 'meanSquaredError' });
 * await model.fit([[0, 0], [0, 1], [1, 1]], [[0], [1], [2]], { epochs: 10 });
 * const predictions = await model.predict([[1, 0]]); // float32 [1, 1]
 * model.dispose();
 */
export class Model implements TrainedModel {
  readonly name: string;
  readonly seed: number;
  /** Whether the layers form a linear stack rather than a graph. */
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
   * Set to true to end a running `fit` early: after the current chunk of steps and the validation, if there is one. The next
   * `fit` resets it to false.
   */
  get stopTraining(): boolean {
    return this.isStopped;
  }

  set stopTraining(stop: boolean) {
    checkValue('model', 'stopTraining', stop, required(boolean));
    this.isStopped = stop;
  }

  /** The layers: of a sequential model in the given order, else in forward order. */
  get layers(): readonly Layer[] {
    return this.stack;
  }

  /**
   * Creates the weights. `fit` and other methods call it when needed.
   *
   * @param inputShape shape of one sample, without the batch axis. A second call must pass the same shape.
   * @throws ShapeError if a layer does not accept its input, or if the model was built for another shape; StateError for a model
   *   without layers
   * @example
   * model.build([784]);
   */
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
   * Sets optimizer, loss and metrics. Weights keep their values, and the optimizer state is reset. Running evaluations are not
   * affected.
   *
   * @throws ValueError for invalid options or an unknown name; StateError while the model is training
   * @example
   * model.compile({ optimizer: adam({ learningRate: 0.01 }), loss: 'categoricalCrossentropy', metrics: ['accuracy'] });
   */
  compile(options: CompileOptions): void {
    checkCount('compile', arguments, 'options');
    this.activity.requireIdle('compile');
    const compiled = resolveOptions(options, this.stack);
    this.cache.clear();
    const { state } = this;
    this.activity.whenIdle(() => this.engine.release(state));
    const { learningRate } = compiled.optimizer;
    this.rate = typeof learningRate === 'number' ? learningRate : 0;
    this.stepsDone = 0;
    this.compiled = compiled;
  }

  /**
   * Trains the model. The data are copied before the promise is returned, so the caller may overwrite its arrays immediately.
   *
   * @param x features [samples, ...]; for a model with several inputs, an array with one tensor for each
   * @param y labels [samples, ...], as the loss expects them
   * @returns the logs of every epoch
   * @throws StateError before `compile`, or while another training call runs; ShapeError, DTypeError or ValueError for data or
   *   options that do not fit; NonFiniteError naming layer and step. The model remains usable in every case.
   * @example
   * const { history } = await model.fit(images, labels, { epochs: 5, batchSize: 64, validationSplit: 0.1 });
   * console.log(history['loss'], history['val_loss']);
   */
  async fit(x: FeatureData, y: DataLike, options: FitOptions = {}): Promise<History> {
    checkArguments('fit', arguments, { x: data, y: data, options: fitOptions() });
    return this.activity.exclusively('fit', async () => {
      this.stopTraining = false;
      const setup = this.setup('fit', x);
      // The plan excludes the samples, so that their copies can be garbage collected once they are on the device.
      const { samples, validation, ...plan } = planFit(x, y, options, this.dataSpec(setup));
      const claim = this.engine.claim(setup.topology, this.state, plan.batchSize);
      const key = keyFromSeed(plan.seed ?? this.seed);
      let data: DataSet | null = null;
      let heldOut: DataSet | null = null;
      claim.group.fits += 1;
      try {
        const engine = await withLock(setup.topology.weights, false, claim.ready);
        data = new DataSet(engine, samples.features, samples.labels);
        if (validation) heldOut = new DataSet(engine, validation.features, validation.labels);
        return await runFit({
          ...plan,
          engine,
          setup,
          data,
          validationData: heldOut,
          shuffleKey: plan.shuffle ? deriveKey(key, shuffleStream) : null,
          callbacks: new CallbackList(plan.callbacks, this),
          stepsDone: () => this.stepsDone,
          addSteps: (count) => void (this.stepsDone += count),
          stopped: () => this.stopTraining,
          weights: setup.topology.weights,
          checkWeights: this.contextFor(engine, 'fit').checkWeights,
        });
      } finally {
        data?.release();
        heldOut?.release();
        claim.group.fits -= 1;
      }
    });
  }

  /**
   * Computes loss and metrics over all samples. The data are copied before the promise is returned.
   *
   * @param x features [samples, ...]
   * @param y labels [samples, ...]
   * @returns the loss and each metric by name
   * @throws StateError before `compile`; ShapeError, DTypeError, ValueError or NonFiniteError as `fit`
   * @example
   * const { loss, accuracy } = await model.evaluate(testImages, testLabels);
   */
  async evaluate(x: FeatureData, y: DataLike, options: BatchOptions = {}): Promise<Results> {
    checkArguments('evaluate', arguments, { x: data, y: data, options: batchOptions() });
    const { batchSize = 32 } = options;
    const setup = this.setup('evaluate', x);
    const samples = checkSamples('evaluate', x, y, this.dataSpec(setup));
    return this.pass('evaluate', batchSize, (context) => evaluateSamples(context, setup, samples, batchSize));
  }

  /**
   * Computes the model's output for every sample. The data are copied before the promise is returned, so the caller may
   * overwrite its arrays immediately.
   *
   * @param x features [samples, ...]; for a model with several inputs, an array with one tensor for each
   * @returns float32 [samples, ...]
   * @throws ShapeError, DTypeError or ValueError for data that do not fit; NonFiniteError if an output is NaN or infinite
   * @example
   * const { data, shape } = await model.predict(tensor([[0.5, 1]]));
   */
  async predict(x: FeatureData, options: BatchOptions = {}): Promise<HostTensor> {
    checkArguments('predict', arguments, { x: data, options: batchOptions() });
    const { batchSize = 32 } = options;
    const topology = this.builtFor('predict', x);
    const given = toCopiedTensors(x);
    return this.pass('predict', batchSize, (context) => predictRows(context, topology, given, batchSize));
  }

  /**
   * Runs one training step on one batch.
   *
   * @param x features [batch, ...]
   * @param y labels [batch, ...]
   * @returns loss and metrics of the batch, computed before the update
   * @throws the errors of `fit`
   * @example
   * const { loss } = await model.trainOnBatch(tensor([[1, 2]]), tensor([[3]]));
   */
  async trainOnBatch(x: FeatureData, y: DataLike): Promise<Results> {
    checkArguments('trainOnBatch', arguments, { x: data, y: data });
    return this.activity.exclusively('trainOnBatch', async () => {
      const setup = this.setup('trainOnBatch', x);
      const samples = checkSamples('trainOnBatch', x, y, this.dataSpec(setup));
      const { ready } = this.engine.claim(setup.topology, this.state, samples.count);
      return withLock(setup.topology.weights, true, async () => {
        const engine = await ready();
        return trainOnSamples(this.contextFor(engine, 'trainOnBatch'), setup, samples, () => {
          this.stepsDone += 1;
        });
      });
    });
  }

  /** Computes loss and metrics of one batch without training. Parameters, result and errors are those of `evaluate`. */
  async testOnBatch(x: FeatureData, y: DataLike): Promise<Results> {
    checkArguments('testOnBatch', arguments, { x: data, y: data });
    const setup = this.setup('testOnBatch', x);
    const samples = checkSamples('testOnBatch', x, y, this.dataSpec(setup));
    return this.pass('testOnBatch', samples.count, (context) =>
      evaluateSamples(context, setup, samples, samples.count),
    );
  }

  /**
   * The learning rate of the optimizer: a finite number ≥ 0. Setting it takes effect at the next step, and throws `StateError`
   * if the optimizer has a schedule.
   */
  get learningRate(): number {
    const { learningRate } = this.requireCompiled('learningRate').optimizer;
    return typeof learningRate === 'number' ? this.rate : learningRate.valueAt(this.stepsDone);
  }

  set learningRate(rate: number) {
    checkValue('model', 'learningRate', rate, required(number(0)));
    const { optimizer } = this.requireCompiled('learningRate');
    if (typeof optimizer.learningRate !== 'number') {
      throw new StateError(
        `learningRate: the schedule '${optimizer.learningRate.name}' sets it: pass a number to the optimizer instead`,
      );
    }
    this.rate = rate;
    writeVariables([[optimizer.learningRateVariable, Float32Array.of(rate)]]);
  }

  /**
   * Copies all weights, layer by layer in the order of `layers`.
   *
   * @throws StateError if the model is not built
   * @example
   * const weights = await model.getWeights();
   * other.setWeights(weights);
   */
  async getWeights(): Promise<HostTensor[]> {
    checkCount('getWeights', arguments);
    const { weights } = this.requireBuilt('getWeights');
    const values = await this.activity.pass(() => readVariables(weights));
    return values.map((data, index) => new HostTensor(data, weights[index]!.shape));
  }

  /**
   * Sets all weights, in the order of `getWeights`. The values are copied. A running prediction or evaluation finishes with the
   * previous weights.
   *
   * @throws ShapeError or DTypeError if a weight does not fit, in which case none is set; StateError if the model is not built
   */
  setWeights(given: readonly HostTensor[]): void {
    const { weights } = this.requireBuilt('setWeights');
    checkArguments('setWeights', arguments, { weights: weightList() });
    if (given.length !== weights.length) {
      throw new ShapeError(`setWeights: '${this.name}' has ${weights.length} weights, not ${given.length}`);
    }
    writeVariables(weights.map((weight, index) => [weight, fittingValues(weight, given[index])]));
  }

  /** Returns the number of elements of all weights. Throws `StateError` if the model is not built. */
  countParams(): number {
    checkCount('countParams', arguments);
    return countElements(this.requireBuilt('countParams').weights);
  }

  /**
   * Returns a text table of layers, output shapes and parameter counts. Throws `StateError` if the model is not built.
   *
   * @example
   * console.log(model.summary());
   */
  summary(): string {
    checkCount('summary', arguments);
    return summarize(this.name, this.requireBuilt('summary'));
  }

  /**
   * Frees the weights that no other model uses. Also disposes the engine if models created it and no other model uses it. Running
   * predictions and evaluations complete first. Later calls, such as `predict`, throw `StateError`.
   *
   * @throws StateError while `fit` or `trainOnBatch` runs
   */
  dispose(): void {
    checkCount('dispose', arguments);
    if (this.disposed) return;
    this.activity.requireIdle('dispose');
    this.disposed = true;
    this.cache.close();
    this.activity.whenIdle(() => {
      this.weightCheck.dispose();
      this.engine.leave([...(this.topology?.weights ?? []), ...this.state]);
    });
  }

  /**
   * Serializes the model for `loadModel`, as the function `save` does.
   *
   * @throws ValueError for a custom activation function: use `saveWeights`; StateError if the model is not built
   * @example
   * const bytes = await model.save();
   * const copy = loadModel(bytes, { layers: layerRegistry });
   */
  async save(options: SaveOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
    checkCount('save', arguments, 'options');
    return save(this, options);
  }

  /** Returns the state that files contain. Throws `StateError` if the model is not built. */
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

  /** Resumes from the saved step count and learning rate of a file. */
  resume(stepsDone: number, learningRate: number): void {
    checkArguments('resume', arguments, { stepsDone: required(integer(0)), learningRate: required(number(0)) });
    this.stepsDone = stepsDone;
    // The file has the rate as float32. If it equals the optimizer's setting after rounding, the float64 setting is retained.
    if (Math.fround(this.rate) !== learningRate) this.rate = learningRate;
  }

  private create(topology: Topology): void {
    topology.build(keyFromSeed(this.seed));
    share(topology.weights);
  }

  /** Runs a pass that reads the weights. Changes requested later do not affect it. */
  private pass<T>(caller: string, batch: number, run: (context: PassContext) => Promise<T>): Promise<T> {
    return this.activity.pass(() => {
      const { ready } = this.engine.claim(this.topology!, [], batch);
      return withLock(this.topology!.weights, false, async () => run(this.contextFor(await ready(), caller)));
    });
  }

  private contextFor(engine: Engine, caller: string): PassContext {
    const { cache, weightCheck, stepsDone: step } = this;
    const checkWeights = (): Promise<void> => weightCheck.run(engine, caller, this.topology!.weights, step);
    return { engine, cache, caller, step, checkWeights };
  }

  /** The variables of the optimizer. */
  private get state(): Variable[] {
    const { compiled, topology } = this;
    return compiled && topology ? optimizerState(compiled, topology.parametersOf(compiled.trainedLayers)) : [];
  }

  private setup(caller: string, x: FeatureData): TrainingSetup {
    this.requireAlive(caller);
    const { loss, metrics, optimizer, iterations, trainedLayers } = this.requireCompiled(caller);
    const topology = this.builtFor(caller, x);
    const parameters = topology.parametersOf(trainedLayers);
    return { topology, loss, metrics, optimizer, iterations, parameters, trainedLayers };
  }

  private dataSpec({ topology, loss, metrics }: TrainingSetup): DataSpec {
    return { inputs: topology.specs, labels: { loss, metrics, output: topology.outputs[0]!.shape } };
  }

  private builtFor(caller: string, x: FeatureData): Topology {
    this.requireAlive(caller);
    if (!this.topology) this.build(toTensors(x)[0]!.shape.slice(1));
    return this.topology!;
  }

  private requireAlive(caller: string): void {
    if (this.disposed) throw new StateError(`${caller}: '${this.name}' was disposed: create another model`);
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
