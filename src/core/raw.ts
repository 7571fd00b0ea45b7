/**
 * Support for objects in reactive state, such as that of Vue. Most frameworks wrap or copy only plain objects. Vue wraps all
 * objects without the property `__v_skip`. For objects that are wrapped anyway, `rawOf` returns the original, so that identity
 * does not depend on the `Proxy` through which an object is passed.
 */
const raw = Symbol('raw');

/** Marks an object so that Vue does not wrap it and `rawOf` finds it. The marks are not enumerable: copies and JSON lack them. */
export function markRaw<T extends object>(object: T): T {
  const mark = (value: unknown): PropertyDescriptor => ({ value, configurable: true });
  return Object.defineProperties(object, { __v_skip: mark(true), [raw]: mark(object) });
}

/** Returns the marked object behind any number of proxies. Returns other objects unchanged. */
export function rawOf<T extends object>(object: T): T {
  return (object as { readonly [raw]?: T })[raw] ?? object;
}

class Unproxied {
  get __v_skip(): boolean {
    return true;
  }
}

/** Copies a record into an object with a class, so that reactive state neither wraps nor copies it. */
export function unproxied<T extends object>(record: T): T {
  return Object.assign(new Unproxied(), record);
}
