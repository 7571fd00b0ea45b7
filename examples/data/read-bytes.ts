/**
 * A file of the project as bytes, the same call in Node, which reads it, and in a page, which fetches it from the
 * development server (tools/serve.ts).
 */
export async function readBytes(path: string): Promise<Uint8Array> {
  // not an import: a bundler for the browser would look for the module
  const fs = globalThis.process?.getBuiltinModule('node:fs/promises');
  if (fs !== undefined) {
    try {
      return new Uint8Array(await fs.readFile(new URL(path.startsWith('/') ? path : `../../${path}`, import.meta.url)));
    } catch (error) {
      throw new Error(`cannot read ${path}: has 'npm install' been run?`, { cause: error });
    }
  }
  const response = await fetch(`/${path}`);
  if (!response.ok) throw new Error(`cannot fetch /${path}: ${response.status}; is it served by tools/serve.ts?`);
  return new Uint8Array(await response.arrayBuffer());
}
