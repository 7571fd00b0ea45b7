/** Valid arguments of the tensor functions; tests replace them with invalid ones. */
import { variable } from '../../src/ops/define.ts';

const x = variable([2, 2], { name: 'x' });
const labels = variable([2], { name: 'labels', dtype: 'int32' });
const counter = variable([], { name: 'counter', dtype: 'int32' });
const vector = variable([2], { name: 'vector' });
const kernel = variable([2, 2], { name: 'kernel' });

/** Valid arguments of each function, by its public name: all parameters, with every option. */
export const opCalls: Readonly<Record<string, readonly unknown[]>> = {
  ...Object.fromEntries(
    (
      'abs neg reciprocal square cos erf exp expm1 log log1p rsqrt sin sqrt ceil floor round sign step logicalNot ' +
      'gelu relu relu6 sigmoid silu softplus tanh softmax logSoftmax stopGradient'
    )
      .split(' ')
      .map((name) => [name, [x]]),
  ),
  ...Object.fromEntries(
    (
      'add div maximum minimum mod mul sub pow equal greater greaterEqual less lessEqual logicalAnd logicalOr notEqual ' +
      'softmaxCrossEntropy'
    )
      .split(' ')
      .map((name) => [name, [x, x]]),
  ),
  select: [x, x, x],
  where: [x, x, x],
  elu: [x, { alpha: 1 }],
  leakyRelu: [x, { alpha: 0.2 }],
  clip: [x, { min: 0, max: 1 }],
  clipByValue: [x, { min: 0, max: 1 }],
  cast: [x, 'int32'],
  batchNorm: [x, { weights: vector, scale: vector, offset: vector, epsilon: 1e-3 }],
  normalizeWith: [x, vector, vector, { scale: vector, offset: vector, epsilon: 1e-3 }],
  layerNorm: [x, { scale: vector, offset: vector, axis: -1, epsilon: 1e-3 }],
  sparseSoftmaxCrossEntropy: [labels, x],
  matmul: [x, x, { transposeA: true, transposeB: false }],
  matMul: [x, x, { transposeA: true, transposeB: false }],
  ...Object.fromEntries('max mean min sum sumOfSquares'.split(' ').map((name) => [name, [x, [0], true]])),
  argMax: [x, 0],
  broadcastTo: [x, [3, 2, 2]],
  expandDims: [x, 0],
  reshape: [x, [4]],
  squeeze: [variable([2, 1]), 1],
  concatenate: [[x, x], 0],
  concat: [[x, x], 0],
  stack: [[x, x], 0],
  pad: [x, [[1, 1], [0, 0]], 2], // prettier-ignore
  slice: [x, [0, 0], [1, 2]],
  transpose: [x, [1, 0]],
  gather: [x, labels],
  recurrence: [
    variable([2, 3, 2]),
    {
      cell: 'simple',
      kernel,
      recurrentKernel: kernel,
      bias: vector,
      activation: 'tanh',
      recurrentActivation: 'sigmoid',
      resetAfter: true,
      initialState: [x],
      mask: variable([2, 3]),
      recurrentDropout: x,
      goBackwards: false,
    },
  ],
  reverse: [x, 0],
  oneHot: [labels, 3],
  increment: [counter, 1],
  constant: [1, [2], 'float32'],
  variable: [[2], { name: 'v', role: 'state', dtype: 'float32', initialize: () => new Float32Array(2) }],
};
