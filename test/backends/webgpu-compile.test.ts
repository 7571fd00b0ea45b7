/** Progress reports of the WebGPU backend about pipelines, and the labels of its objects. */
import { expect, it } from 'vitest';
import { createEngine } from '../../src/create-engine.ts';
import { withScope } from '../../src/graph/node.ts';
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

it('labels whatever it makes, by layer, op and step', async () => {
  const device = new FakeDevice();
  const engine = await createEngine({ backend: 'webgpu', gpu: device.gpu });
  const layer = withScope('hidden', () => ops.relu(ops.matmul(ops.tanh(x), x)));
  const executable = await engine.compile({ outputs: { y: ops.sum(layer) } });
  executable.run();
  expect(device.made.filter(([, label]) => label === '')).toEqual([]);
  const labels = (wanted: string): string[] =>
    device.made.filter(([call]) => call === wanted).map(([, label]) => label);
  expect(labels('createBindGroup')).toEqual(['0 hidden/elementwise', '1 hidden/matmul', '2 sum']);
  expect(new Set(labels('beginComputePass'))).toEqual(new Set(['3 dispatches from hidden/elementwise on, 128 bytes']));
  expect(labels('createBuffer')).toEqual(['x', 'arena 0', 'arena 1', 'uniforms']);
});

it('sets what changes from one dispatch to the next, and no more', async () => {
  const device = new FakeDevice();
  const engine = await createEngine({ backend: 'webgpu', gpu: device.gpu });
  const [a, b] = [ops.variable([], { dtype: 'int32' }), ops.variable([], { dtype: 'int32' })];
  const updates = [a, b].map((counter) => [counter, ops.increment(counter)] as const);
  const executable = await engine.compile({ updates });
  device.encoded.length = 0;
  executable.run(2);
  const [first, second] = ['0 increment', '1 increment'].map((label) => [
    `setBindGroup ${label}`,
    'dispatchWorkgroups 1 1 1',
  ]);
  expect(device.encoded).toEqual([
    'setPipeline counter/increment',
    ...[...first!, ...second!, ...first!, ...second!],
    'end',
    'submit',
  ]);
  const one = await engine.compile({ updates: updates.slice(1) });
  device.encoded.length = 0;
  one.run(3);
  expect(device.encoded.filter((call) => !call.startsWith('dispatch'))).toEqual([
    'setPipeline counter/increment',
    'setBindGroup 0 increment',
    'end',
    'submit',
  ]);
});
