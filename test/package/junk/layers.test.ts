/** Invalid values in every argument of the methods of layers. */
import { expect, test } from 'vitest';
import * as gradlet from '../../../src/index.ts';
import { calls, methodsOf, node, rawErrors } from '../../support/junk.ts';

const sequence = gradlet.constant(new Float32Array(12), [2, 3, 2]);
const ids = gradlet.constant(new Int32Array(6), [2, 3]);
const unlike: Readonly<Record<string, readonly gradlet.Node[]>> = { embedding: [ids] };
for (const kind of ['gru', 'lstm', 'simpleRNN', 'bidirectional', 'timeDistributed'])
  Object.assign(unlike, { [kind]: [sequence] });
for (const kind of ['add', 'average', 'multiply', 'concatenate']) Object.assign(unlike, { [kind]: [node, node] });

test.each(Object.keys(gradlet.layerRegistry))('methods of the layer %s', async (kind) => {
  const inputs = unlike[kind] ?? [node];
  const shapes = inputs.map(({ shape }) => shape.slice(1));
  const factory = { add: 'addLayer', average: 'averageLayer', multiply: 'multiplyLayer', concatenate: 'concatenateLayer', input: 'inputLayer', reshape: 'reshapeLayer' }[kind] ?? kind; // prettier-ignore
  const make = (): gradlet.Layer =>
    (gradlet as unknown as Record<string, (...given: readonly unknown[]) => gradlet.Layer>)[factory]!(
      ...calls[factory]!,
    );
  const context = { training: true, iterations: gradlet.constant(0, [], 'int32') };
  const masks = inputs.map(() => undefined);
  const valid: Readonly<Record<string, readonly unknown[]>> = {
    outputShape: [shapes],
    outputShapes: [shapes],
    call: [inputs, context, masks],
    callAll: [inputs, context, masks],
    computeMask: [inputs, masks],
    apply: [shapes.map((shape) => gradlet.input({ shape }))],
    build: [shapes, [0, 0]],
    checkData: ['fit', 'x', gradlet.tensor([[0, 1]])],
    copy: [{}],
    config: [],
    penalties: [],
  };
  const found: string[] = [];
  const methods = [...new Set([...methodsOf(make()), ...Object.keys(valid).filter((name) => name in make())])];
  for (const name of methods) {
    for (const isBuilt of [false, true]) {
      const call =
        (layer: gradlet.Layer) =>
        (...given: unknown[]): unknown => {
          if (isBuilt) layer.build(shapes, [0, 0] as never);
          return (layer as unknown as Record<string, (...given: unknown[]) => unknown>)[name]!(...given);
        };
      if (isBuilt && name !== 'apply') call(make())(...valid[name]!); // the row is valid
      found.push(
        ...(await rawErrors(`${kind}.${name}`, (...given) => call(make())(...given), valid[name] ?? ['no row'])),
      );
    }
  }
  const ofConfig = gradlet.layerRegistry[kind] as (...given: unknown[]) => unknown;
  found.push(...(await rawErrors(`layerRegistry.${kind}`, ofConfig, [make().config(), gradlet.layerRegistry])));
  expect(found).toEqual([]);
});
