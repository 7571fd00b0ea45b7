/** Formats numbers and times for readers. */
import type { Milliseconds } from '../measure.ts';
import { formatNumber } from '../table.ts';

const units = ['bytes', 'KiB', 'MiB', 'GiB'];

/** 2147483644 reads `2 GiB`. */
export function formatBytes(bytes: number): string {
  const power = Math.max(0, Math.min(units.length - 1, Math.round(Math.log2(bytes)) / 10));
  const unit = Math.floor(power);
  return `${formatNumber(bytes / 1024 ** unit).replace(/\.0+$/, '')} ${units[unit]}`;
}

/** A few digits, in the unit that needs no leading zeros. */
export function formatTime(milliseconds: number): string {
  if (milliseconds >= 1000) return `${formatNumber(milliseconds / 1000)} s`;
  return milliseconds >= 1 ? `${formatNumber(milliseconds)} ms` : `${formatNumber(milliseconds * 1000)} µs`;
}

/** `1.2–3.4 ms`, both in the unit of the second number. */
export function formatSpread({ p10, p90 }: Milliseconds): string {
  const [factor, unit] = p90 >= 1000 ? [1e-3, 's'] : p90 >= 1 ? [1, 'ms'] : [1e3, 'µs'];
  return `${formatNumber(p10 * factor)}–${formatNumber(p90 * factor)} ${unit}`;
}

export const formatShare = (share: number): string => `${(100 * share).toFixed(0)} %`;
