/**
 * WGSL has no imports, so a helper function stands in each shader that calls it: it must be the same text everywhere.
 */
import { describe, expect, it } from 'vitest';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { listFiles, projectRoot } from '../../tools/lib/files.ts';

const folder = join(projectRoot, 'shaders');

/** Functions that are a file's own, though others have one of the same name. */
const entryPoint = /@compute\s+@workgroup_size\([^)]*\)\s+fn \w+\([\s\S]*?\n}\n/g;

function functionsOf(file: string): (readonly [name: string, text: string])[] {
  const text = readFileSync(join(folder, file), 'utf8').replace(entryPoint, '');
  return [...text.matchAll(/^fn (\w+)\([\s\S]*?^}$/gm)].map((match) => [match[1]!, match[0]]);
}

describe('helper functions', () => {
  const texts = new Map<string, Map<string, string[]>>();
  for (const file of listFiles(folder, '.wgsl')) {
    for (const [name, text] of functionsOf(file)) {
      const versions = texts.get(name) ?? new Map<string, string[]>();
      texts.set(name, versions.set(text, [...(versions.get(text) ?? []), file]));
    }
  }

  it('are found', () => {
    expect([...texts.get('is_nan')!.values()].flat()).toContain('reduce/reduce.wgsl');
  });

  it('are the same in every shader', () => {
    const different = [...texts].filter(([, versions]) => versions.size > 1);
    expect(different.map(([name, versions]) => `${name}: ${[...versions.values()].flat().join(', ')}`)).toEqual([]);
  });
});
