// The words of a kernel: an `@unmanaged` class beside it, whose fields the build reads (tools/lib/kernel-words.ts), so that
// an op's record gives them by name. Every word has four bytes. A field is of one of the types below, or u32, i32 or f32.

/** Where an operand lies. */
export type Address = usize;

/** Where an operand lies; 0 if there is none. */
export type OptionalAddress = usize;

/** 1 or 0. */
export type Flag = u32;

/** The index of a function in the table. */
export type FunctionIndex = u32;

/** An element of four bytes whose dtype the kernel need not know. */
export type Bits = u32;

/** The number of items that follow the words, each a class of words itself. Only the last field may be a list. */
export type List<T> = u32;

/** Item `index` of the list at the end of `words`. */
@inline
export function item<W, T>(words: W, index: u32): T {
  return changetype<T>(changetype<usize>(words) + offsetof<W>() + <usize>index * offsetof<T>());
}
