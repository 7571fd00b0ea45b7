/**
 * The watch over a run: the first step at which each layer's output, and the loss, was not finite, kept on the device
 * and read back together with the sums.
 */
import { NonFiniteError } from '../core/errors.ts';
import type { Engine } from '../engine.ts';
import type { Node, Variable } from '../graph/node.ts';
import { firstNonFinite } from '../ops/reduce/finite.ts';
import { variable } from '../ops/define.ts';
import type { Update } from '../optim/optimizer.ts';
import type { LayerOutput } from '../nn/topology.ts';

export class FiniteWatch {
  /** int32, one for each value: −1, or the steps done before the one at which it was not finite. */
  flags: Variable = variable([0], { dtype: 'int32' });
  #names: readonly string[] = [];
  readonly #engine: Engine;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** The update that looks at what one batch gives, in forward order and the loss last: for each size of batch once. */
  look(iterations: Node, outputs: readonly LayerOutput[], loss: Node): Update {
    // What only shows its input in another shape is watched there already.
    const watched = outputs.filter((output) => output.node.dtype === 'float32' && isOwn(output));
    const values = [...watched.map(({ node }) => node), loss];
    if (this.#names.length === 0) {
      this.#names = [...watched.map(({ name }) => `layer '${name}'`), 'the loss'];
      this.flags = variable([values.length], { dtype: 'int32', name: 'nonFiniteSteps' });
    }
    return [this.flags, firstNonFinite(this.flags, iterations, ...values)];
  }

  /** Forgets what was found: before a run. */
  reset(): void {
    this.#engine.write(this.flags, new Int32Array(this.#names.length).fill(-1));
  }

  /** Throws `NonFiniteError` naming the first value, of the earliest step, that was not finite. */
  async check(caller: string): Promise<void> {
    const flags = await this.#engine.read(this.flags);
    const found = flags.filter((step) => step >= 0);
    if (found.length === 0) return;
    const step = Math.min(...found);
    const name = this.#names[flags.indexOf(step)]!;
    const where = name === 'the loss' ? 'loss' : name.slice("layer '".length, -1);
    const what = name === 'the loss' ? name : `the output of ${name}`;
    throw new NonFiniteError(
      `${caller}: ${what} became NaN or infinite in training step ${step + 1}: ` +
        `lower the learning rate, clip the gradients, or scale the data to a small range`,
      where,
      step + 1,
    );
  }
}

/** Whether the layer computed its output, and does not only pass its input on in another shape. */
function isOwn({ name, node }: LayerOutput): boolean {
  let base = node;
  while (base.op.kind === 'alias') base = base.inputs[0]!;
  return base.scope === name || base.scope.startsWith(`${name}/`);
}
