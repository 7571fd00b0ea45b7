/**
 * The numbers of a dispatch as bytes of its uniform struct, by the offsets that the build read from the shader.
 */
import type { ShaderUniforms } from '../../core/shader-source.ts';
import type { Dispatch } from '../../graph/kernel.ts';

/** Writes the fields of `struct` into `view` from `offset` on; fields that are not given stay 0. */
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
      const at = offset + start + 4 * index;
      if (isFloat) view.setFloat32(at, number, true);
      else view.setUint32(at, number, true); // modulo 2^32: also right for i32
    });
  }
}
