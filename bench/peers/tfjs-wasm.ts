import { getThreadsCount, setThreadsCount, setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import type { Start } from '../comparison/candidate.ts';
import { startOn } from './tfjs.ts';

export const start: Start = () => {
  setWasmPaths('/bench/peers/node_modules/@tensorflow/tfjs-backend-wasm/dist/');
  setThreadsCount(navigator.hardwareConcurrency);
  return startOn('wasm', getThreadsCount);
};
