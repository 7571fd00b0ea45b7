/**
 * What a layer is: a record with its settings, the variables that it owns once it is built, and the nodes that it adds
 * to a graph. Layers know nothing of engines or training loops; `src/train` puts them to work.
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
import type { InputPlace } from './symbolic-input.ts';

export interface CallContext {
  /** False for evaluate and predict: dropout does nothing then. */
  readonly training: boolean;
  /** int32 []: training steps done so far; random masks count by it. */
  readonly iterations: Node;
  /**
   * The graph under construction, by identity: a layer that draws at random draws anew for each of its calls in one graph, in the
   * order of the calls. Default: `iterations`, so that all calls with one counter draw independently.
   */
  readonly graph?: object;
  /** Whether the layer is frozen, as a layer around it or the model's `compile` decided. Default: unless it is `trainable`. */
  readonly frozen?: boolean;
  /** float32 [batch]: 0 for rows that do not count, as `timeDistributed` gives for masked steps; undefined where all count. */
  readonly rowMask?: Mask;
  /**
   * Gives a weight of role `state` what `next` makes of its value, at the end of the training step. A second call goes on
   * from the result of the first. Where it is undefined, the state stays as it is.
   */
  readonly update?: ((weight: Variable, next: (value: Node) => Node) => void) | undefined;
}

/** [batch, steps] or more axes, of 1 and of 0 for steps that only fill up; undefined where every step counts. */
export type Mask = Node | undefined;

/** A layer's settings as JSON: what `load` makes it from again. */
export type LayerConfig = Readonly<Record<string, unknown>>;

/** A place in a graph of layers: what a layer gave, before any engine or batch size is known. */
export interface SymbolicTensor {
  /** Without the batch axis. */
  readonly shape: Shape;
  readonly layer: Layer | InputPlace;
  readonly inputs: readonly SymbolicTensor[];
  /** Which output of a layer with several; 0 if absent. Where it is not 0, the only input is the place of output 0. */
  readonly output?: number;
}

/** The options that every layer takes. */
export interface LayerOptions {
  /** Unique within a model. Default: the model numbers its layers, `dense`, `dense_1` … */
  readonly name?: string;
  /** Default true. False freezes the layer's weights. */
  readonly trainable?: boolean;
  /** A sample's shape, without the batch axis: for the first layer of a sequential model. */
  readonly inputShape?: Shape;
}

/** What the class of a layer declares beside its options. */
export interface LayerDeclaration {
  /** In place of the defaults of `LayerOptions`. */
  readonly defaults?: LayerOptions;
  /** The weights: each gets the options `<name>Initializer` and `<name>Regularizer`. */
  readonly weights?: WeightTable;
}

/** What messages call a layer that is made from `options`, which may be anything. */
export function labelOf(options: unknown, kind: string): string {
  const { name } = (options ?? {}) as LayerOptions;
  return typeof name === 'string' && name !== '' ? name : kind;
}

/** Subclass this, or use it as the type of any layer. Shapes never include the batch axis, except in `call`. */
export abstract class Layer {
  /** The name in the closed registry, such as `dense`. */
  abstract readonly kind: string;
  /** Whether `computeMask` hands masks on: for a layer whose output has the steps of its input. */
  readonly supportsMasking: boolean = false;
  /**
   * What the layer does with int32 data: reads them as indices, as an embedding does; keeps them for the layer behind, as a
   * reshape does; or takes float32, into which they are converted before they reach it.
   */
  get integers(): 'indices' | 'kept' | 'float32' {
    return 'float32';
  }
  /** The shape of a sample, when the user gave it. */
  readonly inputShape: Shape | undefined;
  /** Created by `build`, in the order of saving. Parameters have the role `parameter`; other state does not train. */
  protected readonly ownWeights: Variable[] = [];
  private readonly declared: DeclaredWeights;
  private readonly named = new Map<string, Variable>();
  private givenName: string;
  private isTrainable: boolean;
  private isBuilt = false;

  /**
   * @param kind starts the messages of a layer without a name
   * @param types the subclass's own options: with this table, an option that neither it nor `LayerOptions` has is refused;
   *   without it, a subclass checks its options itself
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

  /** Unique within a model; the model gives one (`dense`, `dense_1` …) when the user gives none. */
  get name(): string {
    return this.givenName;
  }

  set name(name: string) {
    checkValue(this.kind, 'name', name, required(layerName));
    this.givenName = name;
  }

  /** False freezes the layer: its weights keep their values. Takes effect at the model's next `compile`. */
  get trainable(): boolean {
    return this.isTrainable;
  }

  set trainable(trainable: boolean) {
    checkValue(this.kind, 'trainable', trainable, required(boolean));
    this.isTrainable = trainable;
  }

  /** Settings as JSON; subclasses add theirs to `...super.config()`, which has those of declared weights. Options left out have their defaults. */
  config(): LayerConfig {
    const { name, trainable, inputShape } = this;
    return {
      ...(name && { name }),
      ...(trainable ? {} : { trainable }),
      ...(inputShape && { inputShape }),
      ...this.declared.config(),
    };
  }

  /** Throws `ShapeError` naming the layer when it cannot take inputs of these shapes. */
  abstract outputShape(inputs: readonly Shape[]): Shape;

  /** Makes the nodes: inputs and output have the batch axis in front. `masks` has the mask of each input that has one. */
  abstract call(inputs: readonly Node[], context: CallContext, masks?: readonly Mask[]): Node;

  /** Every output: for a layer with several, see `layers/several-outputs.ts`. */
  callAll(inputs: readonly Node[], context: CallContext, masks: readonly Mask[]): readonly Node[] {
    return [this.call(inputs, context, masks)];
  }

  /** The mask of each output that has one. A layer that does not know about masks drops them, as in Keras. */
  computeMask(_inputs: readonly Node[], masks: readonly Mask[]): readonly Mask[] {
    return this.supportsMasking ? masks : [];
  }

  /** Throws `ValueError` for data that a layer which stands at a model's input cannot take. Most take all. */
  checkData?(caller: string, name: string, values: HostTensor): void;

  /** Creates the variables for inputs of these shapes; `key` seeds their first values. */
  protected createWeights(_inputs: readonly Shape[], _key: Key): void {
    // Most layers have none.
  }

  /** Scalar nodes to add to the loss: by default the penalties of declared weights. */
  penalties(): readonly Node[] {
    return this.declared.penalties(this.named);
  }

  /** Creates the weights once; a layer that two models share is built by the first. */
  build(inputs: readonly Shape[], key: Key): void {
    if (this.isBuilt) return;
    this.outputShape(inputs);
    this.createWeights(inputs, key);
    this.isBuilt = true;
  }

  /** Parameters and other state. Throws `StateError` before `build`. */
  get weights(): readonly Variable[] {
    if (!this.isBuilt) {
      throw new StateError(
        `layer '${this.label}': it has no weights yet: build the model, or give the first layer an inputShape`,
      );
    }
    return this.ownWeights;
  }

  /** The layer's output for `inputs`, as a place in a functional model. */
  apply(inputs: SymbolicTensor | readonly SymbolicTensor[]): SymbolicTensor {
    const list = Array.isArray(inputs) ? (inputs as readonly SymbolicTensor[]) : [inputs as SymbolicTensor];
    const shape = this.outputShape(list.map((input) => input.shape));
    return unproxied({ shape, layer: rawOf(this), inputs: list });
  }

  /** What errors call the layer: its name, or its kind while it has none. */
  protected get label(): string {
    return this.name || this.kind;
  }

  /** A weight by the name that `addWeight` was given; undefined before it is created. */
  protected weight(name: string): Variable | undefined {
    return this.named.get(name);
  }

  /** The initializer of a declared weight. */
  protected initializerOf(name: string): Initializer {
    return this.declared.get(name)!.initializer;
  }

  /**
   * For `createWeights`: a new float32 variable `<layer>/<name>`. Each weight draws from a stream of its own below `key`, so its values
   * do not depend on the sizes of the others.
   *
   * @param given in place of what the layer declares of the weight
   * @throws ValueError where there is no initializer
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
