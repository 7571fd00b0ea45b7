import '@tensorflow/tfjs-backend-webgpu';
import type { Start } from '../comparison/candidate.ts';
import { startOn } from './tfjs.ts';

export const start: Start = () => startOn('webgpu', () => 1);
