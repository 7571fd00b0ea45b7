/**
 * Why a shader does not compile: the compiler's first message with the source around it. Loaded when it is needed, for it should
 * never be.
 */

/** Characters shown on each side of a fault: shaders are minified to one line. */
const excerpt = 70;

export async function explain(module: GPUShaderModule, code: string, error: unknown): Promise<string> {
  const { messages } = await module.getCompilationInfo();
  const fault = messages.find(({ type }) => type === 'error');
  if (!fault) return String(error);
  const line = code.split('\n')[fault.lineNum - 1] ?? '';
  const place = Math.max(0, fault.linePos - 1);
  const before = line.slice(Math.max(0, place - excerpt), place);
  return `${fault.message}\n  ${before}${line.slice(place, place + excerpt)}\n  ${' '.repeat(before.length)}^`;
}
