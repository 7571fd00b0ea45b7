/**
 * Times several contenders in turn, A B C A B C …, so that other load on the machine affects all of them equally. A
 * contender that fails is excluded; the others continue.
 */
export interface Contender {
  readonly name: string;
  /** Resolves when the work is done. */
  work(): Promise<unknown>;
}

export interface Effort {
  /** Milliseconds of warming up, for each. */
  readonly warmUp: number;
  /** How long a sample shall be about: short work is repeated. */
  readonly sample: number;
  readonly rounds: number;
  /** No further round after so long, once there are three. */
  readonly atMost: number;
  /** Between two turns: threads of the one before may still be spinning. */
  readonly pause: number;
  /** A call that takes longer has failed. */
  readonly patience: number;
}

/** For each contender, milliseconds per call of each sample, or the error. */
export type Outcome = ReadonlyMap<string, readonly number[] | Error>;

/** @param onTurn called with the contender whose turn begins */
export async function alternate(
  contenders: readonly Contender[],
  effort: Effort,
  onTurn: (name: string) => Promise<void> = () => Promise.resolve(),
): Promise<Outcome> {
  const outcome = new Map<string, readonly number[] | Error>();
  const repeats = new Map<string, number>();
  const turns = async (take: (contender: Contender) => Promise<void>): Promise<void> => {
    for (const contender of contenders) {
      const { name } = contender;
      if (outcome.get(name) instanceof Error) continue;
      await onTurn(name);
      await sleep(effort.pause);
      await take(contender).catch((error: unknown) => outcome.set(name, asError(error)));
    }
  };
  await turns(async (contender) => void repeats.set(contender.name, await warmUp(contender, effort)));
  const begin = performance.now();
  for (let round = 0; round < effort.rounds; round++) {
    if (round >= 3 && performance.now() - begin > effort.atMost) break;
    await turns(async (contender) => {
      const sample = await takeSample(contender, repeats.get(contender.name)!, effort);
      const samples = (outcome.get(contender.name) ?? []) as readonly number[];
      outcome.set(contender.name, [...samples, sample]);
    });
  }
  return outcome;
}

/**
 * Runs at least twice.
 *
 * @returns how many calls make a sample
 */
async function warmUp({ work }: Contender, { warmUp: length, sample, patience }: Effort): Promise<number> {
  const begin = performance.now();
  let shortest = Infinity;
  for (let calls = 0; calls < 2 || performance.now() - begin < length; calls++) {
    const start = performance.now();
    await within(patience, work());
    shortest = Math.min(shortest, performance.now() - start);
  }
  return Math.min(10_000, Math.max(1, Math.round(sample / Math.max(shortest, 1e-3))));
}

/** Short work is called once before the clock starts: the other contenders have evicted the caches. */
async function takeSample({ work }: Contender, repeats: number, { patience }: Effort): Promise<number> {
  if (repeats > 1) await within(patience, work());
  const start = performance.now();
  for (let call = 0; call < repeats; call++) await within(patience, work());
  return (performance.now() - start) / repeats;
}

const sleep = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** The result of `promise`; rejects after `milliseconds`. */
export async function within<T>(milliseconds: number, promise: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout>;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${milliseconds / 1000} s`)), milliseconds);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Not every library throws Error objects. */
export function asError(error: unknown): Error {
  if (error instanceof Error) return error;
  const { message } = Object(error) as { readonly message?: unknown };
  return new Error(String(message ?? error));
}
