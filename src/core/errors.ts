/**
 * Base class of all errors that gradlet throws deliberately. The message says what was given, what was expected and what to do.
 * The subclass identifies the kind of error. `cause` is the underlying error of the browser or Node, if there is one.
 */
export class GradletError extends Error {
  override readonly name: string = 'GradletError';
}

/** Incompatible shapes, or an invalid axis. */
export class ShapeError extends GradletError {
  override readonly name: string = 'ShapeError';
}

/** An element type that the operation does not accept, or a value that the type cannot represent. */
export class DTypeError extends GradletError {
  override readonly name: string = 'DTypeError';
}

/** An invalid value: an option, a name, a label or a count. */
export class ValueError extends GradletError {
  override readonly name: string = 'ValueError';
}

/** A call that is not possible in the current state: before build, during another fit, after dispose. */
export class StateError extends GradletError {
  override readonly name: string = 'StateError';
}

/** A gradient through an op that has none. */
export class GradientError extends GradletError {
  override readonly name: string = 'GradientError';
}

/** NaN or infinity in the output of a layer, the loss, a metric, a weight or the optimizer state. */
export class NonFiniteError extends GradletError {
  override readonly name: string = 'NonFiniteError';
  /** Name of the layer, weight or metric, or `loss`. */
  readonly where: string;
  /** The training step, counted from 1; outside training, the number of completed training steps. */
  readonly step: number;
  constructor(message: string, where: string, step: number, options?: ErrorOptions) {
    super(message, options);
    this.where = where;
    this.step = step;
  }
}

/** A backend is missing, lost its device, or ran out of memory. */
export class BackendError extends GradletError {
  override readonly name: string = 'BackendError';
}

/** A file that is malformed, or does not match the model. */
export class FormatError extends GradletError {
  override readonly name: string = 'FormatError';
}

/** A bug in gradlet: a compiler pass or kernel violated an invariant. Never caused by invalid arguments. */
export class InternalError extends GradletError {
  override readonly name: string = 'InternalError';
}

/** Returns the message of any thrown value, including errors of other realms. */
export function messageOf(error: unknown): string {
  const { message } = (error ?? {}) as { readonly message?: unknown };
  return typeof message === 'string' && message !== '' ? message : String(error);
}

/** Option names of other libraries that are not similar in spelling to the names in gradlet. */
const foreignNames: Readonly<Record<string, string>> = {
  lr: 'learningRate',
  maxlen: 'length',
  dim: 'axis',
  eps: 'epsilon',
};

/** Returns the most similar candidate as `; did you mean 'adam'?`, or an empty string if none is similar. */
export function suggest(name: string, candidates: readonly string[]): string {
  const given = letters(name);
  const foreign = Object.hasOwn(foreignNames, given) ? foreignNames[given]! : '';
  let best = candidates.includes(foreign) ? foreign : '';
  let bestDistance = best === '' ? Math.max(2, Math.floor(given.length / 2)) + 1 : 0;
  for (const candidate of candidates) {
    const known = letters(candidate);
    // An abbreviation has the same letters in the same order: `acc` and `accuracy`.
    const distance = isAbbreviation(given, known) ? 1 : editDistance(given, known);
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best === '' ? '' : `; did you mean '${best}'?`;
}

/** Normalizes snake_case, camelCase and kebab-case names. Truncates to 64 characters, because edit distance is quadratic. */
function letters(name: string): string {
  return name
    .slice(0, 64)
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '');
}

function isAbbreviation(short: string, long: string): boolean {
  if (short.length < 2 || short[0] !== long[0]) return false;
  let found = 0;
  for (const letter of long) if (letter === short[found]) found++;
  return found === short.length;
}

/** Levenshtein distance, one row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substitution, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
