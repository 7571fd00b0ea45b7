/**
 * Detects NaN and infinity on the device, inside the program of a step. For each watched value it records when it was first not
 * finite. The host reads the record together with the sums.
 */
import type { Engine } from '../engine.ts';
import type { Node, Variable } from '../graph/node.ts';
import { firstNonFinite } from '../ops/reduce/finite.ts';
import { variable } from '../ops/define.ts';
import type { Optimizer, Update } from '../optim/optimizer.ts';
import type { LayerOutput } from '../nn/topology.ts';

/** A value to watch. */
export interface WatchedValue {
  readonly node: Node;
  /** Name in error messages: `the output of layer 'dense'`. */
  readonly what: string;
  /** Becomes `NonFiniteError.where`. */
  readonly where: string;
  /** Whether the value is a weight or optimizer state, which stays non-finite until it is set. */
  readonly isState: boolean;
}

/** The earliest value that was not finite. */
export interface Finding extends Omit<WatchedValue, 'node'> {
  /** Value of the counter in the step that found it. */
  readonly count: number;
}

export class FiniteWatch {
  /** int32 [values]: −1, or the counter of the step in which the value was first not finite. */
  flags: Variable = variable([0], { dtype: 'int32' });
  #names: readonly Omit<WatchedValue, 'node'>[] = [];
  readonly #engine: Engine;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /**
   * Builds the update that checks `values`. Called once for each batch size, with the corresponding nodes.
   *
   * @param counter int32 [], not negative: the number to record
   * @param values in order of priority: if several become non-finite in one step, the first is reported
   */
  updateFor(counter: Node, values: readonly WatchedValue[]): Update {
    const watched = values.filter(({ node }) => node.dtype === 'float32');
    if (this.#names.length === 0) {
      this.#names = watched.map(({ what, where, isState }) => ({ what, where, isState }));
      this.flags = variable([watched.length], { dtype: 'int32', name: 'nonFinite' });
    }
    return [this.flags, firstNonFinite(this.flags, counter, ...watched.map(({ node }) => node))];
  }

  /** Clears the record. Called before a run. */
  reset(): void {
    this.#engine.write(this.flags, new Int32Array(this.#names.length).fill(-1));
  }

  /** Reads the record. Returns null if all values were finite. */
  async find(): Promise<Finding | null> {
    const flags = Array.from(await this.#engine.read(this.flags));
    const found = flags.filter((flag) => flag >= 0);
    if (found.length === 0) return null;
    const count = found.reduce((least, flag) => Math.min(least, flag));
    return { ...this.#names[flags.indexOf(count)]!, count };
  }
}

/** Returns the outputs of layers in forward order, without layers that only reshape their input. */
export function watchedOutputs(outputs: readonly LayerOutput[]): WatchedValue[] {
  return outputs.filter(isOwn).map(({ name, node }) => {
    return { node, what: `the output of layer '${name}'`, where: name, isState: false };
  });
}

export function watchedLoss(node: Node): WatchedValue {
  return { node, what: 'the loss', where: 'loss', isState: false };
}

/**
 * Returns the weights, then the optimizer state.
 *
 * @param next the updated values of variables that the step updates. Other variables are checked as they are.
 */
export function watchedState(
  weights: readonly Variable[],
  optimizer?: Optimizer,
  next: ReadonlyMap<Variable, Node> = new Map(),
): WatchedValue[] {
  const slots = optimizer?.slots() ?? [];
  return [...weights, ...slots].map((state, index) => {
    const { name, slot } = state.variable;
    const owner = slot === undefined ? '' : ` of weight '${name.slice(0, -slot.length - 1)}'`;
    const what =
      index < weights.length
        ? `the weight '${name}'`
        : `the optimizer state '${optimizer!.name}/${slot ?? name}'${owner}`;
    return { node: next.get(state) ?? state, what, where: name, isState: true };
  });
}

/** Whether the layer computed its output, rather than reshaping its input. */
function isOwn({ name, node }: LayerOutput): boolean {
  let base = node;
  while (base.op.kind === 'alias') base = base.inputs[0]!;
  return base.scope === name || base.scope.startsWith(`${name}/`);
}
