/** Packs the uniform values of a dispatch into its struct, at the offsets that the build reads from the shader. */
import type { ShaderUniforms } from '../../core/shader-source.ts';
import type { Dispatch } from '../../graph/kernel.ts';

/** Writes the fields of `struct` into `view` at byte `offset`; omitted fields stay 0. */
export function packUniforms(
  view: DataView,
  offset: number,
  struct: ShaderUniforms,
  values: NonNullable<Dispatch['uniforms']>,
): void {
  for (const [name, value] of Object.entries(values)) {
    const start = struct.offsets[name]!;
    const isFloat = struct.floats?.includes(name);
    [value].flat().forEach((number, index) => {
      const position = offset + start + 4 * index;
      if (isFloat) view.setFloat32(position, number, true);
      else view.setUint32(position, number, true); // modulo 2^32: also correct for i32
    });
  }
}
