import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { formatProgress, type ProgressEvent, progressReporter } from '../../tools/examples/progress.ts';

const logs = { loss: 0.23451, accuracy: 0.93118 };
const validated = { ...logs, val_loss: 0.18709, val_accuracy: 0.94533 };

describe('formatProgress', () => {
  it('is a line in the manner of Keras', () => {
    expect(formatProgress({ step: 1500, steps: 1500, seconds: 3.1, logs: validated }, true)).toMatchInlineSnapshot(
      `"1500/1500 ━━━━━━━━━━━━━━━━━━━━ 3s 2ms/step - loss: 0.2345 - accuracy: 0.9312 - val_loss: 0.1871 - val_accuracy: 0.9453"`,
    );
    expect(formatProgress({ step: 375, steps: 1500, seconds: 0.75, logs }, false)).toMatchInlineSnapshot(
      `" 375/1500 ━━━━━─────────────── ETA 2s 2ms/step - loss: 0.2345 - accuracy: 0.9312"`,
    );
  });

  it.each([
    [{ step: 0, steps: 10, seconds: 0, logs: {} }, false],
    [{ step: 1500, steps: 1500, seconds: 0.6, logs: {} }, true],
    [{ step: 2, steps: 2, seconds: 3.3, logs: {} }, true],
    [{ step: 100, steps: 900, seconds: 60, logs: {} }, false],
    [{ step: 1, steps: 1, seconds: 1, logs: { loss: 0.000012345, zero: 0, wrong: NaN } }, true],
  ])('fits the times and the numbers: %o', (state, done) => {
    expect(formatProgress(state, done)).toMatchSnapshot();
  });
});

const events: readonly ProgressEvent[] = [
  { kind: 'line', text: 'wasm: WebAssembly simd; one thread' },
  { kind: 'epochBegin', epoch: 0, epochs: 2 },
  { kind: 'chunkEnd', step: 5, steps: 20, seconds: 0.05, logs: {} },
  { kind: 'chunkEnd', step: 15, steps: 20, seconds: 0.15, logs },
  { kind: 'epochEnd', step: 20, steps: 20, seconds: 0.2, logs: validated },
  { kind: 'epochBegin', epoch: 1, epochs: 2 },
  { kind: 'epochEnd', step: 20, steps: 20, seconds: 0.2, logs: validated },
];

function written(isTTY: boolean, close: boolean): string {
  const stream = Object.assign(new PassThrough(), { isTTY, columns: 120 });
  const reporter = progressReporter(stream as unknown as NodeJS.WriteStream);
  for (const event of close ? events.slice(0, 4) : events) reporter.report(event);
  reporter.close();
  return String(stream.read());
}

describe('progressReporter', () => {
  it('writes finished lines only, without escape codes, where there is no terminal', () => {
    const text = written(false, false);
    expect(text).not.toContain('\u001b');
    expect(text).toMatchSnapshot();
  });

  it('redraws the line on a terminal, and leaves the finished one', () => {
    expect(written(true, false).replaceAll('\u001b', '␛')).toMatchSnapshot();
  });

  it('counts the kernels that are compiled, on a terminal only, and leaves nothing of it', () => {
    const counted = (isTTY: boolean): string => {
      const stream = Object.assign(new PassThrough(), { isTTY, columns: 120 });
      const { report } = progressReporter(stream as unknown as NodeJS.WriteStream);
      for (const done of [1, 2]) report({ kind: 'compile', done, total: 2 });
      return String(stream.read() ?? '');
    };
    expect(counted(true)).toBe('\rcompiling kernels: 1 of 2\r\u001b[K');
    expect(counted(false)).toBe('');
  });

  it('gives the cursor back when it is closed in mid-epoch', () => {
    const text = written(true, true);
    expect(text).toContain('\u001b[?25l');
    expect(text.lastIndexOf('\u001b[?25h')).toBeGreaterThan(text.lastIndexOf('\u001b[?25l'));
  });
});
