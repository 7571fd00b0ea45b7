/** What the WebGPU backend tells of its pipelines, and what it names the objects that it makes. */
import { expect, it } from 'vitest';
import { createEngine } from '../../src/create-engine.ts';
import * as ops from '../../src/ops/index.ts';
import { FakeDevice } from '../support/fake-device.ts';

const x = ops.variable([4, 4], { name: 'x' });
const graph = { outputs: { y: ops.matmul(ops.tanh(x), ops.softmax(x)) } };

it('tells of each pipeline of a program as it is ready, and of none that is there already', async () => {
  const told: string[] = [];
  const { gpu } = new FakeDevice();
  const engine = await createEngine({
    backend: 'webgpu',
    gpu,
    onCompile: ({ done, total }) => void told.push(`${done} of ${total}`),
  });
  await engine.compile(graph);
  expect(told).toEqual(['1 of 3', '2 of 3', '3 of 3']);
  await engine.compile(graph);
  expect(told.length).toBe(3);
  await engine.compile({ outputs: { y: ops.tanh(x), z: ops.sum(ops.softmax(x)) } });
  expect(told.slice(3)).toEqual(['1 of 1']);
});

it('compiles whatever a callback throws', async () => {
  const { gpu } = new FakeDevice();
  let calls = 0;
  const engine = await createEngine({
    backend: 'webgpu',
    gpu,
    onCompile: () => {
      calls += 1;
      throw new Error('of the page');
    },
  });
  const executable = await engine.compile(graph);
  executable.run();
  expect(calls).toBe(3);
});
