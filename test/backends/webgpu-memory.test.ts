/** Programs that do not fit on a WebGPU device: rejected with the sizes, without leaks. */
import { describe, expect, it } from 'vitest';
import { WebGPUBackend } from '../../src/backends/webgpu/index.ts';
import { BackendError } from '../../src/core/errors.ts';
import { Engine } from '../../src/engine.ts';
import * as ops from '../../src/ops/index.ts';
import { adam, dense, sequential, tensor } from '../../src/index.ts';
import { FakeDevice } from '../support/fake-device.ts';

async function start(options: ConstructorParameters<typeof FakeDevice>[0]) {
  const device = new FakeDevice(options);
  return { device, engine: new Engine(await WebGPUBackend.create({ gpu: device.gpu })) };
}

const messageOf = (error: unknown): string => {
  expect(error).toBeInstanceOf(BackendError);
  return (error as Error).message;
};

/** x · w, then the sum of its tanh: 4 kB, 40 kB and 40 kB. */
function graph() {
  const [x, w] = [ops.variable([100, 10], { name: 'x' }), ops.variable([10, 100], { name: 'w' })];
  const product = ops.matmul(x, w);
  return { x, w, outputs: { product, y: ops.sum(ops.tanh(product)) } };
}

describe('a program beyond the limits', () => {
  it('is refused before anything is allocated, with the largest of what is too large', async () => {
    const { device, engine } = await start({ limits: { maxStorageBufferBindingSize: 3999 } });
    const message = await engine.compile({ outputs: graph().outputs }).then(() => 'nothing', messageOf);
    expect(message).toMatch(
      /^webgpu: step 0, matmul, 'matmul' needs 40000, maxStorageBufferBindingSize of this adapter is 3999; \d+ bytes in all: use /,
    );
    expect(Number(/; (\d+) bytes/.exec(message)![1])).toBeGreaterThanOrEqual(48_000);
    expect(device.made).toEqual([]);
    expect(engine.info).toMatchObject({ stateBytes: 0, arenaBytes: 0 });
  });

  it('by the size of a binding, the buffers of a kernel and the workgroups of a dispatch', async () => {
    const said = async (limits: Record<string, number>): Promise<string> => {
      const { device, engine } = await start({ limits });
      const message = await engine.compile({ outputs: graph().outputs }).then(() => 'nothing', messageOf);
      expect(device.made.length > 0).toBe(message === 'nothing');
      return message;
    };
    expect(await said({ maxStorageBufferBindingSize: 39_999 })).toContain(
      "'matmul' needs 40000, maxStorageBufferBindi",
    );
    expect(await said({ maxStorageBuffersPerShaderStage: 1 })).toMatch(
      /matmul needs \d, maxStorageBuffersPerShaderSta/,
    );
    expect(await said({ maxStorageBufferBindingSize: 40_000 })).toBe('nothing');
    expect(await said({ maxComputeWorkgroupsPerDimension: 3 })).toMatch(
      /needs \d+, maxComputeWorkgroupsPerDimension of /,
    );
  });

  it('variables are refused together', async () => {
    const { device, engine } = await start({ limits: { maxStorageBufferBindingSize: 4000 } });
    const [small, large] = [ops.variable([1000], { name: 'small' }), ops.variable([1001], { name: 'large' })];
    const message =
      "webgpu: 'large' needs 4004, maxStorageBufferBindingSize of this adapter is 4000; 8004 bytes in all";
    expect(() => engine.allocate([small, large])).toThrow(message);
    expect(device.alive).toEqual([]);
    expect(() => engine.write(large, new Float32Array(1))).toThrow(BackendError);
    expect(device.alive).toEqual([]);
    expect(engine.info.stateBytes).toBe(0);
    engine.allocate([small]);
    expect(device.alive).toEqual(['small']);
  });

  it('a model whose second layer is too large leaves nothing', async () => {
    const { device, engine } = await start({ limits: { maxStorageBufferBindingSize: 2 ** 27 } });
    const model = sequential([dense({ units: 5000, inputShape: [4] }), dense({ units: 8000 })], { engine });
    model.compile({ optimizer: adam(), loss: 'meanSquaredError' });
    const [x, y] = [tensor(new Float32Array(8), [2, 4]), tensor(new Float32Array(16_000), [2, 8000])];
    const message = await model.fit(x, y, { epochs: 1 }).then(() => 'nothing', messageOf);
    expect(message).toContain("'dense_1/kernel' needs 160000000");
    expect(device.alive).toEqual([]);
  });
});

describe('a device that runs out of memory', () => {
  it('in the middle of a program: nothing of it stays, and the engine goes on', async () => {
    const { device, engine } = await start({ outOfMemoryAt: 'arena 1' });
    const { x, w, outputs } = graph();
    engine.write(x, new Float32Array(1000));
    const message = await engine.compile({ outputs }).then(() => 'nothing', messageOf);
    expect(message).toMatch(
      /^webgpu: preparing \d dispatches from matmul on, \d+ bytes failed: no memory for \d+ bytes/,
    );
    expect(device.buffers.map(({ label }) => label)).toContain('w');
    expect(device.alive).toEqual(['x']);
    expect(engine.info).toMatchObject({ stateBytes: 4000, arenaBytes: 0 });
    await engine.compile({ outputs: { y: ops.neg(w) } });
    expect(device.alive).toEqual(['x', 'w', 'arena 0', 'uniforms']);
  });

  it('does not take variables from another compilation that has got them meanwhile', async () => {
    const { device, engine } = await start({ outOfMemoryAt: 'arena 1' });
    const { w, outputs } = graph();
    const results = await Promise.allSettled([
      engine.compile({ outputs }),
      engine.compile({ outputs: { y: ops.neg(w) } }),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
    expect(device.alive.sort()).toEqual(['arena 0', 'uniforms', 'w']);
  });

  it('in the middle of the variables: the device gives everything back', async () => {
    const { device, engine } = await start({ outOfMemoryAt: 'w' });
    const message = await engine.compile({ outputs: graph().outputs }).then(() => 'nothing', messageOf);
    expect(message).toBe("webgpu: allocating 4000 bytes for 'w' failed: no memory for 4000 bytes");
    expect(device.buffers.map(({ label }) => label)).toContain('x');
    expect(device.alive).toEqual([]);
    expect(device.destroyed).toBe(true);
    expect(() => engine.write(ops.variable([1]), new Float32Array(1))).toThrow(message);
  });
});
