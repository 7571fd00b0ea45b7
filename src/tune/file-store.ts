/** Stores tuning results in Node: one JSON file for all adapters, replaced atomically. */
import { checkArguments, string } from '../core/arguments.ts';
import { FormatError, StateError } from '../core/errors.ts';
import { nodeModule } from '../core/node-module.ts';
import { checkedStore } from './checked-store.ts';
import type { TuningRecord, TuningStore } from './checked-store.ts';

/** The parts of node:fs, node:os, node:path and process that are used here. */
interface NodeFiles {
  readonly promises: {
    readFile(path: string, encoding: 'utf8'): Promise<string>;
    writeFile(path: string, text: string): Promise<void>;
    mkdir(path: string, options: { readonly recursive: true }): Promise<unknown>;
    rename(from: string, to: string): Promise<void>;
    rm(path: string, options: { readonly force: true }): Promise<void>;
  };
}
interface NodePaths {
  dirname(path: string): string;
  isAbsolute(path: string): boolean;
  join(...parts: string[]): string;
}
interface NodeProcess {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly pid: number;
}

/** Every tuning file begins with this text, even a damaged one. */
const mark = '{"format":"gradlet tuning"';

type Records = Record<string, TuningRecord>;

/**
 * Creates a store in a JSON file. Writes go to a temporary file that then replaces the old one, so that readers never see a
 * partial file. A file that is not a tuning file is never overwritten: reads and writes reject with `FormatError`.
 *
 * @param path default `gradlet/tuning.json` in `$XDG_CACHE_HOME`, or in `~/.cache`
 * @throws StateError outside Node
 * @example
 * await tune(engine, undefined, { store: fileStore('tuning.json') });
 */
export function fileStore(path?: string): TuningStore {
  checkArguments('fileStore', arguments, { path: string });
  const fs = nodeModule<NodeFiles>('node:fs')?.promises;
  const paths = nodeModule<NodePaths>('node:path');
  const node = nodeModule<NodeProcess>('node:process');
  const os = nodeModule<{ homedir(): string }>('node:os');
  if (!fs || !paths || !node || !os) {
    throw new StateError('fileStore: there is no file system here: use indexedDBStore() in a page');
  }
  const cache = node.env['XDG_CACHE_HOME'] ?? '';
  const folder = paths.isAbsolute(cache) ? cache : paths.join(os.homedir(), '.cache');
  const file = path ?? paths.join(folder, 'gradlet', 'tuning.json');
  const readAll = async (): Promise<Records> => recordsOf(await textOf(fs, file), file);
  return checkedStore('fileStore', {
    read: async (adapter) => {
      const records = await readAll();
      return Object.hasOwn(records, adapter) ? records[adapter] : undefined;
    },
    write: async (adapter, record) => {
      const text = `${mark},"adapters":${JSON.stringify({ ...(await readAll()), [adapter]: record }, null, 1)}}\n`;
      const temporary = `${file}.${node.pid}-${Math.random().toString(36).slice(2)}.tmp`;
      await fs.mkdir(paths.dirname(file), { recursive: true });
      try {
        await fs.writeFile(temporary, text);
        await fs.rename(temporary, file);
      } finally {
        await fs.rm(temporary, { force: true });
      }
    },
  });
}

/** Returns the text of the file; an empty string if it does not exist. */
async function textOf(fs: NodeFiles['promises'], file: string): Promise<string> {
  try {
    return await fs.readFile(file, 'utf8');
  } catch (error) {
    if ((error as { readonly code?: string }).code === 'ENOENT') return '';
    throw error;
  }
}

/** Parses the records of a tuning file. A damaged file counts as empty, and the next write replaces it. */
function recordsOf(text: string, file: string): Records {
  if (text !== '' && !text.startsWith(mark)) {
    throw new FormatError(`fileStore: '${file}' is not a tuning file: use another path, or delete it`);
  }
  try {
    const { adapters } = JSON.parse(text) as { readonly adapters?: Records };
    // Spreading a string or an array would copy its elements.
    return typeof adapters === 'object' && !Array.isArray(adapters) ? { ...adapters } : {};
  } catch {
    return {};
  }
}
