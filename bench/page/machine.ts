/**
 * Capabilities of this browser and device, for the reader and for the plan: determined once, before any measurement.
 */
import { hasRelaxedSimd } from '../ceilings/module.ts';
import { startEngine } from '../start-engine.ts';
import { formatBytes } from './format.ts';

export interface Adapter {
  readonly description: string;
  readonly isSoftware: boolean;
  readonly timestamps: boolean;
  readonly features: readonly string[];
  readonly limits: Readonly<Record<string, number>>;
}

export interface Machine {
  readonly browser: string;
  readonly cores: number;
  readonly isolated: boolean;
  readonly relaxedSimd: boolean;
  /** Or why there is none. */
  readonly gpu: Adapter | { readonly obstacle: string };
}

/** More specific names first: every browser calls itself Mozilla, and most also Chrome and Safari. */
const browsers = [/Firefox\/[\d.]+/, /Edg\/[\d.]+/, /OPR\/[\d.]+/, /(Headless)?Chrome\/[\d.]+/, /Version\/[\d.]+/];

function browserName(agent: string): string {
  const found = browsers.map((pattern) => pattern.exec(agent)?.[0]).find((name) => name !== undefined);
  return (found ?? agent).replace('Version/', 'Safari/').replace('Edg/', 'Edge/').replace('OPR/', 'Opera/');
}

export async function lookAround(): Promise<Machine> {
  return {
    browser: browserName(navigator.userAgent),
    cores: navigator.hardwareConcurrency,
    isolated: crossOriginIsolated,
    relaxedSimd: hasRelaxedSimd(),
    gpu: await findAdapter().catch((error: Error) => ({ obstacle: error.message })),
  };
}

/**
 * Starts an engine to see whether the GPU works and whether it is a software adapter: the same decision as in the
 * records.
 */
async function findAdapter(): Promise<Adapter> {
  const engine = await startEngine({ backend: 'webgpu' });
  const { description, isSoftware } = engine.info;
  engine.dispose();
  const adapter = await navigator.gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) throw new Error('webgpu: the browser has no adapter to offer');
  const limits: Record<string, number> = {};
  for (const name in adapter.limits) {
    const value: unknown = adapter.limits[name as keyof GPUSupportedLimits];
    if (typeof value === 'number') limits[name] = value;
  }
  const features = [...adapter.features].sort();
  return { description, isSoftware, timestamps: features.includes('timestamp-query'), features, limits };
}

/** Terms and their descriptions. */
export function describeMachine({ browser, cores, isolated, relaxedSimd, gpu }: Machine): [string, string][] {
  const shared: [string, string][] = [
    ['Browser', browser],
    ['Processor', `${cores} ${cores === 1 ? 'core' : 'cores'}`],
    ['Threads', isolated ? 'shared memory' : 'one: the page is not cross-origin isolated'],
    ['SIMD', relaxedSimd ? 'relaxed, with fused multiply-add' : 'plain'],
  ];
  if ('obstacle' in gpu) return [...shared, ['WebGPU', 'none']];
  const { description, timestamps, limits } = gpu;
  return [
    ...shared,
    ['Adapter', description],
    ['GPU timestamps', timestamps ? 'yes' : 'not allowed: wall time only'],
    ['Largest buffer', formatBytes(limits['maxBufferSize'] ?? NaN)],
    ['Largest binding', formatBytes(limits['maxStorageBufferBindingSize'] ?? NaN)],
    ['Workgroup memory', formatBytes(limits['maxComputeWorkgroupStorageSize'] ?? NaN)],
    ['Invocations', `${limits['maxComputeInvocationsPerWorkgroup']} a workgroup`],
  ];
}
