/**
 * Objects that users may keep in reactive state. Frameworks wrap or copy plain objects only, and Vue all that do not say
 * `__v_skip`; whatever else wraps one, it is known by itself, because its identity does not depend on the Proxy it came through.
 */
const raw = Symbol('raw');

/** Marks an object as one that Vue leaves alone, and makes it known to `rawOf`. Copies of it and its JSON do not have the marks. */
export function markRaw<T extends object>(object: T): T {
  const mark = (value: unknown): PropertyDescriptor => ({ value, configurable: true });
  return Object.defineProperties(object, { __v_skip: mark(true), [raw]: mark(object) });
}

/** The marked object behind any number of Proxies; another object as it is. */
export function rawOf<T extends object>(object: T): T {
  return (object as { readonly [raw]?: T })[raw] ?? object;
}

class Unproxied {
  get __v_skip(): boolean {
    return true;
  }
}

/** A record that is no plain object, so that reactive state neither wraps nor copies it. */
export function unproxied<T extends object>(record: T): T {
  return Object.assign(new Unproxied(), record);
}
