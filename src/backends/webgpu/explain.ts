/**
 * Explains why a shader does not compile: the compiler's first message with the source around it. Loaded on demand,
 * since it should never be needed.
 */

/** Characters shown on each side of an error: shaders are minified to one line. */
const excerpt = 70;

export async function explain(module: GPUShaderModule, code: string, error: unknown): Promise<string> {
  const { messages } = await module.getCompilationInfo();
  const fault = messages.find(({ type }) => type === 'error');
  if (!fault) return String(error);
  const line = code.split('\n')[fault.lineNum - 1] ?? '';
  const position = Math.max(0, fault.linePos - 1);
  const before = line.slice(Math.max(0, position - excerpt), position);
  return `${fault.message}\n  ${before}${line.slice(position, position + excerpt)}\n  ${' '.repeat(before.length)}^`;
}
