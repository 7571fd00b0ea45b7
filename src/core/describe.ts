/** Formats values for error messages: short, without source code, and without calling methods of the value. */

const maxLength = 40;

/**
 * Returns a short description: `'adam'`, `0.5`, `null`, `a function`, `[1, 2]`, `an array of 300 elements`, `a tensor [2, 3]`,
 * `an object with units, activation`.
 */
export function describe(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return `'${cut(value)}'`;
    case 'bigint':
      return `${value}n`;
    case 'function':
      return 'a function';
    case 'object':
      return value === null ? 'null' : describeObject(value);
    default:
      return String(value);
  }
}

function describeObject(value: object): string {
  if (Array.isArray(value)) {
    const isShort =
      value.length <= 6 && value.every((element) => typeof element === 'number' || typeof element === 'string');
    return isShort ? `[${value.map(describe).join(', ')}]` : `an array of ${value.length} elements`;
  }
  if (ArrayBuffer.isView(value)) {
    const { length } = value as { readonly length?: number };
    const type = Object.prototype.toString.call(value).slice('[object '.length, -1);
    return length === undefined ? `a ${type}` : `${/^[IU]/.test(type) ? 'an' : 'a'} ${type} of ${length} elements`;
  }
  if (isPromise(value)) return 'a promise';
  const { op, shape, data } = value as { readonly op?: unknown; readonly shape?: unknown; readonly data?: unknown };
  if (Array.isArray(shape) && shape.every(Number.isFinite) && (op !== undefined || data !== undefined))
    return `a tensor [${shape.join(', ')}]`;
  const keys = Object.keys(value);
  if (keys.length === 0) return 'an object';
  return `an object with ${keys.slice(0, 4).map(cut).join(', ')}${keys.length > 4 ? ', …' : ''}`;
}

function cut(text: string): string {
  return text.length > maxLength ? `${text.slice(0, maxLength)}…` : text;
}

export function isPromise(value: unknown): boolean {
  return typeof (value as { readonly then?: unknown } | null | undefined)?.then === 'function';
}
