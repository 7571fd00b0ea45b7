/**
 * A module of wasm kernels. `tools/build-wasm.ts` writes one constant of this type for each file in `assembly/modules/`. The
 * records of ops refer to the module that they need, so a page loads no others.
 */
export interface WasmSource {
  /** Name of the file in `assembly/modules/`. */
  readonly name: string;
  /** The binary, compressed with deflate and encoded in base64. */
  readonly deflated: string;
  /** Size of the uncompressed binary in bytes. */
  readonly size: number;
  /** Byte offset of the flags of the imported memory in the binary: 1 as compiled. Write 3 there to import a shared memory. */
  readonly memoryFlags: number;
}
