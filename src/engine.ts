/**
 * The engine: takes a graph, finds or makes its program, gives variables their memory on a backend, and hands out an
 * executable. Everything above it speaks of graphs and variables; everything below of programs and buffers.
 */
import { anything, boolean, checkArguments, integer } from './core/arguments.ts';
import type { ArgumentTable, ArgumentType } from './core/arguments.ts';
import type { TypedArray } from './core/dtype.ts';
import { ShapeError, StateError } from './core/errors.ts';
import { markRaw, rawOf } from './core/raw.ts';
import { formatShape, sizeOf } from './core/shape.ts';
import { isBackend } from './backends/backend.ts';
import type { Backend, BackendBuffer, BackendInfo, PreparedProgram, VariableRequest } from './backends/backend.ts';
import { checkWrite, requireDType, requireRoom } from './backends/check.ts';
import { compileGraph } from './compiler/compile.ts';
import type { CompileOptions } from './compiler/compile.ts';
import type { Program } from './compiler/program.ts';
import { wholeGraph } from './graph/check-graph.ts';
import { isNode, isConstant, isVariable } from './graph/node.ts';
import type { Constant, Graph, Variable } from './graph/node.ts';
import { printGraph } from './graph/print.ts';
import { roots, topologicalOrder } from './graph/traverse.ts';
import { homeOf, moveIn, moveOut, requireHome, settle } from './variables/homes.ts';
import type { Home } from './variables/homes.ts';

/** Programs kept for graphs that were compiled before. */
const cacheSize = 64;

let nextId = 1;

interface CachedProgram {
  readonly program: Program;
  /** For each variable of the program, its place among the variables of the graph. */
  readonly places: readonly number[];
}

const isVariableNode = (value: unknown): boolean => isNode(value) && isVariable(value);

const variableType: ArgumentType = {
  expected: 'a variable, such as parameter(shape) or input(shape)',
  accepts: isVariableNode,
  isRequired: true,
};
const variableList: ArgumentType = {
  expected: 'an array of variables',
  accepts: (value) => Array.isArray(value) && Array.from<unknown>(value).every(isVariableNode),
  isRequired: true,
};
const backendType: ArgumentType = {
  expected: 'a backend, such as new ReferenceBackend(); createEngine() chooses one',
  accepts: isBackend,
  isRequired: true,
};
const isKernelNames = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.values(value).every((name) => typeof name === 'string');
const compileOptions: ArgumentType = {
  expected: 'an options object',
  accepts: () => false,
  table: {
    optimize: boolean,
    kernels: { expected: 'an object of kernel names', accepts: isKernelNames },
  },
};
// Not built anew for each call: these are called for each batch.
const writeArguments: ArgumentTable = { variable: variableType, values: anything, offset: anything };
const readArguments: ArgumentTable = { variable: variableType, into: anything };

export class Engine {
  private readonly backend: Backend;
  private readonly buffers = new Map<Variable, BackendBuffer>();
  /** Variables that nobody has asked for since a compilation gave them memory: should it fail, they lose it again. */
  private readonly unclaimed = new Set<Variable>();
  private readonly programCache = new Map<string, CachedProgram>();
  /** Variables whose memory was released and not allocated again. */
  private readonly released = new WeakSet<Variable>();
  /** How often memory was freed: executables look at their variables again when it has changed. */
  private releases = 0;
  private disposed = false;
  /** Tells engines apart. */
  readonly id: number = nextId++;
  /** Kernels that `tune` found to be the fastest here, by step; what is compiled from now on takes them. */
  readonly kernels: Record<string, string> = {};

  /** Use `createEngine()`, which chooses and starts a backend. */
  constructor(backend: Backend) {
    checkArguments('Engine', arguments, { backend: backendType });
    markRaw(this);
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
   * The weights of a model live on one engine, whether a graph or the model brings them there: both train the same values.
   *
   * @throws ShapeError when an update does not fit its variable; DTypeError for a constant of values that its dtype cannot hold;
   *   BackendError when memory or a kernel is missing; StateError for a model's weight that lives on another engine
   */
  async compile(graph: Partial<Graph>, options: Omit<CompileOptions, 'device'> = {}): Promise<Executable> {
    this.requireAlive();
    checkArguments('compile', arguments, { graph: anything, options: compileOptions });
    const whole = wholeGraph('compile', graph);
    const nodes = topologicalOrder(roots(whole));
    const variables = nodes.filter(isVariable);
    const invalid = nodes.find((node): node is Constant => isConstant(node) && node.invalid !== undefined);
    if (invalid) throw invalid.invalid!;
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
    const bound = places.map((place) => rawOf(variables[place]!));
    this.backend.check?.(program);
    const fresh = this.allocateFresh(bound);
    try {
      const requireBound = this.guardOf(bound);
      const prepared = await this.backend.prepare(
        program,
        bound.map((variable) => this.buffers.get(variable)!),
      );
      settle(fresh);
      const changed = whole.updates.map(([variable]) => homeOf(variable));
      return new Executable(program, prepared, requireBound, changed);
    } catch (error) {
      this.free(fresh.filter((variable) => this.unclaimed.has(variable)));
      throw error;
    }
  }

  /** Throws `StateError` once any of `variables` no longer has the memory that it has now, or the engine was disposed. */
  private guardOf(variables: readonly Variable[]): (caller: string) => void {
    const buffers = variables.map((variable) => this.buffers.get(variable));
    let checked = this.releases;
    return (caller) => {
      this.requireAlive();
      if (checked === this.releases) return;
      const lost = variables.find((variable, index) => this.buffers.get(variable) !== buffers[index]);
      if (lost) {
        throw new StateError(`${caller}: the memory of '${lost.variable.name}' was released: compile the graph again`);
      }
      checked = this.releases;
    };
  }

  /**
   * Gives `variables` memory, side by side in this order, and their first values. Those that have memory keep it. On WebGPU
   * parameters share a buffer, and so do optimizer slots of one kind, so that one dispatch can update all of them.
   */
  allocate(variables: readonly Variable[]): void {
    checkArguments('allocate', arguments, { variables: variableList });
    settle(this.allocateFresh(variables.map(rawOf), true));
  }

  /**
   * Writes `values` into `variable` from element `offset` on; the next run sees them. Pieces of a uint8 variable begin at a
   * multiple of 4, and end at one or with the variable, for devices move words.
   *
   * @throws DTypeError for another dtype; ShapeError for values that do not fit; StateError for a variable that was released
   */
  write(variable: Variable, values: TypedArray, offset = 0): void {
    checkArguments('write', arguments, writeArguments);
    const buffer = this.bufferInUse('write', variable);
    checkWrite(variable.variable.name, variable, values, offset);
    this.backend.write(buffer, values, offset);
    homeOf(variable).changes += 1;
  }

  /**
   * What `variable` holds after all the runs asked for so far.
   *
   * @param into an array for the values, of the same dtype and length, which is what is returned; by default a new one
   * @throws DTypeError or ShapeError when `into` is of another kind; StateError for a variable that was released
   */
  read(variable: Variable): Promise<TypedArray>;
  read<T extends TypedArray>(variable: Variable, into: T): Promise<T>;
  read(variable: Variable, into?: TypedArray): Promise<TypedArray> {
    checkArguments('read', arguments, readArguments);
    const buffer = this.bufferInUse('read', variable);
    requireRoom(variable.variable.name, variable, into);
    return this.backend.read(buffer, into);
  }

  /**
   * Frees the memory of `variables`; one that has none is passed over. Executables that use it throw `StateError` from then on.
   * A variable that is compiled again gets new memory and its first values.
   */
  release(variables: readonly Variable[]): void {
    checkArguments('release', arguments, { variables: variableList });
    const own = variables.map(rawOf);
    for (const variable of own) if (this.buffers.has(variable)) this.released.add(variable);
    this.free(own);
  }

  private free(variables: readonly Variable[]): void {
    for (const variable of variables) {
      const buffer = this.buffers.get(variable);
      if (buffer === undefined) continue;
      this.releases++;
      this.buffers.delete(variable);
      this.unclaimed.delete(variable);
      moveOut(variable, this.id, this.disposed);
      this.backend.release(buffer);
    }
  }

  /** Resolves when everything asked for so far is done. */
  finished(): Promise<void> {
    this.requireAlive();
    return this.backend.finished();
  }

  /** Frees everything. Every later call throws `StateError`. */
  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    this.free([...this.buffers.keys()]);
    this.backend.dispose();
  }

  /** Memory for those of `variables` that have none, which it gives: for all of them, or for none when one does not fit. */
  private allocateFresh(variables: readonly Variable[], isGrouped = false): Variable[] {
    this.requireAlive();
    const fresh = variables.filter((variable) => !this.buffers.has(variable));
    try {
      for (const variable of fresh) requireHome(variable, this.id);
      const buffers = isGrouped ? this.backend.allocateTogether?.(fresh.map(requestOf)) : undefined;
      fresh.forEach((variable, index) => {
        const buffer = buffers?.[index] ?? this.backend.allocate(variable, variable.variable.name);
        this.buffers.set(variable, buffer);
      });
      for (const variable of fresh) this.writeFirstValues(variable);
    } catch (error) {
      this.free(fresh);
      throw error;
    }
    for (const variable of variables) this.unclaimed.delete(variable);
    for (const variable of fresh) {
      this.unclaimed.add(variable);
      this.released.delete(variable);
    }
    return fresh;
  }

  private writeFirstValues(variable: Variable): void {
    const values = moveIn(variable, rawOf(this));
    if (values !== undefined) this.backend.write(this.buffers.get(variable)!, requireValues(variable, values), 0);
  }

  /** The buffer of a variable that a user names; one that was never used gets memory now. */
  private bufferInUse(caller: string, proxied: Variable): BackendBuffer {
    this.requireAlive();
    const variable = rawOf(proxied);
    if (this.released.has(variable)) {
      const name = variable.variable.name;
      throw new StateError(`${caller}: the memory of '${name}' was released: compile or allocate it again`);
    }
    return this.bufferOf(variable);
  }

  private bufferOf(variable: Variable): BackendBuffer {
    this.requireAlive();
    if (!this.buffers.has(variable)) this.allocate([variable]);
    this.unclaimed.delete(variable);
    return this.buffers.get(variable)!;
  }

  private requireAlive(): void {
    if (this.disposed) throw new StateError('engine: it was disposed: create another with createEngine()');
  }
}

/** Parameters are updated by one formula, and so are optimizer slots of one kind. */
function requestOf({ shape, dtype, variable: { name, role, slot } }: Variable): VariableRequest {
  const group = slot ?? (role === 'parameter' ? 'parameters' : '');
  return { type: { shape, dtype }, label: name, group };
}

/** First values, which must be as many as the variable has. */
function requireValues({ shape, dtype, variable: { name } }: Variable, values: TypedArray): TypedArray {
  requireDType(`allocate: '${name}' holds`, dtype, values);
  if (values.length === sizeOf(shape)) return values;
  throw new ShapeError(`allocate: ${values.length} first values do not fill '${name}' of shape ${formatShape(shape)}`);
}

/** Steps of one run: more would keep the calling thread for minutes. */
const mostSteps = 1e6;

/** A compiled graph, bound to its variables' memory. Made by `engine.compile()`. */
export class Executable {
  /** For looking at: `printProgram(executable.program)`. */
  readonly program: Program;
  private readonly prepared: PreparedProgram;
  private readonly requireBound: (caller: string) => void;
  /** Of the variables that a run changes. */
  private readonly changed: readonly Home[];
  private disposed = false;

  constructor(
    program: Program,
    prepared: PreparedProgram,
    requireBound: (caller: string) => void,
    changed: readonly Home[] = [],
  ) {
    if (typeof requireBound !== 'function') throw new StateError('Executable: use engine.compile(), which makes it');
    markRaw(this);
    this.program = program;
    this.prepared = prepared;
    this.requireBound = requireBound;
    this.changed = changed;
  }

  /**
   * Runs the whole program `steps` times without coming back in between.
   *
   * @param steps an integer from 0 to 1,000,000; with 0 nothing happens
   * @throws ValueError for any other number; StateError after `dispose`, or when the memory of a variable was released
   */
  run(steps = 1): void {
    if (!Number.isInteger(steps) || steps < 0 || steps > mostSteps || arguments.length > 1) {
      checkArguments('run', arguments, { steps: integer(0, mostSteps) });
    }
    this.requireUsable('run');
    if (steps === 0) return;
    this.prepared.run(steps);
    for (const home of this.changed) home.changes += 1;
  }

  /**
   * The named output after the last run.
   *
   * @param into an array for the values, of the same dtype and length, which is what is returned; by default a new one. A loop that
   *   reads into one array leaves no garbage
   * @throws StateError for a name that the graph does not have, after `dispose`, and when the memory of a variable was released;
   *   DTypeError or ShapeError when `into` is of another kind
   */
  read(output: string): Promise<TypedArray>;
  read<T extends TypedArray>(output: string, into: T): Promise<T>;
  read(output: string, into?: TypedArray): Promise<TypedArray> {
    checkArguments('read', arguments, outputArguments);
    if (!Object.hasOwn(this.program.outputs, output)) {
      const names = Object.keys(this.program.outputs).join(', ');
      throw new StateError(`read: there is no output '${output}': the outputs are ${names === '' ? 'none' : names}`);
    }
    requireRoom(output, this.program.buffers[this.program.outputs[output]!]!.type, into);
    this.requireUsable('read');
    return this.prepared.read(output, into);
  }

  /** Frees the program's own memory, once all runs asked for so far are done; variables stay. A second call does nothing. */
  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    this.prepared.dispose();
  }

  private requireUsable(caller: string): void {
    if (this.disposed) throw new StateError(`${caller}: the executable was disposed: compile the graph again`);
    this.requireBound(caller);
  }
}

const outputArguments: ArgumentTable = {
  output: { expected: 'the name of an output', accepts: (value) => typeof value === 'string', isRequired: true },
  into: anything,
};
