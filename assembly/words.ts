// Types for the words (arguments) of a kernel. Each kernel declares its words as an `@unmanaged` class next to it. The build
// reads the fields of that class (tools/lib/kernel-words.ts), so that the record of an op passes them by name. Every word has
// four bytes. A field has one of the types below, or u32, i32 or f32.

/** Address of an operand. */
export type Address = usize;

/** Address of an operand; 0 if the operand is absent. */
export type OptionalAddress = usize;

/** 1 or 0. */
export type Flag = u32;

/** The index of a function in the table. */
export type FunctionIndex = u32;

/** An element of four bytes whose dtype does not matter to the kernel. */
export type Bits = u32;

/** Number of items that follow the words; each item is a class of words itself. Only the last field may be a list. */
export type List<T> = u32;

/** Item `index` of the list at the end of `words`. */
@inline
export function item<W, T>(words: W, index: u32): T {
  return changetype<T>(changetype<usize>(words) + offsetof<W>() + <usize>index * offsetof<T>());
}
