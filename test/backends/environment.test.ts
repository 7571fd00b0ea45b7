/**
 * Environments that lack or forbid a feature: the message names the cause and includes the original error. A backend that never
 * responds is abandoned for the next one.
 */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { WasmBackend } from '../../src/backends/wasm/index.ts';
import { WebGPUBackend } from '../../src/backends/webgpu/index.ts';
import { BackendError } from '../../src/core/errors.ts';
import { withTimeout } from '../../src/core/timeout.ts';
import { createEngine } from '../../src/create-engine.ts';
import { Engine } from '../../src/engine.ts';
import * as ops from '../../src/ops/index.ts';
import { FakeDevice } from '../support/fake-device.ts';

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

async function failureOf(work: Promise<unknown>): Promise<BackendError> {
  const error = await work.then(
    () => 'nothing',
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(BackendError);
  return error as BackendError;
}

/** The error of a JavaScript engine that forbids WebAssembly compilation. */
function stubCompiler(error: Error): void {
  vi.stubGlobal(
    'WebAssembly',
    Object.assign(Object.create(WebAssembly) as object, { instantiate: () => Promise.reject(error) }),
  );
}

/** As in a page or a worker of a browser, without Node's modules. */
function withoutNode(): void {
  vi.spyOn(process, 'getBuiltinModule').mockReturnValue(undefined as never);
}

describe('WebAssembly that does not start', () => {
  const compileError = (message: string): Error =>
    new WebAssembly.CompileError(`WebAssembly.instantiate(): ${message}`);

  it.each([
    "Refused to compile or instantiate WebAssembly module because neither 'wasm-eval' nor 'unsafe-eval' is an allowed source",
    'call to WebAssembly.instantiate() blocked by CSP',
    'Compiling or instantiating WebAssembly module violates the following Content Security policy directive',
  ])('by a policy: %s', async (message) => {
    const cause = compileError(message);
    stubCompiler(cause);
    const error = await failureOf(WasmBackend.create());
    expect(error.message).toMatch(/^wasm: the module 'core' does not compile: .*'wasm-unsafe-eval'/);
    expect(error.message).toContain(message);
    expect(error.message).not.toContain('SIMD');
    expect(error.cause).toBe(cause);
  });

  it('in an edge runtime', async () => {
    const cause = compileError('Wasm code generation disallowed by embedder');
    stubCompiler(cause);
    const error = await failureOf(createEngine({ backend: 'wasm' }));
    expect(error.message).toMatch(/code generation disallowed by embedder.*edge runtime/);
    expect(error.message).not.toContain('SIMD');
    expect(error.cause).toBe(cause);
  });

  it('for want of instantiate', async () => {
    vi.stubGlobal('WebAssembly', Object.assign(Object.create(WebAssembly) as object, { instantiate: undefined }));
    const error = await failureOf(WasmBackend.create());
    expect(error.message).not.toContain('SIMD');
    expect(error.cause).toBeInstanceOf(TypeError);
  });

  it('for want of SIMD', async () => {
    stubCompiler(compileError('invalid opcode'));
    vi.spyOn(WebAssembly, 'validate').mockReturnValue(false);
    expect((await failureOf(WasmBackend.create())).message).toContain('WebAssembly SIMD is needed');
  });

  it('for want of WebAssembly', async () => {
    vi.stubGlobal('WebAssembly', undefined);
    expect((await failureOf(WasmBackend.create())).message).toContain('has no WebAssembly');
  });

  it('for want of memory', async () => {
    const Memory = class {
      constructor() {
        throw new RangeError('could not allocate memory');
      }
    };
    vi.stubGlobal('WebAssembly', Object.assign(Object.create(WebAssembly) as object, { Memory }));
    const error = await failureOf(WasmBackend.create());
    expect(error.message).toContain('no room for a memory');
    expect(error.cause).toBeInstanceOf(RangeError);
  });

  it('for want of DecompressionStream', async () => {
    withoutNode();
    vi.stubGlobal('DecompressionStream', undefined);
    const error = await failureOf(WasmBackend.create());
    expect(error.message).toMatch(/cannot be unpacked: this environment has no DecompressionStream/);
    expect(error.cause).toBeInstanceOf(Error);
  });

  it('with a DecompressionStream that does not know the format', async () => {
    withoutNode();
    const cause = new TypeError('unsupported format');
    vi.stubGlobal(
      'DecompressionStream',
      class {
        constructor() {
          throw cause;
        }
      },
    );
    const error = await failureOf(WasmBackend.create());
    expect(error.message).toContain('cannot be unpacked: unsupported format');
    expect(error.cause).toBe(cause);
  });

  it('leaves its cause on the error of a choice', async () => {
    stubCompiler(compileError('blocked by CSP'));
    const error = await failureOf(createEngine());
    expect(error.message).toMatch(/^createEngine: no backend starts here: there is no WebGPU here; wasm: /);
    expect(error.cause).toBeInstanceOf(BackendError);
  });
});

describe('WebAssembly that starts', () => {
  async function doubled(): Promise<number[]> {
    const engine = new Engine(await WasmBackend.create());
    const x = ops.variable([3], { initialize: () => Float32Array.of(1, 2, 3) });
    const executable = await engine.compile({ outputs: { y: ops.add(x, x) } });
    executable.run();
    return [...(await executable.read('y'))];
  }

  it('without Node and without Blob', async () => {
    withoutNode();
    vi.stubGlobal('Blob', undefined);
    expect(await doubled()).toEqual([2, 4, 6]);
  });

  it('where ArrayBuffer is that of another realm, as in jsdom', async () => {
    vi.stubGlobal('ArrayBuffer', class extends ArrayBuffer {});
    expect(await doubled()).toEqual([2, 4, 6]);
  });
});

/** A GPU whose adapter or device is not that of `FakeDevice`. */
function fakeGPU(change: { adapter?: object; requestAdapter?: () => unknown }): GPU {
  const { gpu } = new FakeDevice();
  const requestAdapter = async (): Promise<unknown> => ({ ...(await gpu.requestAdapter()), ...change.adapter });
  return { requestAdapter, ...change } as unknown as GPU;
}

const never = (): Promise<never> => new Promise(() => undefined);

describe('WebGPU', () => {
  it('takes an adapter without info', async () => {
    const backend = await WebGPUBackend.create({ gpu: fakeGPU({ adapter: { info: undefined } }) });
    expect(backend.info).toMatchObject({ description: 'unnamed adapter', isSoftware: false });
  });

  it('knows a software adapter without info by its flag', async () => {
    const adapter = { info: undefined, isFallbackAdapter: true };
    expect((await WebGPUBackend.create({ gpu: fakeGPU({ adapter }) })).info.isSoftware).toBe(true);
  });

  const unusable: readonly (readonly [string, GPU, RegExp])[] = [
    ['no adapter', fakeGPU({ requestAdapter: () => Promise.resolve(null) }), /there is no adapter/],
    [
      'requestAdapter that throws',
      fakeGPU({
        requestAdapter: () => {
          throw new DOMException('WebGPU is disabled by blocklist.');
        },
      }),
      /disabled by blocklist/,
    ],
    ['requestAdapter that rejects', fakeGPU({ requestAdapter: () => Promise.reject(new Error('no')) }), /\(no\)/],
    ['requestAdapter that gives undefined', fakeGPU({ requestAdapter: () => undefined }), /.+/],
    [
      'requestAdapter that never answers',
      fakeGPU({ requestAdapter: never }),
      /requestAdapter has not answered within 1 s/,
    ],
    [
      'requestDevice that throws',
      fakeGPU({
        adapter: {
          requestDevice: () => {
            throw new TypeError('no limits');
          },
        },
      }),
      /no limits/,
    ],
    [
      'requestDevice that rejects',
      fakeGPU({ adapter: { requestDevice: () => Promise.reject(new TypeError('spent')) } }),
      /spent/,
    ],
    [
      'requestDevice that never answers',
      fakeGPU({ adapter: { requestDevice: never } }),
      /requestDevice has not answered within 1 s/,
    ],
    ['an adapter that is not whole', fakeGPU({ adapter: { limits: undefined } }), /gives no device/],
  ];

  it.each(unusable)('with %s leaves it to WebAssembly, and says why', async (_, gpu, why) => {
    const engine = await createEngine({ gpu });
    expect(engine.info.name).toBe('wasm');
    expect(engine.info.reason).toMatch(why);
    expect(engine.info.reason).toMatch(/^webgpu: the browser gives no device/);
  });

  it.each(unusable)('with %s is an error where it was asked for', async (_, gpu, why) => {
    const error = await failureOf(WebGPUBackend.create({ gpu, patience: 20 }));
    expect(error.message).toMatch(new RegExp(why.source.replace('1 s', '0.02 s')));
    expect(error.cause).toBeInstanceOf(Error);
  });

  it('asked for by name is not waited for without end', async () => {
    const error = await failureOf(createEngine({ backend: 'webgpu', gpu: fakeGPU({ requestAdapter: never }) }));
    expect(error.message).toContain('requestAdapter has not answered');
  });

  it('a device that comes too late is given back', async () => {
    const fake = new FakeDevice();
    const adapter = (await fake.gpu.requestAdapter())!;
    const device = await adapter.requestDevice();
    let answer!: (device: GPUDevice) => void;
    const gpu = fakeGPU({ adapter: { requestDevice: () => new Promise((resolve) => (answer = resolve)) } });
    await failureOf(WebGPUBackend.create({ gpu, patience: 10 }));
    answer(device);
    await Promise.resolve();
    await Promise.resolve();
    expect(fake.destroyed).toBe(true);
  });

  it('a device that is lost from the start is no device', async () => {
    const device = await (await new FakeDevice().gpu.requestAdapter())!.requestDevice();
    const lost = Promise.resolve({ reason: 'unknown', message: 'gone' });
    const gpu = fakeGPU({ adapter: { requestDevice: () => Promise.resolve({ ...device, lost }) } });
    expect((await createEngine({ gpu })).info.reason).toContain('the device was lost (unknown): gone');
  });

  it('a device that is lost rejects whatever waits for it, though it never answers', async () => {
    let lose!: (info: object) => void;
    const device = await (await new FakeDevice().gpu.requestAdapter())!.requestDevice();
    const silent = {
      ...device,
      lost: new Promise((resolve) => (lose = resolve)),
      queue: { ...device.queue, onSubmittedWorkDone: never },
      createComputePipelineAsync: never,
      createBuffer: (given: GPUBufferDescriptor) => ({ ...device.createBuffer(given), mapAsync: never }),
      createCommandEncoder: () => ({ ...device.createCommandEncoder({}), copyBufferToBuffer: () => undefined }),
    };
    const gpu = fakeGPU({ adapter: { requestDevice: () => Promise.resolve(silent) } });
    const engine = new Engine(await WebGPUBackend.create({ gpu }));
    const x = ops.variable([4]);
    engine.allocate([x]);
    const waiting = [engine.finished(), engine.read(x), engine.compile({ outputs: { y: ops.exp(x) } })].map(failureOf);
    await new Promise((resolve) => setTimeout(resolve));
    lose({ reason: 'unknown', message: 'the driver crashed' });
    for (const { message } of await Promise.all(waiting)) {
      expect(message).toBe('webgpu: the device was lost (unknown): the driver crashed');
    }
  });
});

describe('within', () => {
  it('passes results and errors on', async () => {
    expect(await withTimeout(1000, 'it', Promise.resolve(3))).toBe(3);
    await expect(withTimeout(1000, 'it', Promise.reject(new Error('no')))).rejects.toThrow('no');
  });
});
