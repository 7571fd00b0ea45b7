/**
 * The base class of layers. A layer holds its options and, once it is built, its weights, and adds nodes to a graph when it
 * is called. Layers do not depend on engines or training loops.
 */
import { markRaw, rawOf, unproxied } from '../core/raw.ts';
import { anything, boolean, checkOptions, checkValue, required } from '../core/arguments.ts';
import type { ArgumentTable } from '../core/arguments.ts';
import { StateError, ValueError } from '../core/errors.ts';
import { deriveKey } from '../core/random.ts';
import type { Key } from '../core/random.ts';
import { checkShape } from '../core/shape.ts';
import type { Shape } from '../core/shape.ts';
import type { Node, Variable } from '../graph/node.ts';
import { variable } from '../ops/define.ts';
import type { HostTensor } from '../data/tensor.ts';
import { dimensions, layerName } from './arguments.ts';
import { DeclaredWeights, weightOptions } from './declared-weights.ts';
import type { WeightTable } from './declared-weights.ts';
import type { Initializer } from './initializers/initializers.ts';
import { checkMethods } from './layer-methods.ts';
import type { SymbolicInput } from './symbolic-input.ts';

/** How a layer is called: for training or inference, and by which graph. */
export interface CallContext {
  /** False in evaluate and predict, where dropout is disabled. */
  readonly training: boolean;
  /** int32 []: number of completed training steps; the counter of random masks. */
  readonly iterations: Node;
  /**
   * Identifies the graph under construction. A layer with random numbers uses a different stream for each of its calls in one
   * graph, in call order. Default: `iterations`, so that all calls with the same counter draw independently.
   */
  readonly graph?: object;
  /** Whether the layer is frozen, as decided by a wrapper layer or the model's `compile`. Default: `!layer.trainable`. */
  readonly frozen?: boolean;
  /** float32 [batch]: 0 for rows to ignore, such as masked steps in `timeDistributed`; undefined if no row is ignored. */
  readonly rowMask?: Mask;
  /**
   * Schedules an update of a weight of role `state` at the end of the training step: `next` maps the old value to the new
   * one. A second call for the same weight continues from the result of the first. If undefined, states do not change.
   */
  readonly update?: ((weight: Variable, next: (value: Node) => Node) => void) | undefined;
}

/** [batch, steps] or more axes: 1 for valid steps, 0 for padding; undefined if there is no padding. */
export type Mask = Node | undefined;

/** The options of a layer as JSON-serializable data, from which `load` recreates it. */
export type LayerConfig = Readonly<Record<string, unknown>>;

/** The output of a layer call in a functional model, before an engine or a batch size is known. */
export interface SymbolicTensor {
  /** Without the batch axis. */
  readonly shape: Shape;
  readonly layer: Layer | SymbolicInput;
  readonly inputs: readonly SymbolicTensor[];
  /** Output index of a layer with several outputs. Default 0. If it is not 0, the only input is the tensor of output 0. */
  readonly output?: number;
}

/** The options that every layer takes. */
export interface LayerOptions {
  /** Unique within a model. Default: the model numbers its layers, `dense`, `dense_1` … */
  readonly name?: string;
  /** Default true. False freezes the layer's weights. */
  readonly trainable?: boolean;
  /** Shape of a sample, without the batch axis. Needed by the first layer of a sequential model. */
  readonly inputShape?: Shape;
}

/** What the class of a layer declares in addition to its options. */
export interface LayerDeclaration {
  /** Replaces the defaults of `LayerOptions`. */
  readonly defaults?: LayerOptions;
  /** The weights. Each adds the options `<name>Initializer` and `<name>Regularizer`. */
  readonly weights?: WeightTable;
}

/** The name that error messages use for a layer with these unchecked options. */
export function labelOf(options: unknown, kind: string): string {
  const { name } = (options ?? {}) as LayerOptions;
  return typeof name === 'string' && name !== '' ? name : kind;
}

/**
 * The base class of all layers, and of custom layers. Shapes do not include the batch axis, except in `call`.
 *
 * @example
 * class Scale extends Layer {
 *   readonly kind = 'scale';
 *   outputShape(inputs: readonly Shape[]): Shape {
 *     return inputs[0]!;
 *   }
 *   protected override createWeights(inputs: readonly Shape[], key: readonly [number, number]): void {
 *     this.addWeight('scale', inputs[0]!, key, { initializer: ones() });
 *   }
 *   call(inputs: readonly Tensor[]): Tensor {
 *     return mul(inputs[0]!, this.weight('scale')!);
 *   }
 * }
 */
export abstract class Layer {
  /** The name in the layer registry, such as `dense`. */
  abstract readonly kind: string;
  /** Whether `computeMask` propagates masks. True for layers that preserve the steps of their input. */
  readonly supportsMasking: boolean = false;
  /**
   * How the layer handles int32 inputs. 'indices': it reads them as indices, like an embedding. 'kept': it passes them through
   * as int32, like a reshape. 'float32': they are converted to float32 before the call.
   */
  get integers(): 'indices' | 'kept' | 'float32' {
    return 'float32';
  }
  /** Shape of a sample, if the user specified it. */
  readonly inputShape: Shape | undefined;
  /** Created by `build`, in the order in which files store them. Weights of role `parameter` are trained, others are not. */
  protected readonly ownWeights: Variable[] = [];
  private readonly declared: DeclaredWeights;
  private readonly named = new Map<string, Variable>();
  private givenName: string;
  private isTrainable: boolean;
  private isBuilt = false;

  /**
   * @param kind prefix of error messages as long as the layer has no name
   * @param types types of the subclass's options: options that are neither listed here nor in `LayerOptions` are rejected.
   *   Without this table, the subclass checks its options itself
   * @throws ValueError for an option that is unknown or of the wrong type
   */
  constructor(
    options: LayerOptions = {},
    kind = 'layer',
    types?: ArgumentTable,
    { defaults, weights = {} }: LayerDeclaration = {},
  ) {
    const own = types ?? Object.fromEntries(Object.keys(Object(options)).map((name) => [name, anything]));
    markRaw(this);
    const where = labelOf(options, kind);
    checkOptions(where, options, {
      ...own,
      ...weightOptions(weights),
      name: layerName,
      trainable: boolean,
      inputShape: dimensions,
    });
    const inputShape = options.inputShape ?? defaults?.inputShape;
    this.declared = new DeclaredWeights(weights, options);
    this.givenName = options.name ?? '';
    this.isTrainable = options.trainable ?? defaults?.trainable ?? true;
    this.inputShape = inputShape && checkShape(where, [...inputShape]);
    checkMethods(this, this.createWeights !== Layer.prototype.createWeights);
  }

  /** Unique within a model. The model assigns one (`dense`, `dense_1` …) if the user does not. */
  get name(): string {
    return this.givenName;
  }

  set name(name: string) {
    checkValue(this.kind, 'name', name, required(layerName));
    this.givenName = name;
  }

  /** False freezes the layer: training does not change its weights. Takes effect at the model's next `compile`. */
  get trainable(): boolean {
    return this.isTrainable;
  }

  set trainable(trainable: boolean) {
    checkValue(this.kind, 'trainable', trainable, required(boolean));
    this.isTrainable = trainable;
  }

  /**
   * Returns the options as JSON-serializable data. Subclasses add their options to `...super.config()`, which includes those
   * of declared weights. Absent options have their default values.
   */
  config(): LayerConfig {
    const { name, trainable, inputShape } = this;
    return {
      ...(name && { name }),
      ...(trainable ? {} : { trainable }),
      ...(inputShape && { inputShape }),
      ...this.declared.config(),
    };
  }

  /** Infers the output shape. Throws `ShapeError` with the layer's name if the layer cannot process these inputs. */
  abstract outputShape(inputs: readonly Shape[]): Shape;

  /**
   * Builds the graph nodes of the layer.
   *
   * @param inputs one tensor [batch, ...] per input
   * @param masks one mask per input, undefined for inputs without a mask
   * @returns the output, [batch, ...outputShape]
   */
  abstract call(inputs: readonly Node[], context: CallContext, masks?: readonly Mask[]): Node;

  /** As `call`, but returns all outputs; see `layers/several-outputs.ts`. */
  callAll(inputs: readonly Node[], context: CallContext, masks: readonly Mask[]): readonly Node[] {
    return [this.call(inputs, context, masks)];
  }

  /** Returns one mask per output, undefined for outputs without. Layers that do not support masking drop masks, as in Keras. */
  computeMask(_inputs: readonly Node[], masks: readonly Mask[]): readonly Mask[] {
    return this.supportsMasking ? masks : [];
  }

  /** Checks the data of the model input that this layer reads. Throws `ValueError` for invalid data. Most layers accept any. */
  checkData?(caller: string, name: string, values: HostTensor): void;

  /** Creates the weights for inputs of these shapes with `addWeight`. `key` seeds their initial values. */
  protected createWeights(_inputs: readonly Shape[], _key: Key): void {
    // Most layers have no weights.
  }

  /** Scalar nodes to add to the loss. Default: the regularization penalties of declared weights. */
  penalties(): readonly Node[] {
    return this.declared.penalties(this.named);
  }

  /** Creates the weights on the first call. If two models share a layer, the first one builds it. */
  build(inputs: readonly Shape[], key: Key): void {
    if (this.isBuilt) return;
    this.outputShape(inputs);
    this.createWeights(inputs, key);
    this.isBuilt = true;
  }

  /** Parameters and non-trainable state. Throws `StateError` before `build`. */
  get weights(): readonly Variable[] {
    if (!this.isBuilt) {
      throw new StateError(
        `layer '${this.label}': it has no weights yet: build the model, or give the first layer an inputShape`,
      );
    }
    return this.ownWeights;
  }

  /**
   * Calls the layer in a functional model.
   *
   * @returns the symbolic output
   * @throws ShapeError if the layer cannot process the inputs
   * @example
   * const x = input({ shape: [784] });
   * const y = dense({ units: 10, activation: 'softmax' }).apply(x);
   * const classifier = model({ inputs: x, outputs: y });
   */
  apply(inputs: SymbolicTensor | readonly SymbolicTensor[]): SymbolicTensor {
    const list = Array.isArray(inputs) ? (inputs as readonly SymbolicTensor[]) : [inputs as SymbolicTensor];
    const shape = this.outputShape(list.map((input) => input.shape));
    return unproxied({ shape, layer: rawOf(this), inputs: list });
  }

  /** The name in error messages: the layer's name, or its kind if it has no name. */
  protected get label(): string {
    return this.name || this.kind;
  }

  /** Returns a weight by its name in `addWeight`; undefined if it has not been created. */
  protected weight(name: string): Variable | undefined {
    return this.named.get(name);
  }

  /** Returns the initializer of a declared weight. */
  protected initializerOf(name: string): Initializer {
    return this.declared.get(name)!.initializer;
  }

  /**
   * Creates a float32 variable `<layer>/<name>`; to be called in `createWeights`. Each weight has its own random stream derived
   * from `key`, so its values do not depend on the sizes of other weights.
   *
   * @param given overrides the declaration of the weight
   * @throws ValueError if there is no initializer
   */
  protected addWeight(
    name: string,
    shape: Shape,
    key: Key,
    given: { readonly initializer?: Initializer; readonly role?: 'parameter' | 'state' } = {},
  ): Variable {
    const { initializer, role = 'parameter' } = { ...this.declared.get(name), ...given };
    if (!initializer) {
      throw new ValueError(`${this.label}: the weight '${name}' has no initializer: declare it, or give addWeight one`);
    }
    const stream = deriveKey(key, this.ownWeights.length);
    const initialize = (): Float32Array => initializer.create(shape, stream);
    const made = variable(shape, { name: `${this.label}/${name}`, role, initialize });
    const { createInSteps } = initializer;
    const inSteps = createInSteps && { initializeInSteps: () => createInSteps(shape, stream) };
    const weight = { ...made, variable: { ...made.variable, ...inSteps } };
    this.ownWeights.push(weight);
    this.named.set(name, weight);
    return weight;
  }
}
