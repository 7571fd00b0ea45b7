/**
 * Converts weights of recurrent layers from and to PyTorch's layout. gradlet uses the layout of Keras: kernel
 * [features, gates · units], recurrentKernel [units, gates · units], bias [gates · units], with gates in the order i, f, g, o
 * (LSTM) or z, r, h (GRU). PyTorch transposes the weights, has two biases, and orders the gates of a GRU r, z, n.
 * `docs/recurrent.md` compares the layouts.
 */
import { anything, arrayOf, checkArguments, checkValue, options, required, string } from '../core/arguments.ts';
import type { ArgumentType } from '../core/arguments.ts';
import { lookUp } from '../core/check.ts';
import { classOf } from '../core/dtype.ts';
import { ShapeError, ValueError } from '../core/errors.ts';
import { formatShape, sameShape } from '../core/shape.ts';
import type { Shape } from '../core/shape.ts';
import { convert, HostTensor } from '../data/tensor.ts';

/** Layers whose weights can be converted. */
export type RecurrentKind = 'simpleRNN' | 'lstm' | 'gru';

/** PyTorch's gate index for each gate. Each permutation is its own inverse. */
const gateOrders: Readonly<Record<RecurrentKind, readonly number[]>> = {
  simpleRNN: [0],
  lstm: [0, 1, 2, 3],
  gru: [1, 0, 2],
};

/** How the tensors are named in PyTorch's state dict. */
export interface PyTorchNames {
  /** Prefix before `weight_ih…`, such as `encoder.`. Default ''. */
  readonly prefix?: string;
  /** Suffix: '_l0', '_l1_reverse', or '' for a cell. Default '_l0'. */
  readonly suffix?: string;
}

/** Tensors by name: a Map, as `decodeSafetensors` returns, or an object. */
export type NamedTensors = ReadonlyMap<string, HostTensor> | Readonly<Record<string, HostTensor>>;

/**
 * Converts the weights of one layer and direction of PyTorch's `nn.RNN`, `nn.LSTM` or `nn.GRU` to the order and layout of
 * `layer.weights`, for `setWeights` of a model. A GRU needs `resetAfter: true`; an RNN with 'relu' needs that activation.
 * Without biases, the result has two tensors, for a layer with `useBias: false`.
 *
 * @param tensors `weight_ih` [gates · units, features], `weight_hh` [gates · units, units], `bias_ih` and `bias_hh`
 *   [gates · units], named as in a state dict
 * @returns new float32 tensors: kernel, recurrentKernel and, if there are biases, bias
 * @throws ValueError for an unknown kind or a missing tensor; ShapeError for inconsistent shapes
 * @example
 * const weights = recurrentWeightsFromPyTorch('lstm', decodeSafetensors(bytes), { prefix: 'encoder.' });
 */
export function recurrentWeightsFromPyTorch(
  kind: RecurrentKind,
  tensors: NamedTensors,
  names: PyTorchNames = {},
): HostTensor[] {
  checkArguments('recurrentWeightsFromPyTorch', arguments, {
    kind: required(anything),
    tensors: required(tensorsByName),
    names: pyTorchNames(),
  });
  const { prefix = '', suffix = '_l0' } = names;
  const order = lookUp('recurrentWeightsFromPyTorch', kind, gateOrders);
  const find = (name: string): HostTensor | undefined => {
    const full = `${prefix}${name}${suffix}`;
    if (isMap(tensors)) return tensors.get(full);
    return Object.hasOwn(tensors, full) ? (tensors as Readonly<Record<string, HostTensor>>)[full] : undefined;
  };
  const get = (name: string, shape?: Shape): HostTensor => {
    const found = find(name);
    if (found !== undefined) checkValue('recurrent weights', name, found, hostTensor);
    if (found) return requireShape(`${prefix}${name}${suffix}`, found, shape);
    const names = [...(isMap(tensors) ? tensors.keys() : Object.keys(tensors))];
    const shown = `${names.slice(0, 8).join(', ')}${names.length > 8 ? ', …' : ''}`;
    throw new ValueError(`recurrentWeightsFromPyTorch: there is no '${prefix}${name}${suffix}': there are ${shown}`);
  };
  const given = get('weight_hh');
  const units = given.shape[1] ?? 0;
  const rows = order.length * units;
  const recurrent = requireShape(`${prefix}weight_hh${suffix}`, given, [rows, units]);
  const kernel = get('weight_ih');
  const features = kernel.shape[1] ?? 0;
  requireShape(`${prefix}weight_ih${suffix}`, kernel, [rows, features]);
  const weights = [
    fromPyTorchLayout(floats(kernel), features, order, units),
    fromPyTorchLayout(floats(recurrent), units, order, units),
  ];
  if (!find('bias_ih') && !find('bias_hh')) return weights;
  const [ofInput, ofState] = ['bias_ih', 'bias_hh'].map((name) => {
    return fromPyTorchLayout(floats(get(name, [rows])), 1, order, units).data as Float32Array;
  }) as [Float32Array, Float32Array];
  if (kind === 'gru') {
    const both = new Float32Array(2 * rows);
    both.set(ofInput);
    both.set(ofState, rows);
    return [...weights, new HostTensor(both, [2, rows])];
  }
  return [
    ...weights,
    new HostTensor(
      ofInput.map((value, index) => value + ofState[index]!),
      [rows],
    ),
  ];
}

/**
 * Converts weights to PyTorch's names and layout. A single bias becomes `bias_ih`; `bias_hh` is then zero.
 *
 * @param weights kernel, recurrentKernel and, if the layer has one, bias
 * @returns float32 tensors by name, for a state dict
 * @throws ValueError for an unknown kind; ShapeError for inconsistent shapes, including those of a GRU with
 *   `resetAfter: false`, which PyTorch does not support
 */
export function recurrentWeightsToPyTorch(
  kind: RecurrentKind,
  weights: readonly HostTensor[],
  names: PyTorchNames = {},
): Record<string, HostTensor> {
  checkArguments('recurrentWeightsToPyTorch', arguments, {
    kind: required(anything),
    weights: required(arrayOf(hostTensor, 'an array of tensors')),
    names: pyTorchNames(),
  });
  const { prefix = '', suffix = '_l0' } = names;
  const order = lookUp('recurrentWeightsToPyTorch', kind, gateOrders);
  const [kernel, recurrent, bias] = weights;
  if (!kernel || !recurrent || weights.length > 3) {
    throw new ValueError(
      `recurrentWeightsToPyTorch: takes [kernel, recurrentKernel] or [kernel, recurrentKernel, bias], not ${weights.length} tensors`,
    );
  }
  const units = recurrent.shape[0] ?? 0;
  const columns = order.length * units;
  const features = kernel.shape[0] ?? 0;
  requireShape('recurrentKernel', recurrent, [units, columns]);
  requireShape('kernel', kernel, [features, columns]);
  const named: [string, HostTensor][] = [
    ['weight_ih', toPyTorchLayout(floats(kernel), features, order, units)],
    ['weight_hh', toPyTorchLayout(floats(recurrent), units, order, units)],
  ];
  if (bias) {
    requireShape('bias', bias, kind === 'gru' ? [2, columns] : [columns]);
    const values = floats(bias);
    const row = (from: number): HostTensor => {
      const part = from < values.length ? values.slice(from, from + columns) : new Float32Array(columns);
      return new HostTensor(toPyTorchLayout(part, 1, order, units).data, [columns]);
    };
    named.push(['bias_ih', row(0)], ['bias_hh', row(columns)]);
  }
  return Object.fromEntries(named.map(([name, tensor]) => [`${prefix}${name}${suffix}`, tensor]));
}

const hostTensor: ArgumentType = {
  expected: 'a tensor',
  accepts: (value) => value instanceof HostTensor,
};

const tensorsByName: ArgumentType = {
  expected: 'a Map or an object of tensors by name',
  accepts: (value) => typeof value === 'object' && value !== null,
};

const pyTorchNames = (): ArgumentType => options({ prefix: string, suffix: string });

/** [gates · units, width] in PyTorch's gate order → [width, gates · units] in gradlet's gate order. */
function fromPyTorchLayout(values: Float32Array, width: number, order: readonly number[], units: number): HostTensor {
  const columns = order.length * units;
  const out = new Float32Array(values.length);
  order.forEach((from, gate) => {
    for (let unit = 0; unit < units; unit++) {
      for (let column = 0; column < width; column++) {
        out[column * columns + gate * units + unit] = values[(from * units + unit) * width + column]!;
      }
    }
  });
  return new HostTensor(out, [width, columns]);
}

/** [width, gates · units] in gradlet's gate order → [gates · units, width] in PyTorch's gate order. */
function toPyTorchLayout(values: Float32Array, width: number, order: readonly number[], units: number): HostTensor {
  const columns = order.length * units;
  const out = new Float32Array(values.length);
  order.forEach((to, gate) => {
    for (let unit = 0; unit < units; unit++) {
      for (let column = 0; column < width; column++) {
        out[(to * units + unit) * width + column] = values[column * columns + gate * units + unit]!;
      }
    }
  });
  return new HostTensor(out, [columns, width]);
}

function isMap(tensors: NamedTensors): tensors is ReadonlyMap<string, HostTensor> {
  return classOf(tensors) === 'Map';
}

function floats(values: HostTensor): Float32Array {
  return convert('recurrent weights', values, 'float32').data as Float32Array;
}

function requireShape(name: string, tensor: HostTensor, expected: Shape | undefined): HostTensor {
  if (expected === undefined || sameShape(tensor.shape, expected)) return tensor;
  throw new ShapeError(
    `recurrent weights: '${name}' must be ${formatShape(expected)}, not ${formatShape(tensor.shape)}`,
  );
}
