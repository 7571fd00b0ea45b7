/** The way to what Node brings along, for code that runs in pages too. */

/** A module of Node, asked for in a way that no bundler follows; undefined elsewhere. */
export function nodeModule<M>(name: string): M | undefined {
  const { process } = globalThis as { readonly process?: { getBuiltinModule?(name: string): M | undefined } };
  return process?.getBuiltinModule?.(name);
}
