/** Formats a model as a text table of layers, output shapes and parameter counts, as Keras does. */
import { bytesPerElement } from '../core/dtype.ts';
import { formatShape, sizeOf } from '../core/shape.ts';
import type { Variable } from '../graph/node.ts';
import type { Topology } from '../nn/topology.ts';

export function countElements(variables: readonly Variable[]): number {
  return variables.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
}

export function summarize(name: string, topology: Topology): string {
  const isChain = topology.calls.every(({ inputs }, index) => inputs.length === (index === 0 ? 0 : 1));
  const header = ['Layer (type)', 'Output shape', 'Params', ...(isChain ? [] : ['Connected to'])];
  const counted = new Set<unknown>();
  const rows = topology.calls
    .filter(({ inputs, output }) => output === 0 && (!isChain || inputs.length > 0))
    .map(({ layer, shape, inputs }) => {
      const isInput = inputs.length === 0;
      const count = isInput || counted.has(layer) ? 0 : countElements(layer.weights);
      counted.add(layer);
      const batched = formatShape(['batch', ...shape] as unknown as number[]);
      const cells = [`${topology.names.get(layer)!} (${layer.kind})`, batched, formatCount(count)];
      return isChain ? cells : [...cells, inputs.map((from) => topology.names.get(from.layer)!).join(', ')];
    });
  const widths = header.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]!.length)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => (column === 2 ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)))
      .join('  ')
      .trimEnd();
  const rule = '─'.repeat(widths.reduce((sum, width) => sum + width + 2, -2));
  const { layers, weights } = topology;
  const trainable = countElements(topology.parametersOf(new Set(layers.filter((layer) => layer.trainable))));
  const all = countElements(weights);
  return [
    `Model: '${name}'`,
    rule,
    line(header),
    rule,
    ...rows.map(line),
    rule,
    `Total params: ${formatCount(all)} (${formatBytes(weights)})`,
    `Trainable params: ${formatCount(trainable)}`,
    `Non-trainable params: ${formatCount(all - trainable)}`,
  ].join('\n');
}

/** `1,234` */
function formatCount(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

function formatBytes(variables: readonly Variable[]): string {
  const bytes = variables.reduce((sum, { shape, dtype }) => sum + sizeOf(shape) * bytesPerElement[dtype], 0);
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 2 ** 20 ? `${(bytes / 1024).toFixed(2)} KiB` : `${(bytes / 2 ** 20).toFixed(2)} MiB`;
}
