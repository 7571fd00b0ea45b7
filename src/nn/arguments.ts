/** Argument types of layers, losses and metrics, for the tables of `core/arguments.ts`. */
import type { ArgumentType } from '../core/arguments.ts';
import { isNode } from '../graph/node.ts';

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value);

/** `initializerFrom` checks whether the name exists. */
export const initializerLike: ArgumentType = {
  expected: "a name such as 'heNormal', or an initializer such as heNormal()",
  accepts: (value) => typeof value === 'string' || isObject(value),
};

/** `regularizerFrom` checks whether the name exists. */
export const regularizerLike: ArgumentType = {
  expected: "a name such as 'l2', or a regularizer such as l2()",
  accepts: (value) => typeof value === 'string' || isObject(value),
};

/** `activationFrom` checks whether the name exists. */
export const activationLike: ArgumentType = {
  expected: "a name such as 'relu', or a function of a tensor",
  accepts: (value) => typeof value === 'string' || typeof value === 'function',
};

const isAxis = (value: unknown): boolean => Number.isInteger(value) && value !== 0;

/** An axis of the layer's input; axis 0 is the batch axis. */
export const axis: ArgumentType = { expected: 'an integer other than 0, the batch axis', accepts: isAxis };

export const axes: ArgumentType = {
  expected: 'an integer other than 0, the batch axis, or an array of such integers',
  accepts: (value) => isAxis(value) || (Array.isArray(value) && value.length > 0 && Array.from(value).every(isAxis)),
};

/** A name in logs and history. */
export const logName: ArgumentType = {
  expected: 'a string that is not empty',
  accepts: (value) => typeof value === 'string' && value !== '',
};

/** A required tensor of the graph. */
export const node: ArgumentType = { expected: 'a tensor of the graph', accepts: isNode, isRequired: true };

/** A layer name. It becomes the prefix of the names of its weights, which is separated by '/'. */
export const layerName: ArgumentType = {
  expected: "a string without '/'",
  accepts: (value) => typeof value === 'string' && !value.includes('/'),
};

/** `checkShape` checks the dimensions. */
export const dimensions: ArgumentType = {
  expected: 'an array of dimensions without the batch axis, such as [784]',
  accepts: Array.isArray,
};

/** A key, as returned by `keyFromSeed`. */
export const seedKey: ArgumentType = {
  expected: 'a key of two integers',
  accepts: (value) => Array.isArray(value) && value.length === 2 && value.every(Number.isInteger),
  isRequired: true,
};

/** The shapes of a layer's inputs. `checkShape` checks the dimensions. */
export const shapes: ArgumentType = {
  expected: 'an array of shapes, one for each input',
  accepts: (value) => Array.isArray(value) && Array.from<unknown>(value).every(Array.isArray),
  isRequired: true,
};

/** A function of labels and predictions. */
export const lossLike: ArgumentType = {
  expected: 'a loss, a function of labels and predictions',
  accepts: (value) => typeof value === 'function',
};

/** A symbolic tensor, as returned by `input()` and `apply()`. */
export const symbolicTensor: ArgumentType = {
  expected: 'what input({ shape }) or the apply() of a layer returns',
  accepts: (value) => {
    const { shape, layer, inputs } = Object(value) as {
      readonly shape?: unknown;
      readonly layer?: unknown;
      readonly inputs?: unknown;
    };
    return (
      Array.isArray(shape) &&
      Array.isArray(inputs) &&
      typeof (layer as { readonly kind?: unknown } | null | undefined)?.kind === 'string'
    );
  },
};
