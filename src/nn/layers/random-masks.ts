/** The masks that dropout multiplies by: a stream of them for each use of a layer in a graph, fixed by a key and the step. */
import { deriveKey } from '../../core/random.ts';
import type { Key } from '../../core/random.ts';
import type { Shape } from '../../core/shape.ts';
import type { Node } from '../../graph/node.ts';
import { dropoutMask } from '../../ops/state/random.ts';
import type { CallContext } from '../layer.ts';

export class RandomMasks {
  /** Set when the layer is built. */
  key: Key = [0, 0];
  readonly #rate: number;
  /** Calls so far in each graph: each draws from a stream of its own. */
  readonly #calls = new WeakMap<object, number>();

  constructor(rate: number) {
    this.#rate = rate;
  }

  /** float32 of `shape`: 0 or 1 / (1 − rate); undefined where nothing is dropped: at rate 0, in evaluate and predict. */
  next(shape: Shape, context: CallContext): Node | undefined {
    if (!context.training || this.#rate === 0) return undefined;
    const graph = context.graph ?? context.iterations;
    const call = this.#calls.get(graph) ?? 0;
    this.#calls.set(graph, call + 1);
    const [key0, key1] = deriveKey(this.key, call);
    return dropoutMask(shape, { rate: this.#rate, key0, key1 }, context.iterations);
  }
}
