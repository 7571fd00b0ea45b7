/** Output files of a run: learning curves as a picture if it trained, the trained model, and the result as JSON. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { drawCurves } from './curves.ts';
import type { Example, Run } from './example.ts';
import { toJson } from './json.ts';

/** Writes the files and returns their paths. */
export async function writeOutput(example: Example, run: Run, out: string, json?: string): Promise<string[]> {
  const { result, model } = run;
  const { title, metrics } = example.picture;
  const subtitle = `${example.source}; test accuracy ${result.test.accuracy!.toFixed(4)}, test loss ${result.test.loss!.toFixed(4)}`;
  const files = new Map<string, string | Uint8Array>();
  if (Object.keys(result.history).length > 0) {
    files.set(join(out, 'curves.svg'), await drawCurves(result.history, { title, subtitle, metrics }));
  }
  files.set(join(out, 'result.json'), toJson(result));
  if (model !== undefined) files.set(join(out, 'model.safetensors'), model);
  if (json !== undefined) files.set(json, toJson(result));
  for (const [path, content] of files) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
  }
  return [...files.keys()];
}
