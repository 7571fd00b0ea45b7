/**
 * Bundles TypeScript for the development server on request. Each entry retains its esbuild context, so that later
 * requests rebuild only what has changed.
 */
import { type BuildContext, context } from 'esbuild';

export interface Bundler {
  /** The bundle as JavaScript; a module that throws the messages when the build fails. */
  bundle(entry: string): Promise<string>;
  close(): Promise<void>;
}

export function createBundler(root: string): Bundler {
  const contexts = new Map<string, Promise<BuildContext>>();
  const contextFor = (entry: string): Promise<BuildContext> => {
    const known = contexts.get(entry);
    if (known) return known;
    const created = context({
      entryPoints: [entry],
      absWorkingDir: root,
      bundle: true,
      write: false,
      format: 'esm',
      platform: 'browser',
      target: 'es2022',
      sourcemap: 'inline',
      logLevel: 'silent',
    });
    contexts.set(entry, created);
    return created;
  };
  return {
    async bundle(entry) {
      try {
        const { outputFiles } = await (await contextFor(entry)).rebuild();
        return outputFiles?.[0]?.text ?? '';
      } catch (error) {
        // a failed import() shows a page only the URL; errors thrown by the module show their messages
        return `throw new Error(${JSON.stringify(error instanceof Error ? error.message : String(error))});`;
      }
    },
    async close() {
      for (const created of contexts.values()) await (await created).dispose();
      contexts.clear();
    },
  };
}
