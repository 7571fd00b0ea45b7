/** Cases of the recurrent op, its parts and its gradient: all cells, with and without masks, empty and long sequences. */
import * as ops from '../../../src/ops/index.ts';
import type { Node } from '../../../src/graph/node.ts';
import { partOp, parts } from '../../../src/ops/part.ts';
import { gateCounts, recurrentGradientInputs } from '../../../src/ops/recurrent/recurrent-cell.ts';
import type { RecurrentAttributes } from '../../../src/ops/recurrent/recurrent-cell.ts';
import { between, floats, list, opCase } from './case.ts';
import type { InputSpec, OpCase } from './case.ts';

type Settings = Partial<RecurrentAttributes> & Pick<RecurrentAttributes, 'cell'>;

const complete = (settings: Settings): RecurrentAttributes => ({
  activation: 'tanh',
  recurrentActivation: 'sigmoid',
  resetAfter: false,
  hasDropout: false,
  hasMask: false,
  ...settings,
});

const kinds: readonly Settings[] = [
  { cell: 'simple' },
  { cell: 'lstm' },
  { cell: 'gru', resetAfter: true },
  { cell: 'gru' },
];

/** Steps, samples, units. */
type Sizes = readonly [steps: number, batch: number, units: number];

const small: readonly Sizes[] = [
  [1, 1, 1],
  [3, 2, 2],
  [0, 2, 3],
  [2, 0, 3],
];
// Tails of lanes and tiles, several tiles and blocks, a single sample.
const larger: readonly Sizes[] = [
  [5, 1, 7],
  [4, 3, 5],
  [2, 13, 16],
  [3, 6, 8],
  [3, 33, 20],
  [2, 5, 131],
  [6, 1, 64],
  [2, 101, 20],
];

/** The inputs of the op, in the order of `recurrentInputs`. */
function inputsOf({ cell, resetAfter, hasDropout, hasMask }: RecurrentAttributes, sizes: Sizes): InputSpec[] {
  const [steps, batch, units] = sizes;
  const columns = gateCounts[cell] * units;
  const spread = 1.5 / Math.sqrt(units);
  const state = floats([batch, units], between(-1, 1));
  return [
    floats([steps, batch, columns]),
    floats([units, columns], between(-spread, spread)),
    state,
    ...(cell === 'lstm' ? [state] : []),
    ...(cell === 'gru' && resetAfter ? [floats([units])] : []),
    ...(hasDropout ? [floats([batch, units], list(1.25, 0, 1.25, 1.25, 0, 1.25, 1.25))] : []),
    ...(hasMask ? [floats([steps, batch], list(1, 0, 1, 1, 0))] : []),
  ];
}

/** The masks are the last inputs. */
const masksOf = ({ hasDropout, hasMask }: RecurrentAttributes, inputs: readonly Node[]): readonly Node[] =>
  inputs.slice(inputs.length - Number(hasDropout) - Number(hasMask));

/** The gradient node, for the output and the parts of the op. */
function gradientOf(attributes: RecurrentAttributes, [upstream, ...inputs]: readonly Node[]): Node {
  const states = ops.recurrent(inputs, attributes);
  const others = [...parts(states), ...masksOf(attributes, inputs)];
  const node = ops.recurrentGradient(upstream!, states, inputs[1]!, others, attributes);
  const places = Object.values(recurrentGradientInputs(attributes)).filter((place) => place !== undefined);
  if (places.length !== node.inputs.length) throw new Error('the gradient has other inputs than its layout tells');
  return node;
}

const bounds = {
  tolerance: { ulps: 64, absolute: 1e-5 },
  webgpuTolerance: { ulps: 128, absolute: 4e-5 },
} as const;

function casesOf(settings: Settings, sizes: Sizes): OpCase[] {
  const attributes = complete(settings);
  const [steps, batch, units] = sizes;
  const inputs = inputsOf(attributes, sizes);
  const extras = (['resetAfter', 'hasDropout', 'hasMask'] as const).filter((name) => attributes[name]);
  const functions = [attributes.activation, attributes.recurrentActivation].join(', ');
  const name = [`${attributes.cell} [${sizes.join(', ')}]`, functions, ...extras].join(', ');
  const planes = steps + (attributes.cell === 'lstm' ? 2 : 1);
  const withUpstream = [floats([planes, batch, units], between(-1, 1)), ...inputs];
  const partCount = parts(ops.recurrent(inputs.map(standIn), attributes)).length;
  const gradientParts = parts(gradientOf(attributes, withUpstream.map(standIn))).length;
  return [
    opCase(ops.recurrent, name, {
      ...bounds,
      inputs,
      node: (...nodes) => ops.recurrent(nodes, attributes),
      differentiable: inputs.slice(0, inputs.length - extras.length + Number(attributes.resetAfter)).map((_, at) => at),
    }),
    opCase(ops.recurrentGradient, name, {
      ...bounds,
      inputs: withUpstream,
      node: (...nodes) => gradientOf(attributes, nodes),
    }),
    ...Array.from({ length: partCount }, (_, index) =>
      opCase({ op: partOp }, `${index} of recurrent ${name}`, {
        ...bounds,
        inputs,
        node: (...nodes) => parts(ops.recurrent(nodes, attributes))[index]!,
      }),
    ),
    ...Array.from({ length: gradientParts }, (_, index) =>
      opCase({ op: partOp }, `${index} of recurrentGradient ${name}`, {
        ...bounds,
        inputs: withUpstream,
        node: (...nodes) => parts(gradientOf(attributes, nodes))[index]!,
      }),
    ),
  ];
}

const standIn = ({ shape }: InputSpec): Node => ops.variable(shape);

const functionPairs = [
  { activation: 'linear', recurrentActivation: 'hardSigmoid' },
  { activation: 'relu', recurrentActivation: 'sigmoid' },
  { activation: 'sigmoid', recurrentActivation: 'tanh' },
  { activation: 'hardSigmoid', recurrentActivation: 'relu' },
] as const;

export const recurrentCases: readonly OpCase[] = kinds.flatMap((kind) => [
  ...[...small, ...larger].flatMap((sizes) => casesOf(kind, sizes)),
  ...functionPairs.flatMap((pair) => casesOf({ ...kind, ...pair }, [3, 2, 3])),
  ...casesOf({ ...kind, hasDropout: true }, [2, 2, 2]),
  ...casesOf({ ...kind, hasMask: true }, [3, 2, 2]),
  ...casesOf({ ...kind, hasDropout: true, hasMask: true }, [2, 2, 2]),
  ...casesOf({ ...kind, hasDropout: true, hasMask: true }, [4, 7, 9]),
]);
