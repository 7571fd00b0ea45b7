/** First pass: rejects invalid updates before anything is rewritten. */
import { ShapeError, StateError } from '../../core/errors.ts';
import { formatShape, sameShape } from '../../core/shape.ts';
import type { Graph } from '../../graph/node.ts';

export function checkUpdates(graph: Graph): Graph {
  const updated = new Set<number>();
  for (const [variable, value] of graph.updates) {
    const { name } = variable.variable;
    if (updated.has(variable.id)) {
      throw new StateError(`compile: variable '${name}' is updated twice: combine both updates`);
    }
    updated.add(variable.id);
    if (!sameShape(variable.shape, value.shape) || variable.dtype !== value.dtype) {
      throw new ShapeError(
        `compile: the update of '${name}' is ${value.dtype} ${formatShape(value.shape)}, ` +
          `but the variable is ${variable.dtype} ${formatShape(variable.shape)}`,
      );
    }
  }
  return graph;
}
