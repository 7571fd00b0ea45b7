/** The build recompiles a module when one of these files changes, so the list must be complete. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { importedFiles } from '../../tools/lib/files.ts';

it('follows imports and re-exports, also around a circle, and not packages', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gradlet-imports-'));
  const files = {
    'entry.ts': "export { a } from './a';\nimport './b.ts';\nimport { join } from 'node:path';",
    'a.ts': "import { c } from './c';",
    'b.ts': '',
    'c.ts': "import {\n  a,\n} from './a';",
    'other.ts': '',
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  expect(importedFiles(join(folder, 'entry.ts'))).toEqual(
    ['a.ts', 'b.ts', 'c.ts', 'entry.ts'].map((name) => join(folder, name)),
  );
});
