/**
 * The engine: takes a graph, finds or makes its program, gives variables their memory on a backend, and hands out an
 * executable. Everything above it speaks of graphs and variables; everything below of programs and buffers.
 */
import { dtypeOf } from './core/dtype.ts';
import type { DType, TypedArray } from './core/dtype.ts';
import { DTypeError, ShapeError, StateError } from './core/errors.ts';
import { formatShape, sizeOf } from './core/shape.ts';
import type { Backend, BackendBuffer, BackendInfo, PreparedProgram } from './backends/backend.ts';
import { compileGraph } from './compiler/compile.ts';
import type { CompileOptions } from './compiler/compile.ts';
import type { Program } from './compiler/program.ts';
import { isVariable } from './graph/node.ts';
import type { Graph, Variable } from './graph/node.ts';
import type { TensorType } from './graph/op.ts';
import { printGraph } from './graph/print.ts';
import { roots, topologicalOrder } from './graph/traverse.ts';

/** Programs kept for graphs that were compiled before. */
const cacheSize = 64;

/** Memory that several variables share, for those of `variables` that do. */
export type ShareMemory = (backend: Backend, variables: readonly Variable[]) => ReadonlyMap<Variable, BackendBuffer>;

/** First values of a variable; undefined for those of its initializer. */
export type FirstValues = (variable: Variable) => TypedArray | undefined;

interface CachedProgram {
  readonly program: Program;
  /** For each variable of the program, its place among the variables of the graph. */
  readonly places: readonly number[];
}

export class Engine {
  private readonly backend: Backend;
  private readonly buffers = new Map<Variable, BackendBuffer>();
  /** Variables that nobody has asked for since a compilation gave them memory: should it fail, they lose it again. */
  private readonly unclaimed = new Set<Variable>();
  private readonly programCache = new Map<string, CachedProgram>();
  private disposed = false;
  /** Kernels that `tune` found to be the fastest here, by step; what is compiled from now on takes them. */
  readonly kernels: Record<string, string> = {};

  /** Use `createEngine()`, which chooses and starts a backend. */
  constructor(backend: Backend) {
    this.backend = backend;
  }

  /** Which backend runs, on what, why, and how many bytes it holds. */
  get info(): BackendInfo {
    return this.backend.info;
  }

  /** What was compiled lately, at most 64 programs: the last of equal ones. */
  get programs(): Program[] {
    return [...this.programCache.values()].map(({ program }) => program);
  }

  /**
   * Compiles a graph once; the executable then runs it any number of times. A graph of the same structure as an
   * earlier one takes that one's program. Variables get their memory and first values here; when it fails, none of them keeps any.
   *
   * @throws ShapeError when an update does not fit its variable; BackendError when memory or a kernel is missing
   */
  async compile(graph: Partial<Graph>, options: Omit<CompileOptions, 'device'> = {}): Promise<Executable> {
    this.requireAlive();
    const whole: Graph = { outputs: graph.outputs ?? {}, updates: graph.updates ?? [] };
    const variables = topologicalOrder(roots(whole)).filter(isVariable);
    const chosen = { kernels: this.kernels, ...options };
    const key = `${JSON.stringify(chosen)}\n${printGraph(whole)}`;
    let cached = this.programCache.get(key);
    if (cached === undefined) {
      const { name, traits } = this.backend;
      const compiled = compileGraph(whole, name, { ...chosen, device: traits });
      cached = { program: compiled.program, places: compiled.variables.map((variable) => variables.indexOf(variable)) };
      if (this.programCache.size >= cacheSize) this.programCache.delete(this.programCache.keys().next().value!);
      this.programCache.set(key, cached);
    }
    const { program, places } = cached;
    const bound = places.map((place) => variables[place]!);
    this.backend.check?.(program);
    const fresh = this.allocateFresh(bound);
    try {
      const buffers = bound.map((variable) => this.buffers.get(variable)!);
      const prepared = await this.backend.prepare(program, buffers);
      return new Executable(prepared.program ?? program, prepared);
    } catch (error) {
      this.release(fresh.filter((variable) => this.unclaimed.has(variable)));
      throw error;
    }
  }

  /**
   * Gives `variables` memory, side by side in this order, and their first values. Those that have memory keep it.
   *
   * @param share finds buffers for some of those that have none, which then share memory
   * @param values gives first values that replace those of the variable's initializer, which is then not called
   */
  allocate(variables: readonly Variable[], share?: ShareMemory, values?: FirstValues): void {
    this.allocateFresh(variables, share, values);
  }

  /**
   * Writes `values` into `variable` from element `offset` on; the next run sees them. Pieces of a uint8 variable begin at a
   * multiple of 4, and end at one or with the variable, for devices move words.
   *
   * @throws DTypeError for another dtype; ShapeError for values that do not fit
   */
  write(variable: Variable, values: TypedArray, offset = 0): void {
    const buffer = this.bufferOf(variable);
    const { shape, dtype, variable: meta } = variable;
    requireDType(`write: '${meta.name}' holds`, dtype, values);
    if (offset < 0 || offset + values.length > sizeOf(shape)) {
      throw new ShapeError(
        `write: ${values.length} values at element ${offset} do not fit '${meta.name}' of shape ${formatShape(shape)}`,
      );
    }
    const isWhole = offset % 4 === 0 && (values.length % 4 === 0 || offset + values.length === sizeOf(shape));
    if (dtype === 'uint8' && !isWhole) {
      throw new ShapeError(
        `write: ${values.length} bytes at ${offset} of '${meta.name}' end within words: write multiples of 4 bytes`,
      );
    }
    this.backend.write(buffer, values, offset);
  }

  /**
   * What `variable` holds after all the runs asked for so far.
   *
   * @param into an array for the values, of the same dtype and length, which is what is returned; by default a new one
   * @throws DTypeError or ShapeError when `into` is of another kind
   */
  read(variable: Variable): Promise<TypedArray>;
  read<T extends TypedArray>(variable: Variable, into: T): Promise<T>;
  read(variable: Variable, into?: TypedArray): Promise<TypedArray> {
    const buffer = this.bufferOf(variable);
    requireRoom(variable.variable.name, variable, into);
    return this.backend.read(buffer, into);
  }

  /** Frees the memory of `variables`. An executable that uses one must not run again. */
  release(variables: readonly Variable[]): void {
    for (const variable of variables) {
      const buffer = this.buffers.get(variable);
      if (buffer !== undefined) this.backend.release(buffer);
      this.buffers.delete(variable);
      this.unclaimed.delete(variable);
    }
  }

  /** Resolves when everything asked for so far is done. */
  finished(): Promise<void> {
    return this.backend.finished();
  }

  /** Frees everything. Every later call throws `StateError`. */
  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    this.release([...this.buffers.keys()]);
    this.backend.dispose();
  }

  /** Memory for those of `variables` that have none, which it gives: for all of them, or for none when one does not fit. */
  private allocateFresh(variables: readonly Variable[], share?: ShareMemory, values?: FirstValues): Variable[] {
    this.requireAlive();
    const fresh = variables.filter((variable) => !this.buffers.has(variable));
    try {
      const shared = share?.(this.backend, fresh);
      for (const variable of variables) this.bufferOf(variable, shared?.get(variable), values);
    } catch (error) {
      this.release(fresh);
      throw error;
    }
    for (const variable of fresh) this.unclaimed.add(variable);
    return fresh;
  }

  private bufferOf(variable: Variable, given?: BackendBuffer, firstValues?: FirstValues): BackendBuffer {
    this.requireAlive();
    this.unclaimed.delete(variable);
    let buffer = this.buffers.get(variable);
    if (buffer === undefined) {
      const { shape, dtype, variable: meta } = variable;
      buffer = given ?? this.backend.allocate({ shape, dtype }, meta.name);
      this.buffers.set(variable, buffer);
      const values = firstValues?.(variable) ?? meta.initialize?.();
      if (values !== undefined) this.write(variable, values);
    }
    return buffer;
  }

  private requireAlive(): void {
    if (this.disposed) throw new StateError('engine: it was disposed: create another with createEngine()');
  }
}

function requireDType(subject: string, dtype: DType, values: TypedArray): void {
  const given = dtypeOf(values);
  if (given !== dtype) throw new DTypeError(`${subject} ${dtype}, not ${given}: use an array of its dtype`);
}

/** Whether the values of `name` go into that array. */
function requireRoom(name: string, { shape, dtype }: TensorType, into?: TypedArray): void {
  if (into === undefined) return;
  requireDType(`read: '${name}' holds`, dtype, into);
  if (into.length !== sizeOf(shape)) {
    throw new ShapeError(`read: '${name}' is ${formatShape(shape)}: it does not go into an array of ${into.length}`);
  }
}

/** A compiled graph, bound to its variables' memory. */
export class Executable {
  /** For looking at: `printProgram(executable.program)`. */
  readonly program: Program;
  private readonly prepared: PreparedProgram;

  constructor(program: Program, prepared: PreparedProgram) {
    this.program = program;
    this.prepared = prepared;
  }

  /** Runs the whole program `steps` times without coming back in between. */
  run(steps = 1): void {
    this.prepared.run(steps);
  }

  /**
   * The named output after the last run.
   *
   * @param into an array for the values, of the same dtype and length, which is what is returned; by default a new one. A loop that
   *   reads into one array leaves no garbage
   * @throws StateError for a name that the graph does not have; DTypeError or ShapeError when `into` is of another kind
   */
  read(output: string): Promise<TypedArray>;
  read<T extends TypedArray>(output: string, into: T): Promise<T>;
  read(output: string, into?: TypedArray): Promise<TypedArray> {
    if (!(output in this.program.outputs)) {
      const names = Object.keys(this.program.outputs).join(', ');
      throw new StateError(`read: there is no output '${output}': the outputs are ${names === '' ? 'none' : names}`);
    }
    requireRoom(output, this.program.buffers[this.program.outputs[output]!]!.type, into);
    return this.prepared.read(output, into);
  }

  /** Frees the program's own memory; variables stay. */
  dispose(): void {
    this.prepared.dispose();
  }
}
