/** The element-wise opcodes by name, read from the one list in assembly/opcodes.ts. */
import { readFileSync } from 'node:fs';

const source = readFileSync(new URL('../../assembly/opcodes.ts', import.meta.url), 'utf8');

export const opcodes: Readonly<Record<string, number>> = Object.fromEntries(
  [...source.matchAll(/export const (\w+): u32 = (\d+);/g)].map((match) => [match[1]!.toLowerCase(), Number(match[2])]),
);
