/**
 * The base class of recurrent layers: options, weights in the layout of Keras, initial and final states, masks and dropout.
 * One op computes all steps (`src/ops/recurrent/recurrence.ts`). `simple-rnn.ts`, `lstm.ts` and `gru.ts` define the cells.
 */
import { boolean, fraction, integer, required } from '../../core/arguments.ts';
import type { ArgumentTable, ArgumentType } from '../../core/arguments.ts';
import { ShapeError } from '../../core/errors.ts';
import { deriveKey, keyFromSeed } from '../../core/random.ts';
import type { Key } from '../../core/random.ts';
import { sameShape } from '../../core/shape.ts';
import type { Shape } from '../../core/shape.ts';
import type { Node, Variable } from '../../graph/node.ts';
import { mul } from '../../ops/elementwise/arithmetic.ts';
import { cast } from '../../ops/elementwise/clip.ts';
import { recurrence } from '../../ops/recurrent/recurrence.ts';
import { cellActivations, gateCounts } from '../../ops/recurrent/recurrent-cell.ts';
import type { Cell, CellActivation } from '../../ops/recurrent/recurrent-cell.ts';
import { reshape } from '../../ops/shape/reshape.ts';
import { reverse } from '../../ops/shape/reverse.ts';
import type { WeightTable } from '../declared-weights.ts';
import type { Initializer, InitializerLike } from '../initializers/initializers.ts';
import type { CallContext, LayerConfig, LayerOptions, Mask } from '../layer.ts';
import type { RegularizerLike } from '../regularizers.ts';
import { formatSample } from './check.ts';
import { RandomMasks } from './random-masks.ts';
import { SeveralOutputs } from './several-outputs.ts';

/** Options of all recurrent layers. */
export interface RecurrentOptions extends LayerOptions {
  /** Size of the hidden state: an integer ≥ 1. */
  readonly units: number;
  /** 'linear', 'relu', 'sigmoid', 'tanh' or 'hardSigmoid'. Default 'tanh'. */
  readonly activation?: CellActivation;
  /** Default true. */
  readonly useBias?: boolean;
  /** Initializer of `kernel`, which multiplies the inputs. Default 'glorotUniform'. */
  readonly kernelInitializer?: InitializerLike;
  /** Initializer of `recurrentKernel`, which multiplies the hidden state. Default 'orthogonal'. */
  readonly recurrentInitializer?: InitializerLike;
  /** Default 'zeros'. */
  readonly biasInitializer?: InitializerLike;
  readonly kernelRegularizer?: RegularizerLike;
  readonly recurrentRegularizer?: RegularizerLike;
  readonly biasRegularizer?: RegularizerLike;
  /** Fraction of input features that are set to 0 in training, the same ones at every step. Default 0. */
  readonly dropout?: number;
  /** Fraction of the hidden state that is set to 0 in the recurrent matmul, the same units at every step. Default 0. */
  readonly recurrentDropout?: number;
  /** Makes the dropout masks independent of the model's seed. */
  readonly seed?: number;
  /** Whether to return the hidden state after every step instead of only after the last one. Default false. */
  readonly returnSequences?: boolean;
  /** Whether to return the final states too: [output, hidden], for an LSTM [output, hidden, carry]. Default false. */
  readonly returnState?: boolean;
  /** Processes the steps from last to first; returned sequences are in processing order. Default false. */
  readonly goBackwards?: boolean;
  /** With `returnSequences`: masked steps return zeros instead of the previous state. Default false. */
  readonly zeroOutputForMask?: boolean;
  /** Not supported: pass states explicitly, with `returnState` and `apply([x, ...states])`. */
  readonly stateful?: false;
}

/** Options of recurrent layers with gates. */
export interface GatedOptions extends RecurrentOptions {
  /** Activation of the gates, as `activation`. Default 'sigmoid'. */
  readonly recurrentActivation?: CellActivation;
}

/** The union of the options of all cells. */
interface AnyOptions extends GatedOptions {
  readonly unitForgetBias?: boolean;
  readonly resetAfter?: boolean;
}

const weights: WeightTable = {
  kernel: { initializer: 'glorotUniform' },
  recurrentKernel: { initializer: 'orthogonal', option: 'recurrent' },
  bias: { initializer: 'zeros' },
};

/** Initializes the bias of the forget gate to 1, so that the cell retains its state at first (Jozefowicz and others 2015). */
function withForgetGateOpen(initializer: Initializer, units: number): Initializer {
  const create = (shape: Shape, key: Key): Float32Array =>
    initializer
      .create(shape, key)
      .slice()
      .fill(1, units, 2 * units);
  return { ...initializer, create };
}

/** Argument type of `activation` and `recurrentActivation`. */
export const cellActivation: ArgumentType = {
  expected: `one of ${cellActivations.join(', ')}`,
  accepts: (value) => cellActivations.includes(value as CellActivation),
};

const isStateless: ArgumentType = {
  expected: 'false (pass states with returnState and apply([x, ...states]))',
  accepts: (value) => value === false,
};

/** The base class of recurrent layers. */
export abstract class Recurrent extends SeveralOutputs {
  readonly cell: Cell;
  readonly units: number;
  readonly returnSequences: boolean;
  readonly returnState: boolean;
  readonly goBackwards: boolean;
  private readonly given: AnyOptions;
  private readonly inputMasks: RandomMasks;
  private readonly stateMasks: RandomMasks;

  /**
   * @param kind prefix of error messages
   * @param types types of the options that only this cell has
   */
  constructor(cell: Cell, kind: string, options: AnyOptions, types?: ArgumentTable) {
    const own = {
      units: required(integer(1)),
      activation: cellActivation,
      ...types,
      useBias: boolean,
      dropout: fraction,
      recurrentDropout: fraction,
      seed: integer(),
      returnSequences: boolean,
      returnState: boolean,
      goBackwards: boolean,
      zeroOutputForMask: boolean,
      stateful: isStateless,
    };
    super(options, kind, own, { weights });
    this.cell = cell;
    this.units = options.units;
    this.returnSequences = options.returnSequences ?? false;
    this.returnState = options.returnState ?? false;
    this.goBackwards = options.goBackwards ?? false;
    this.given = options;
    this.inputMasks = new RandomMasks(options.dropout ?? 0);
    this.stateMasks = new RandomMasks(options.recurrentDropout ?? 0);
  }

  override config(): LayerConfig {
    const { units, returnSequences, returnState, goBackwards } = this;
    const { activation = 'tanh', useBias = true, dropout = 0, recurrentDropout = 0, seed } = this.given;
    const { zeroOutputForMask = false } = this.given;
    return {
      ...super.config(),
      units,
      activation,
      useBias,
      dropout,
      recurrentDropout,
      ...(seed !== undefined && { seed }),
      returnSequences,
      returnState,
      goBackwards,
      zeroOutputForMask,
    };
  }

  /** Creates a layer with the same options except for `changes`, without weights. */
  copy(changes: Partial<RecurrentOptions>): this {
    const make = this.constructor as new (options: RecurrentOptions) => this;
    return new make({ ...this.given, name: '', ...changes });
  }

  /** Number of states: an LSTM has a hidden state and a carry, other cells only a hidden state. */
  get stateCount(): number {
    return this.cell === 'lstm' ? 2 : 1;
  }

  outputShapes(inputs: readonly Shape[]): readonly Shape[] {
    const [steps] = this.sequenceOf(inputs);
    const state = [this.units];
    const output = this.returnSequences ? [steps, this.units] : state;
    return this.returnState ? [output, ...Array.from({ length: this.stateCount }, () => state)] : [output];
  }

  protected override createWeights(inputs: readonly Shape[], key: Key): void {
    const [, features] = this.sequenceOf(inputs);
    const { units } = this;
    const columns = gateCounts[this.cell] * units;
    const { seed, useBias = true } = this.given;
    const streams = seed === undefined ? key : keyFromSeed(seed);
    // After the streams of the weights. The two directions of a bidirectional layer can have the same seed.
    const first = this.goBackwards ? 18 : 16;
    this.inputMasks.key = deriveKey(streams, first);
    this.stateMasks.key = deriveKey(streams, first + 1);
    this.addWeight('kernel', [features, columns], key);
    this.addWeight('recurrentKernel', [units, columns], key);
    if (!useBias) return;
    const initializer = this.initializerOf('bias');
    this.addWeight('bias', this.hasTwoBiases ? [2, columns] : [columns], key, {
      initializer: this.opensForgetGate ? withForgetGateOpen(initializer, units) : initializer,
    });
  }

  callAll(
    given: readonly Node[],
    context: CallContext,
    [mask]: readonly Mask[],
  ): readonly [output: Node, ...states: Node[]] {
    const [, features] = this.sequenceOf(given.map(({ shape }) => shape.slice(1)));
    const [kernel, recurrentKernel, bias] = this.weights as [Variable, Variable, Variable | undefined];
    const [x, ...initialState] = given.map((node) => cast(node, 'float32')) as [Node, ...Node[]];
    const batch = x.shape[0]!;
    const { cell, goBackwards } = this;
    const { activation, recurrentActivation, resetAfter, zeroOutputForMask } = this.given;
    const inputMask = this.inputMasks.next([batch, features], context);
    const { outputs, states } = recurrence(inputMask ? mul(x, reshape(inputMask, [batch, 1, features])) : x, {
      cell,
      kernel,
      recurrentKernel,
      bias,
      activation,
      recurrentActivation,
      resetAfter,
      initialState: initialState.length > 0 ? initialState : undefined,
      mask,
      recurrentDropout: this.stateMasks.next([batch, this.units], context),
      goBackwards,
    });
    const [stepMask] = this.computeMask(given, [mask]);
    const sequence = stepMask && zeroOutputForMask ? mul(outputs, reshape(stepMask, [...stepMask.shape, 1])) : outputs;
    const output = this.returnSequences ? sequence : states[0]!;
    return this.returnState ? [output, ...states] : [output];
  }

  /** The mask in the step order of the output; none if only the last step is returned. */
  override computeMask(_: readonly Node[], [mask]: readonly Mask[]): readonly Mask[] {
    return this.returnSequences && mask ? [this.goBackwards ? reverse(cast(mask, 'float32'), 1) : mask] : [];
  }

  private get hasTwoBiases(): boolean {
    return this.cell === 'gru' && (this.given.resetAfter ?? true);
  }

  private get opensForgetGate(): boolean {
    return this.cell === 'lstm' && (this.given.unitForgetBias ?? true);
  }

  /** Returns the steps and features of the sequence. Throws `ShapeError` if the sequence or the initial states do not fit. */
  private sequenceOf([sequence, ...states]: readonly Shape[]): readonly [steps: number, features: number] {
    const { units, stateCount } = this;
    if (sequence?.length !== 2) {
      const given = sequence ? formatSample(sequence) : 'nothing';
      throw new ShapeError(
        `${this.label}: expects sequences [batch, steps, features], got ${given}: put embedding() before it for word ` +
          `numbers, or reshape the data; a layer before it that is recurrent takes returnSequences: true`,
      );
    }
    const fits = states.length === 0 || states.length === stateCount;
    if (!fits || !states.every((state) => sameShape(state, [units]))) {
      const wanted = `${stateCount} initial state${stateCount > 1 ? 's' : ''} [batch, ${units}]`;
      throw new ShapeError(
        `${this.label}: takes a sequence, or with it ${wanted}, not ${states.map(formatSample).join(', ')}`,
      );
    }
    const expected = this.weight('kernel')?.shape[0] ?? sequence[1]!;
    if (sequence[1] !== expected) {
      throw new ShapeError(`${this.label}: expects ${expected} features a step, got ${formatSample(sequence)}`);
    }
    return sequence as unknown as readonly [number, number];
  }
}
