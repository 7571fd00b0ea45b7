/**
 * The engine compiles a graph to a program (or finds it in its cache), allocates variables on a backend, and returns an
 * executable. Code above it works with graphs and variables, code below with programs and buffers.
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
import { residencyOf, recordAllocation, recordRelease, requireResidency, clearPending } from './variables/residency.ts';
import type { Residency } from './variables/residency.ts';

/** Maximum number of cached programs. */
const cacheSize = 64;

let nextId = 1;

interface CachedProgram {
  readonly program: Program;
  /** For each variable of the program, its index among the variables of the graph. */
  readonly variableIndices: readonly number[];
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
// Constants, because `write` and `read` are called for every batch.
const writeArguments: ArgumentTable = { variable: variableType, values: anything, offset: anything };
const readArguments: ArgumentTable = { variable: variableType, into: anything };

/**
 * Compiles and runs graphs on one backend, and owns the memory of their variables.
 *
 * @example
 * const engine = await createEngine();
 * const x = input([3]);
 * const executable = await engine.compile({ outputs: { y: square(x) } });
 * engine.write(x, Float32Array.of(1, 2, 3));
 * executable.run();
 * console.log(await executable.read('y')); // Float32Array [1, 4, 9]
 * engine.dispose();
 */
export class Engine {
  private readonly backend: Backend;
  private readonly buffers = new Map<Variable, BackendBuffer>();
  /** Variables that a compilation allocated and nothing else has used since. They are freed if the compilation fails. */
  private readonly unclaimed = new Set<Variable>();
  private readonly programCache = new Map<string, CachedProgram>();
  /** Variables whose memory was released and not allocated again. */
  private readonly released = new WeakSet<Variable>();
  /** Number of releases so far. Executables check their variables again when it has changed. */
  private releases = 0;
  private disposed = false;
  /** Unique among the engines of this realm. */
  readonly id: number = nextId++;
  /** The fastest kernels on this device, found by `tune`, by step key. Later compilations use them. */
  readonly kernels: Record<string, string> = {};

  /** Wraps a backend that is already started. `createEngine()` chooses and starts one. Throws `ValueError` for anything else. */
  constructor(backend: Backend) {
    checkArguments('Engine', arguments, { backend: backendType });
    markRaw(this);
    this.backend = backend;
  }

  /** The backend's name, device, reason for its selection, and allocated bytes. */
  get info(): BackendInfo {
    return this.backend.info;
  }

  /** The most recently compiled programs, at most 64, without duplicates. */
  get programs(): Program[] {
    return [...this.programCache.values()].map(({ program }) => program);
  }

  /**
   * Compiles a graph to an executable, which can run any number of times. A graph with the same structure as an earlier one
   * reuses its program. Variables that have no memory are allocated and initialized; if compilation fails, they are freed again.
   * A model's weight is on one engine only, and graphs and the model share its values.
   *
   * @param graph `outputs`, nodes by name, and `updates`, pairs of a variable and the node of its new value. Both are optional.
   * @param options `optimize: false` disables optimization passes; `kernels` selects kernels by op name or step key
   * @throws ShapeError if an update does not fit its variable; DTypeError for a constant whose values its dtype cannot represent;
   *   BackendError if memory or a kernel is missing; StateError for a model's weight that is on another engine
   * @example
   * const w = parameter([2], { initializer: ones() });
   * const step = await engine.compile({ updates: [[w, mul(w, 0.5)]] });
   * step.run(3); // w is now [0.125, 0.125]
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
      const variableIndices = compiled.variables.map((variable) => variables.indexOf(variable));
      cached = { program: compiled.program, variableIndices };
      if (this.programCache.size >= cacheSize) this.programCache.delete(this.programCache.keys().next().value!);
      this.programCache.set(key, cached);
    }
    const { program, variableIndices } = cached;
    const bound = variableIndices.map((index) => rawOf(variables[index]!));
    this.backend.check?.(program);
    const fresh = this.allocateFresh(bound);
    try {
      const requireBound = this.guardOf(bound);
      const prepared = await this.backend.prepare(
        program,
        bound.map((variable) => this.buffers.get(variable)!),
      );
      clearPending(fresh);
      const changed = whole.updates.map(([variable]) => residencyOf(variable));
      return new Executable(program, prepared, requireBound, changed);
    } catch (error) {
      this.free(fresh.filter((variable) => this.unclaimed.has(variable)));
      throw error;
    }
  }

  /** Returns a function that throws `StateError` if the engine was disposed or any variable has lost its current memory. */
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
   * Allocates variables, adjacent and in this order, and initializes them. Variables that have memory keep it. On WebGPU,
   * parameters share a buffer, and so do optimizer slots of the same kind, so that one dispatch can update all of them.
   *
   * @throws BackendError if there is not enough memory, in which case none is allocated; StateError for a model's weight that is
   *   on another engine
   * @example
   * engine.allocate([kernel, bias]);
   */
  allocate(variables: readonly Variable[]): void {
    checkArguments('allocate', arguments, { variables: variableList });
    clearPending(this.allocateFresh(variables.map(rawOf), true));
  }

  /**
   * Writes values to a variable. Later runs use them. The values are copied.
   *
   * @param values elements in row-major order, in the dtype of the variable
   * @param offset index of the first element to write. Devices copy 32-bit words, so writes to a uint8 variable must begin at a
   *   multiple of 4, and end at one or at the end of the variable.
   * @throws DTypeError for another dtype; ShapeError for values that do not fit; StateError if the variable was released
   * @example
   * engine.write(x, Float32Array.of(1, 2, 3));
   */
  write(variable: Variable, values: TypedArray, offset = 0): void {
    checkArguments('write', arguments, writeArguments);
    const buffer = this.bufferInUse('write', variable);
    checkWrite(variable.variable.name, variable, values, offset);
    this.backend.write(buffer, values, offset);
    residencyOf(variable).changes += 1;
  }

  /**
   * Reads the values of a variable after all runs requested so far.
   *
   * @param into array to fill and return, of the same dtype and length. By default a new one is allocated.
   * @returns the elements in row-major order
   * @throws DTypeError or ShapeError if `into` has another dtype or length; StateError if the variable was released
   * @example
   * const values = await engine.read(w); // Float32Array
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
   * Frees the memory of variables. Variables without memory are ignored. Executables that use a released variable throw
   * `StateError` from then on. If the variable is compiled again, it is allocated and initialized again.
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
      recordRelease(variable, this.id, this.disposed);
      this.backend.release(buffer);
    }
  }

  /** Resolves when the device has completed all work requested so far. */
  finished(): Promise<void> {
    this.requireAlive();
    return this.backend.finished();
  }

  /** Frees all memory and the backend. Later calls throw `StateError`, except `dispose`. */
  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    this.free([...this.buffers.keys()]);
    this.backend.dispose();
  }

  /** Allocates and returns those `variables` that have no memory. If one cannot be allocated, none is. */
  private allocateFresh(variables: readonly Variable[], isGrouped = false): Variable[] {
    this.requireAlive();
    const fresh = variables.filter((variable) => !this.buffers.has(variable));
    try {
      for (const variable of fresh) requireResidency(variable, this.id);
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
    const values = recordAllocation(variable, rawOf(this));
    if (values !== undefined) this.backend.write(this.buffers.get(variable)!, requireValues(variable, values), 0);
  }

  /** Returns the buffer of a variable that a user passed. Allocates it on first use; throws `StateError` if it was released. */
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

/** Parameters form one allocation group, and so do optimizer slots of the same kind, because one formula updates all of them. */
function requestOf({ shape, dtype, variable: { name, role, slot } }: Variable): VariableRequest {
  const group = slot ?? (role === 'parameter' ? 'parameters' : '');
  return { type: { shape, dtype }, label: name, group };
}

/** Returns the initial values. Throws `DTypeError` or `ShapeError` if dtype or count do not match the variable. */
function requireValues({ shape, dtype, variable: { name } }: Variable, values: TypedArray): TypedArray {
  requireDType(`allocate: '${name}' holds`, dtype, values);
  if (values.length === sizeOf(shape)) return values;
  throw new ShapeError(`allocate: ${values.length} first values do not fill '${name}' of shape ${formatShape(shape)}`);
}

/** Maximum steps of one run. More would block the calling thread for minutes. */
const maxSteps = 1e6;

/** A compiled graph, bound to the memory of its variables. Created by `engine.compile()`. */
export class Executable {
  /** For inspection: `printProgram(executable.program)`. */
  readonly program: Program;
  private readonly prepared: PreparedProgram;
  private readonly requireBound: (caller: string) => void;
  /** Records of the variables that a run updates. */
  private readonly changed: readonly Residency[];
  private disposed = false;

  constructor(
    program: Program,
    prepared: PreparedProgram,
    requireBound: (caller: string) => void,
    changed: readonly Residency[] = [],
  ) {
    if (typeof requireBound !== 'function') throw new StateError('Executable: use engine.compile(), which makes it');
    markRaw(this);
    this.program = program;
    this.prepared = prepared;
    this.requireBound = requireBound;
    this.changed = changed;
  }

  /**
   * Runs the program `steps` times without returning to JavaScript in between. On WebGPU the work is only queued: `read` or
   * `engine.finished()` wait for it.
   *
   * @param steps an integer from 0 to 1,000,000. Default 1.
   * @throws ValueError for any other number; StateError after `dispose`, or if a variable was released
   * @example
   * executable.run(100);
   */
  run(steps = 1): void {
    if (!Number.isInteger(steps) || steps < 0 || steps > maxSteps || arguments.length > 1) {
      checkArguments('run', arguments, { steps: integer(0, maxSteps) });
    }
    this.requireUsable('run');
    if (steps === 0) return;
    this.prepared.run(steps);
    for (const residency of this.changed) residency.changes += 1;
  }

  /**
   * Reads an output after the last run.
   *
   * @param output a name in the `outputs` of the graph
   * @param into array to fill and return, of the same dtype and length. By default a new one is allocated. Pass one in a loop to
   *   avoid garbage.
   * @returns the elements in row-major order
   * @throws StateError for an unknown name, after `dispose`, or if a variable was released; DTypeError or ShapeError if `into`
   *   has another dtype or length
   * @example
   * const y = await executable.read('y'); // Float32Array
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

  /** Frees the memory of intermediate values and outputs after all runs requested so far. Variables are not freed. */
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
