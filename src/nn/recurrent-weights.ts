/**
 * Weights of recurrent layers in PyTorch's layout and back. Ours is that of Keras, whose arrays fit as they are:
 * kernel [features, gates · units], recurrentKernel [units, gates · units], bias [gates · units], the gates in the order
 * i, f, g, o or z, r, h. PyTorch has its weights transposed and two biases, and orders a GRU's gates r, z, n.
 * `docs/recurrent.md` tells the layouts side by side.
 */
import { anything, arrayOf, checkArguments, checkValue, options, required, string } from '../core/arguments.ts';
import type { ArgumentType } from '../core/arguments.ts';
import { lookUp } from '../core/check.ts';
import { classOf } from '../core/dtype.ts';
import { ShapeError, ValueError } from '../core/errors.ts';
import { formatShape, sameShape } from '../core/shape.ts';
import type { Shape } from '../core/shape.ts';
import { convert, HostTensor } from '../data/tensor.ts';

/** The kinds of layers whose weights are converted. */
export type RecurrentKind = 'simpleRNN' | 'lstm' | 'gru';

/** For each of our gates, the place of the same one in PyTorch. Each order is its own inverse. */
const gateOrders: Readonly<Record<RecurrentKind, readonly number[]>> = {
  simpleRNN: [0],
  lstm: [0, 1, 2, 3],
  gru: [1, 0, 2],
};

export interface PyTorchNames {
  /** What stands before `weight_ih…`, such as `encoder.`. Default ''. */
  readonly prefix?: string;
  /** What stands behind: '_l0', '_l1_reverse', or '' for a cell. Default '_l0'. */
  readonly suffix?: string;
}

/** Tensors by name, as `decodeSafetensors` gives them, or an object. */
export type NamedTensors = ReadonlyMap<string, HostTensor> | Readonly<Record<string, HostTensor>>;

/**
 * The weights of PyTorch's `nn.RNN`, `nn.LSTM` or `nn.GRU`, one layer and one direction, as `layer.weights` has them: for
 * `setWeights` of a model. A GRU is one with `resetAfter: true`, an RNN with 'relu' one with that activation; without
 * biases there are two tensors, for a layer with `useBias: false`.
 *
 * @param tensors `weight_ih` [gates · units, features], `weight_hh` [gates · units, units], `bias_ih` and `bias_hh`
 *   [gates · units], named as in a state dict
 * @returns kernel, recurrentKernel and, where there are biases, bias: new float32 tensors
 * @throws ValueError for an unknown kind or a tensor that is missing; ShapeError for shapes that do not fit
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
    if (found) return checked(`${prefix}${name}${suffix}`, found, shape);
    const names = [...(isMap(tensors) ? tensors.keys() : Object.keys(tensors))];
    const shown = `${names.slice(0, 8).join(', ')}${names.length > 8 ? ', …' : ''}`;
    throw new ValueError(`recurrentWeightsFromPyTorch: there is no '${prefix}${name}${suffix}': there are ${shown}`);
  };
  const given = get('weight_hh');
  const units = given.shape[1] ?? 0;
  const rows = order.length * units;
  const recurrent = checked(`${prefix}weight_hh${suffix}`, given, [rows, units]);
  const kernel = get('weight_ih');
  const features = kernel.shape[1] ?? 0;
  checked(`${prefix}weight_ih${suffix}`, kernel, [rows, features]);
  const weights = [turned(floats(kernel), features, order, units), turned(floats(recurrent), units, order, units)];
  if (!find('bias_ih') && !find('bias_hh')) return weights;
  const [ofInput, ofState] = ['bias_ih', 'bias_hh'].map((name) => {
    return turned(floats(get(name, [rows])), 1, order, units).data as Float32Array;
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
      ofInput.map((value, place) => value + ofState[place]!),
      [rows],
    ),
  ];
}

/**
 * The other way: our weights as PyTorch names and orders them. One bias becomes `bias_ih`, with zeros for `bias_hh`.
 *
 * @param weights kernel, recurrentKernel and, where there is one, bias
 * @throws ValueError for an unknown kind; ShapeError for shapes that do not fit, as of a GRU with `resetAfter: false`,
 *   which PyTorch does not have
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
  checked('recurrentKernel', recurrent, [units, columns]);
  checked('kernel', kernel, [features, columns]);
  const named: [string, HostTensor][] = [
    ['weight_ih', returned(floats(kernel), features, order, units)],
    ['weight_hh', returned(floats(recurrent), units, order, units)],
  ];
  if (bias) {
    checked('bias', bias, kind === 'gru' ? [2, columns] : [columns]);
    const values = floats(bias);
    const row = (from: number): HostTensor => {
      const part = from < values.length ? values.slice(from, from + columns) : new Float32Array(columns);
      return new HostTensor(returned(part, 1, order, units).data, [columns]);
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

/** [gates · units, width] in PyTorch's order → [width, gates · units] in ours. */
function turned(values: Float32Array, width: number, order: readonly number[], units: number): HostTensor {
  const columns = order.length * units;
  const out = new Float32Array(values.length);
  order.forEach((from, gate) => {
    for (let unit = 0; unit < units; unit++) {
      for (let place = 0; place < width; place++) {
        out[place * columns + gate * units + unit] = values[(from * units + unit) * width + place]!;
      }
    }
  });
  return new HostTensor(out, [width, columns]);
}

/** [width, gates · units] in our order → [gates · units, width] in PyTorch's. */
function returned(values: Float32Array, width: number, order: readonly number[], units: number): HostTensor {
  const columns = order.length * units;
  const out = new Float32Array(values.length);
  order.forEach((to, gate) => {
    for (let unit = 0; unit < units; unit++) {
      for (let place = 0; place < width; place++) {
        out[(to * units + unit) * width + place] = values[place * columns + gate * units + unit]!;
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

function checked(name: string, tensor: HostTensor, expected: Shape | undefined): HostTensor {
  if (expected === undefined || sameShape(tensor.shape, expected)) return tensor;
  throw new ShapeError(
    `recurrent weights: '${name}' must be ${formatShape(expected)}, not ${formatShape(tensor.shape)}`,
  );
}
