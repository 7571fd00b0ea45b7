/**
 * Page module: compiles every shader with the browser's WGSL compiler. Called by ../shaders.test.ts.
 */
import { shaders } from '../../../src/generated/shaders/index.ts';

/** Returns one line per compiler message. `code`, if given, replaces the shaders of the project. */
export async function compileShaders(code?: string): Promise<string[]> {
  const adapter = await navigator.gpu.requestAdapter();
  const requiredFeatures = [...(adapter?.features ?? [])] as GPUFeatureName[];
  const device = await adapter!.requestDevice({ requiredFeatures });
  const problems: string[] = [];
  for (const shader of code === undefined ? shaders : [{ name: 'given', code }]) {
    device.pushErrorScope('validation');
    const info = await device.createShaderModule({ label: shader.name, code: shader.code }).getCompilationInfo();
    await device.popErrorScope();
    for (const { type, message, offset } of info.messages) {
      if (type === 'error')
        problems.push(`${shader.name}: ${message} near '${shader.code.slice(offset, offset + 40)}'`);
    }
  }
  device.destroy();
  return problems;
}
