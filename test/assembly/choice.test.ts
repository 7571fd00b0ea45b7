/**
 * The choice between running a program on all threads or on one: the loop of thread 0, with jobs from the ring that the host
 * writes and a simulated clock. There is only one thread, so nothing waits; the test sets the duration of a step.
 */
import { describe, expect, it } from 'vitest';
import { JobRing } from '../../src/backends/wasm/threads/job-ring.ts';
import { controlBytes, jobTogether, recordBytes } from '../../src/generated/wasm/constants.ts';
import { Kernels } from './kernels.ts';

/** Duration of a step in milliseconds. */
interface Paces {
  readonly together: number;
  readonly alone: number;
}

/** The address at which the control block counts the steps that thread 0 ran alone. */
const progress = 328;

class Machine {
  readonly #kernels = new Kernels('simd');
  readonly #ring: JobRing;
  readonly #control: number;
  readonly #counter: number;
  readonly #program: number;
  /** The record and the plan: thread 0 executes the only instruction. */
  readonly #record: number;
  #paces: Paces = { together: 1, alone: 1 };
  #seen = { together: 0, alone: 0 };
  time = 1e6;

  /** The resolution of the clock is `grain`. */
  constructor(grain = 0) {
    const kernels = this.#kernels;
    const zeros = (bytes: number): number => kernels.int32s(new Int32Array(Math.ceil(bytes / 4)));
    this.#control = zeros(controlBytes);
    this.#ring = new JobRing(kernels.memory, this.#control, { spins: 1, timeout: 1 });
    kernels.exports['set_control']!(this.#control);
    this.#counter = zeros(4);
    this.#record = zeros(recordBytes + 4);
    const increment = kernels.table.grow(1);
    kernels.table.set(increment, kernels.exports['increment']);
    this.#program = kernels.int32s([increment, 20, this.#counter, this.#counter, 1, -1]);
    kernels.clock = () => {
      const { together, alone } = this.steps;
      this.time += (together - this.#seen.together) * this.#paces.together;
      this.time += (alone - this.#seen.alone) * this.#paces.alone;
      this.#seen = { together, alone };
      return grain === 0 ? this.time : grain * Math.floor(this.time / grain);
    };
  }

  get steps(): { readonly together: number; readonly alone: number } {
    const whole = this.#kernels.readInt32s(this.#counter, 1)[0]!;
    const alone = this.#kernels.readInt32s(this.#control + progress, 1)[0]!;
    return { together: whole - alone, alone };
  }

  get isAlone(): boolean {
    return this.#ring.isAlone;
  }

  /** Runs jobs of `steps` steps for `milliseconds`; returns the time relative to the faster way. */
  run(milliseconds: number, steps: number, paces: Paces): number {
    this.#paces = paces;
    const [begin, before] = [this.time, this.steps];
    let asked = 0;
    while (this.time - begin < milliseconds) {
      this.#ring.post({ kind: jobTogether, words: [this.#program, this.#record, steps, 0] });
      this.#ring.requestMessage();
      expect(this.#kernels.exports['work']!(0, 1)).toBe(1);
      asked += steps;
    }
    const { together, alone } = this.steps;
    expect(together + alone - before.together - before.alone).toBe(asked);
    return (this.time - begin) / (asked * Math.min(paces.together, paces.alone)) - 1;
  }
}

const quick: Paces = { together: 0.3, alone: 0.5 };
/** Measured while another process used the second core. */
const busy: Paces = { together: 0.72, alone: 0.55 };

describe.each([1, 7, 50])('in jobs of %i steps', (steps) => {
  it('all go on together where that is faster, and trials cost little', () => {
    const machine = new Machine();
    const first = machine.run(1000, steps, quick);
    expect(machine.isAlone).toBe(false);
    expect(first).toBeLessThan(0.06);
    expect(machine.run(20_000, steps, quick)).toBeLessThan(0.01);
    expect(machine.isAlone).toBe(false);
    expect(machine.steps.alone).toBeGreaterThan(0);
  });

  it('one goes on alone where the others are late', () => {
    const machine = new Machine();
    machine.run(200, steps, busy);
    expect(machine.isAlone).toBe(true);
    expect(machine.run(20_000, steps, busy)).toBeLessThan(0.01);
    expect(machine.isAlone).toBe(true);
  });

  it('both follow the machine', () => {
    const machine = new Machine();
    for (let change = 0; change < 4; change++) {
      machine.run(10_000, steps, quick);
      expect(machine.isAlone).toBe(false);
      machine.run(200, steps, busy); // the current way is always timed, so a slowdown is detected at once
      expect(machine.isAlone).toBe(true);
      machine.run(10_000, steps, busy);
      machine.run(2500, steps, quick); // a speedup is only detected in a trial
      expect(machine.isAlone).toBe(false);
    }
  });
});

describe('what could go wrong', () => {
  it('a thread that hardly ever runs costs a fiftieth at most, after the first look', () => {
    const machine = new Machine();
    const starved: Paces = { together: 50, alone: 0.5 };
    machine.run(10_000, 50, starved);
    expect(machine.run(100_000, 50, starved)).toBeLessThan(0.021);
    expect(machine.isAlone).toBe(true);
  });

  it('ways that differ by less than the margin do not take turns', () => {
    const machine = new Machine();
    machine.run(20_000, 10, { together: 0.51, alone: 0.5 });
    expect(machine.isAlone).toBe(false);
    machine.run(500, 10, busy);
    machine.run(20_000, 10, { together: 0.49, alone: 0.5 });
    expect(machine.isAlone).toBe(true);
  });

  it('a machine that is slower both ways changes nothing', () => {
    const machine = new Machine();
    machine.run(3000, 10, quick);
    expect(machine.run(10_000, 10, { together: 3, alone: 5 })).toBeLessThan(0.02);
    expect(machine.isAlone).toBe(false);
  });

  it('a clock that stands still for 0.1 ms tells enough', () => {
    const machine = new Machine(0.1);
    machine.run(1000, 1, quick);
    expect(machine.isAlone).toBe(false);
    machine.run(1000, 1, busy);
    expect(machine.isAlone).toBe(true);
  });
});
