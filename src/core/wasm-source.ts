/**
 * What the build knows of a module of wasm kernels: `tools/build-wasm.ts` writes one constant of this type for each
 * file of `assembly/modules/`. The records of ops name the module that they need, so a page loads no other.
 */
export interface WasmSource {
  /** That of the file in `assembly/modules/`. */
  readonly name: string;
  /** The binary, deflated, as base64. */
  readonly deflated: string;
  /** Bytes of the binary. */
  readonly size: number;
  /** Where the imported memory's flags stand in the binary: 1 as compiled; write 3 there to import a shared memory. */
  readonly memoryFlags: number;
}
