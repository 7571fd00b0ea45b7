/** The results of a comparison and their names: `step 784-128-64-10 batch 32, jax-js wasm`. */
import type { BenchFile } from '../run.ts';
import type { BackendName } from '../suite.ts';

export interface PeersFile extends BenchFile {
  readonly environment: BenchFile['environment'] & {
    /** Of each library. */
    readonly versions: Readonly<Record<string, string>>;
  };
  /** What could not be measured, under the name that its record would have. */
  readonly failures: readonly Failure[];
  /** What a page loads of each library for these programs. */
  readonly sizes: readonly Size[];
}

export interface Failure {
  readonly name: string;
  readonly message: string;
}

export interface Size {
  readonly name: string;
  readonly bytes: number;
  readonly gzip: number;
}

export interface RecordName {
  /** What was measured. */
  readonly subject: string;
  readonly library: string;
  readonly backend: BackendName;
}

export const recordName = ({ subject, library, backend }: RecordName): string => `${subject}, ${library} ${backend}`;

/** The parts of such a name; null if it has another form. */
export function parseRecordName(name: string): RecordName | null {
  const match = /^(.+), (\S+) (wasm|webgpu)$/.exec(name);
  return match && { subject: match[1]!, library: match[2]!, backend: match[3] as BackendName };
}
