/**
 * Runs dispatches without a GPU in the emulator of wgsl_reflect: all threads of a workgroup in lockstep. Detects data races,
 * where two threads access the same bytes between barriers.
 */
import { detectRaces, WgslReflect } from 'wgsl_reflect/wgsl_reflect.module.js';
import { bindingsOf, replaceBlocks } from '../../src/backends/webgpu/pipelines.ts';
import { packUniforms } from '../../src/backends/webgpu/uniforms.ts';
import type { TypedArray } from '../../src/core/dtype.ts';
import type { Dispatch, Operand } from '../../src/graph/kernel.ts';

export type Memory = Readonly<Record<Operand['list'], readonly TypedArray[]>>;

/** Runs `dispatch` on `memory`, whose arrays it modifies. Returns the problems that the emulator found. */
export function emulate(dispatch: Dispatch, memory: Memory): string[] {
  const { shader, entry, blocks = {}, constants = {}, uniforms = {}, bindings, grid } = dispatch;
  const group: Record<string, unknown> = {};
  for (const { binding, name, kind } of bindingsOf(dispatch)) {
    if (kind === 'uniform') {
      const view = new DataView(new ArrayBuffer(shader.uniforms!.size));
      const unknown = Object.keys(uniforms).filter((field) => !(field in shader.uniforms!.offsets));
      if (unknown.length > 0) throw new Error(`${shader.name} has no uniform field '${unknown.join()}'`);
      packUniforms(view, 0, shader.uniforms!, uniforms);
      group[binding] = { uniform: new Uint32Array(view.buffer) };
    } else {
      const operand = bindings[name]!;
      const bound = memory[operand.list][operand.index]!;
      group[binding] = kind === 'read-only-storage' ? withSlack(bound) : bound;
    }
  }
  const code = replaceBlocks(shader, blocks);
  const read = new WgslReflect(code).entry.compute.find(({ name }) => name === entry)!.resources;
  const unbound = read.filter(({ binding }) => !(binding in group)).map(({ name }) => name);
  if (unbound.length > 0) throw new Error(`${shader.name}/${entry}: nothing is bound to '${unbound.join()}'`);
  // Workgroups run one at a time, in grid order.
  const { races, errors } = detectRaces(code, entry, [...grid], { 0: group }, { constants });
  return [...races.map(({ message }) => `race: ${message}`), ...errors].map(
    (text) => `${shader.name}/${entry}: ${text}`,
  );
}

/** Appends zeros: WebGPU allows reads past the end, which return any value; the emulator does not. */
function withSlack(values: TypedArray): TypedArray {
  const longer = new (values.constructor as new (length: number) => TypedArray)(32 * values.length + 1024);
  longer.set(values);
  return longer;
}

/** Allocates an array for `type` of the size that WebGPU would bind: at least 4 bytes, and a multiple of 4. */
export function paddedCopy(values: TypedArray): TypedArray {
  const bytes = new Uint8Array(Math.max(4, Math.ceil(values.byteLength / 4) * 4));
  bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  if (values instanceof Float32Array) return new Float32Array(bytes.buffer);
  return values instanceof Int32Array ? new Int32Array(bytes.buffer) : new Uint8Array(bytes.buffer);
}
