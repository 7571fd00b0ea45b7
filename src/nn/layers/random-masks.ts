/** Random dropout masks. Each call of a layer in a graph has its own stream, determined by a key and the step. */
import { deriveKey } from '../../core/random.ts';
import type { Key } from '../../core/random.ts';
import type { Shape } from '../../core/shape.ts';
import type { Node } from '../../graph/node.ts';
import { dropoutMask } from '../../ops/state/random.ts';
import type { CallContext } from '../layer.ts';

/** Creates the dropout masks of a layer. */
export class RandomMasks {
  /** Set when the layer is built. */
  key: Key = [0, 0];
  readonly #rate: number;
  /** Number of calls per graph; each call uses a different stream. */
  readonly #calls = new WeakMap<object, number>();

  constructor(rate: number) {
    this.#rate = rate;
  }

  /** Builds a mask, float32 of `shape`: 0 or 1 / (1 − rate). Undefined if nothing is dropped: in inference or at rate 0. */
  next(shape: Shape, context: CallContext): Node | undefined {
    if (!context.training || this.#rate === 0) return undefined;
    const graph = context.graph ?? context.iterations;
    const call = this.#calls.get(graph) ?? 0;
    this.#calls.set(graph, call + 1);
    const [key0, key1] = deriveKey(this.key, call);
    return dropoutMask(shape, { rate: this.#rate, key0, key1 }, context.iterations);
  }
}
