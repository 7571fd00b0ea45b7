/** Access to Node's built-in modules from code that also runs in pages. */

/** Returns a built-in module of Node, without an import that a bundler would resolve; undefined outside Node. */
export function nodeModule<M>(name: string): M | undefined {
  const { process } = globalThis as { readonly process?: { getBuiltinModule?(name: string): M | undefined } };
  return process?.getBuiltinModule?.(name);
}
