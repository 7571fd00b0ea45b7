/**
 * The compiler: an explicit list of passes from a graph to a program. The result is plain data that a backend prepares
 * and runs.
 */
import type { DeviceTraits } from '../graph/kernel.ts';
import type { Graph, Variable } from '../graph/node.ts';
import type { ClusterLimits } from './passes/5-fuse-clusters.ts';
import { checkUpdates } from './passes/1-check-updates.ts';
import { fuse } from './passes/5-fuse.ts';
import { fuseEpilogues } from './passes/3-fuse-epilogues.ts';
import { keepOutputs } from './passes/4-keep-outputs.ts';
import { selectKernel } from './passes/7-select-kernels.ts';
import { planMemory } from './passes/8-plan-memory.ts';
import type { Program, ProgramStep, Target } from './program.ts';
import { schedule } from './passes/6-schedule.ts';
import { simplify } from './passes/2-simplify.ts';
import type { ScheduledStep } from './passes/step.ts';

export interface Compiled {
  readonly program: Program;
  /** The variables to bind to the program, in its order. */
  readonly variables: readonly Variable[];
}

/**
 * Limits of one fused kernel. WebGPU guarantees 8 storage buffers; on wasm, values beyond the limits go through memory.
 */
const clusterLimits: Readonly<Record<Target, ClusterLimits>> = {
  reference: { operands: 64, instructions: 64, values: 256 },
  wasm: { operands: 32, instructions: 32, values: 32 },
  webgpu: { operands: 8, instructions: 64, values: 256 },
};

export interface CompileOptions {
  /** Enables node rewriting. Off in tests, and to inspect a program before optimization. */
  readonly optimize?: boolean;
  /**
   * Names of kernels to use instead of the automatic choice: by op name for all of its steps, or by `kernelKey` for one
   * step. A name that the op does not have on this target is ignored.
   */
  readonly kernels?: Readonly<Record<string, string>>;
  /** Traits of the device that will run the program. */
  readonly device?: DeviceTraits | undefined;
}

/** Checks every graph and program during compilation; see `verify/install.ts`. */
export interface Verifier {
  graph(graph: Graph): void;
  program(program: Program): void;
}

let verifier: Verifier | undefined;

export function installVerifier(installed: Verifier): void {
  verifier = installed;
}

/** Returns the program after the installed verifier, if any, has checked it. */
export function verified(program: Program): Program {
  verifier?.program(program);
  return program;
}

export function compileGraph(graph: Graph, target: Target, options: CompileOptions = {}): Compiled {
  const { optimize = true } = options;
  const limits = optimize ? clusterLimits[target] : { ...clusterLimits[target], instructions: 1 };
  const nodePasses = optimize ? [checkUpdates, simplify, fuseEpilogues, keepOutputs] : [checkUpdates, keepOutputs];
  const rewritten = nodePasses.reduce((current, pass) => {
    const next = pass(current);
    verifier?.graph(next);
    return next;
  }, graph);
  const attempt = (updateInPlace: boolean): ScheduledStep[] =>
    schedule(rewritten, fuse(rewritten, limits, updateInPlace));
  const optimistic = attempt(true);
  // A variable that another step still reads is not updated in place after all. A kernel may then exceed the buffer
  // limit.
  const steps = optimistic.every((step) => boundBuffers(step) <= limits.operands) ? optimistic : attempt(false);
  const kernels = steps.map((step) => selectKernel(step, target, options));
  const outputs = Object.entries(rewritten.outputs);
  const scratch = kernels.map(({ scratch }) => scratch);
  const plan = planMemory(
    target,
    steps,
    scratch,
    outputs.map(([, node]) => node),
  );
  const program: Program = {
    target,
    variables: plan.variables.map(({ variable, shape, dtype }) => ({ name: variable.name, type: { shape, dtype } })),
    constants: plan.constants,
    allocations: plan.allocations,
    buffers: plan.buffers,
    steps: steps.map((step, position): ProgramStep => {
      const { op, scope, attributes, inPlace } = step;
      const inputs = step.inputs.map((node) => plan.indexOf.get(node)!);
      const outputs = step.outputs.map((node) => plan.indexOf.get(node)!);
      const label = scope === '' ? op.name : `${scope}/${op.name}`;
      const scratch = plan.scratch[position]!;
      return { ...kernels[position]!, label, op, attributes, inputs, outputs, scratch, inPlace };
    }),
    outputs: Object.fromEntries(outputs.map(([name, node]) => [name, plan.indexOf.get(node)!])),
  };
  return { program: verified(program), variables: plan.variables };
}

/** Number of buffers that a fused step binds; other ops respect the limit by themselves. */
function boundBuffers({ op, inputs, outputs, inPlace }: ScheduledStep): number {
  if (!op.isChain) return 0;
  return inputs.length + outputs.length - inPlace.filter((place) => place !== null).length;
}
