/**
 * Looks for NaN and infinity on the device, inside the program of a step: records for each watched value when it was first
 * not finite. The record is read back together with the sums.
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
  /** What errors call it: `the output of layer 'dense'`. */
  readonly what: string;
  /** `NonFiniteError.where` */
  readonly where: string;
  /** Whether it is a weight or a state of the optimizer, which stays non-finite until it is set. */
  readonly isState: boolean;
}

/** The earliest value that was not finite. */
export interface Finding extends Omit<WatchedValue, 'node'> {
  /** The counter's value when it was found. */
  readonly count: number;
}

export class FiniteWatch {
  /** int32, one for each value: −1, or the counter when the value was first not finite. */
  flags: Variable = variable([0], { dtype: 'int32' });
  #names: readonly Omit<WatchedValue, 'node'>[] = [];
  readonly #engine: Engine;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /**
   * The update that looks at `values`; called once for each batch size, with the same values.
   *
   * @param counter int32 []: what is recorded, not negative
   * @param values first the ones that are to be named where several are found at once
   */
  look(counter: Node, values: readonly WatchedValue[]): Update {
    const watched = values.filter(({ node }) => node.dtype === 'float32');
    if (this.#names.length === 0) {
      this.#names = watched.map(({ what, where, isState }) => ({ what, where, isState }));
      this.flags = variable([watched.length], { dtype: 'int32', name: 'nonFinite' });
    }
    return [this.flags, firstNonFinite(this.flags, counter, ...watched.map(({ node }) => node))];
  }

  /** Clears the record: before a run. */
  reset(): void {
    this.#engine.write(this.flags, new Int32Array(this.#names.length).fill(-1));
  }

  /** Reads the record: null if all values were finite. */
  async find(): Promise<Finding | null> {
    const flags = Array.from(await this.#engine.read(this.flags));
    const found = flags.filter((flag) => flag >= 0);
    if (found.length === 0) return null;
    const count = found.reduce((least, flag) => Math.min(least, flag));
    return { ...this.#names[flags.indexOf(count)]!, count };
  }
}

/** The layers' outputs in forward order, without those that only reshape their input. */
export function watchedOutputs(outputs: readonly LayerOutput[]): WatchedValue[] {
  return outputs.filter(isOwn).map(({ name, node }) => {
    return { node, what: `the output of layer '${name}'`, where: name, isState: false };
  });
}

export function watchedLoss(node: Node): WatchedValue {
  return { node, what: 'the loss', where: 'loss', isState: false };
}

/**
 * Weights, then the optimizer's state.
 *
 * @param next the values of those that a step updates; the others are watched as they are
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

/** Whether the layer computed its output, and does not only return its input in another shape. */
function isOwn({ name, node }: LayerOutput): boolean {
  let base = node;
  while (base.op.kind === 'alias') base = base.inputs[0]!;
  return base.scope === name || base.scope.startsWith(`${name}/`);
}
