/** Page module: every kernel on guarded memory. Called by ../untouched-memory.test.ts. */
import { KernelCheck } from '../../support/every-kernel.ts';
import type { Setting } from '../../support/every-kernel.ts';
import { opNames } from '../../support/run-cases.ts';

export interface Findings {
  readonly threads: number;
  /** Number of ops that have cases. */
  readonly ops: number;
  readonly problems: readonly string[];
}

export async function checkKernels(setting: Setting): Promise<Findings> {
  const check = await KernelCheck.start(setting);
  const problems: string[] = [];
  for (const name of opNames) problems.push(...(await check.cases(name)));
  problems.push(...(await check.largeKernels()), ...(await check.training()));
  const { threads } = check;
  check.dispose();
  return { threads, ops: opNames.length, problems };
}
