/**
 * Every error that gradlet throws on purpose; `cause` holds the error of the browser behind it, if there is one. A message says what was given, what was expected and what to do; the
 * class says which kind of mistake it is, so that a program can tell them apart.
 */
export class GradletError extends Error {
  override readonly name: string = 'GradletError';
}

/** Shapes or axes that do not fit together. */
export class ShapeError extends GradletError {
  override readonly name: string = 'ShapeError';
}

/** An element type that the operation does not take. */
export class DTypeError extends GradletError {
  override readonly name: string = 'DTypeError';
}

/** A value outside what is accepted: options, names, labels, counts. */
export class ValueError extends GradletError {
  override readonly name: string = 'ValueError';
}

/** A call at a time when it cannot be answered: before build, during another fit, after dispose. */
export class StateError extends GradletError {
  override readonly name: string = 'StateError';
}

/** A node whose derivative was asked for and has none. */
export class GradientError extends GradletError {
  override readonly name: string = 'GradientError';
}

/** NaN or infinity in a layer's output, the loss or a weight: `where` names it, `step` is the training step, 0 in predict and evaluate. */
export class NonFiniteError extends GradletError {
  override readonly name: string = 'NonFiniteError';
  readonly where: string;
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

/** A model file that is malformed or does not fit. */
export class FormatError extends GradletError {
  override readonly name: string = 'FormatError';
}

/** A fault inside gradlet: a pass or kernel broke its own promise. Never the user's doing. */
export class InternalError extends GradletError {
  override readonly name: string = 'InternalError';
}

/** The message of anything that was thrown, by gradlet, the browser or another realm. */
export function messageOf(error: unknown): string {
  const { message } = (error ?? {}) as { readonly message?: unknown };
  return typeof message === 'string' && message !== '' ? message : String(error);
}

/** Names that other libraries use for an option, where no spelling rule leads to ours. */
const foreignNames: Readonly<Record<string, string>> = {
  lr: 'learningRate',
  maxlen: 'length',
  dim: 'axis',
  eps: 'epsilon',
};

/** The candidate nearest to `name`, as `; did you mean 'adam'?`, or an empty string when none is near. */
export function suggest(name: string, candidates: readonly string[]): string {
  const given = letters(name);
  const foreign = Object.hasOwn(foreignNames, given) ? foreignNames[given]! : '';
  let best = candidates.includes(foreign) ? foreign : '';
  let bestDistance = best === '' ? Math.max(2, Math.floor(given.length / 2)) + 1 : 0;
  for (const candidate of candidates) {
    const known = letters(candidate);
    // An abbreviation has its letters in the same order: `acc` and `accuracy`.
    const distance = isAbbreviation(given, known) ? 1 : editDistance(given, known);
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best === '' ? '' : `; did you mean '${best}'?`;
}

/** snake_case, camelCase and kebab-case names as the same text; long ones are cut, because distances take quadratic time. */
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
