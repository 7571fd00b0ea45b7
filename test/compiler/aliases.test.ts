/** Views of an updated variable have its old values, as outputs and as right-hand sides of other updates. */
import { expect, it } from 'vitest';
import { ReferenceBackend } from '../../src/backends/reference/index.ts';
import { WasmBackend } from '../../src/backends/wasm/index.ts';
import { Engine } from '../../src/engine.ts';
import type { Node, Variable } from '../../src/graph/node.ts';
import * as ops from '../../src/ops/index.ts';

const views: Record<string, (x: Node) => Node> = {
  itself: (x) => x,
  reshape: (x) => ops.reshape(x, [2, 2]),
  stopGradient: (x) => ops.stopGradient(x),
  'a chain of views': (x) => ops.stopGradient(ops.reshape(ops.stopGradient(x), [2, 2])),
  'a reshape back': (x) => ops.reshape(ops.reshape(x, [2, 2]), [4]),
  expandDims: (x) => ops.expandDims(x, 0),
  'a sum over an axis of 1': (x) => ops.sum(ops.reshape(x, [4, 1]), 1),
  'a view and 0': (x) => ops.add(ops.reshape(x, [2, 2]), 0),
  'what is negated twice': (x) => ops.neg(ops.neg(ops.reshape(x, [2, 2]))),
};

const newValues: Record<string, (x: Node, z: Variable) => Node> = {
  'a sum': (x) => ops.add(x, 1),
  'a constant': () => ops.constant(9, [4]),
  'another updated variable': (_, z) => z,
  'a view of another updated variable': (_, z) => ops.reshape(ops.reshape(z, [2, 2]), [4]),
};

it.each(Object.keys(views).flatMap((view) => Object.keys(newValues).map((value) => [view, value] as const)))(
  '%s of a variable updated by %s',
  async (viewName, valueName) => {
    for (const backend of [new ReferenceBackend(), await WasmBackend.create()]) {
      for (const optimize of [true, false]) {
        const engine = new Engine(backend);
        const [x, z, w] = [[4], [4], [2, 2]].map((shape, index) =>
          ops.variable(shape, { initialize: () => new Float32Array(4).map((_, at) => 4 * index + at) }),
        ) as [Variable, Variable, Variable];
        const view = views[viewName]!(x);
        const executable = await engine.compile(
          {
            outputs: { view, z: ops.reshape(z, [1, 4]) },
            updates: [[x, newValues[valueName]!(x, z)], [z, ops.reshape(view, [4])], [w, ops.reshape(view, [2, 2])]], // prettier-ignore
          },
          { optimize },
        );
        executable.run();
        const values = [executable.read('view'), executable.read('z'), engine.read(z), engine.read(w)];
        const [first, second] = [[0, 1, 2, 3], [4, 5, 6, 7]]; // prettier-ignore
        expect((await Promise.all(values)).map((array) => [...array])).toEqual([first, second, first, first]);
      }
    }
  },
);
