/**
 * Shows the progress of a training run in the terminal, in the style of Keras:
 *
 *     Epoch 1/10
 *     1500/1500 ━━━━━━━━━━━━━━━━━━━━ 3s 2ms/step - loss: 0.2345 - accuracy: 0.9312 - val_loss: 0.1871 - …
 *
 * A terminal gets a growing bar; a file or pipe gets only finished lines, without escape codes.
 */
import cliProgress from 'cli-progress';

export type Logs = Readonly<Record<string, number>>;

/** The progress of an epoch. */
export interface EpochState {
  readonly step: number;
  readonly steps: number;
  /** Since the epoch began. */
  readonly seconds: number;
  readonly logs: Logs;
}

/** Progress events of a run: plain data, because they may come from a page. */
export type ProgressEvent =
  | { readonly kind: 'epochBegin'; readonly epoch: number; readonly epochs: number }
  | ({ readonly kind: 'chunkEnd' } & EpochState)
  | ({ readonly kind: 'epochEnd' } & EpochState)
  | { readonly kind: 'compile'; readonly done: number; readonly total: number }
  | { readonly kind: 'line'; readonly text: string };

const barWidth = 20;

function formatSeconds(seconds: number): string {
  if (seconds < 59.5) return `${seconds.toFixed(0)}s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}

function formatStepTime(seconds: number): string {
  if (seconds >= 1) return `${seconds.toFixed(1)}s/step`;
  const milliseconds = seconds * 1000;
  return milliseconds >= 1 ? `${milliseconds.toFixed(0)}ms/step` : `${(milliseconds * 1000).toFixed(0)}us/step`;
}

const formatValue = (value: number): string =>
  value !== 0 && Math.abs(value) < 0.001 ? value.toExponential(4) : value.toFixed(4);

/** One line: steps, bar, time, and the metrics. While an epoch runs, the time is the estimated time remaining. */
export function formatProgress({ step, steps, seconds, logs }: EpochState, done: boolean): string {
  const share = steps === 0 ? 1 : step / steps;
  const filled = Math.round(share * barWidth);
  const bar = '━'.repeat(filled) + '─'.repeat(barWidth - filled);
  const each = step === 0 ? 0 : seconds / step;
  const time = done || step === 0 ? formatSeconds(seconds) : `ETA ${formatSeconds(each * (steps - step))}`;
  const numbers = Object.entries(logs).map(([name, value]) => ` - ${name}: ${formatValue(value)}`);
  return `${String(step).padStart(String(steps).length)}/${steps} ${bar} ${time} ${formatStepTime(each)}${numbers.join('')}`;
}

/** Rewrites its own line, and disappears when all are done. */
function formatCompiling({ done, total }: { readonly done: number; readonly total: number }): string {
  return done < total ? `\rcompiling kernels: ${done} of ${total}` : '\r\u001b[K';
}

export interface ProgressReporter {
  report(event: ProgressEvent): void;
  /** Gives the terminal back after an error in mid-epoch. */
  close(): void;
}

export function progressReporter(stream: NodeJS.WriteStream): ProgressReporter {
  const terminal = stream.isTTY;
  let bar: cliProgress.SingleBar | null = null;
  const close = (): void => {
    bar?.stop();
    bar = null;
  };
  const report = (event: ProgressEvent): void => {
    switch (event.kind) {
      case 'epochBegin':
        stream.write(`Epoch ${event.epoch + 1}/${event.epochs}\n`);
        break;
      case 'chunkEnd':
        if (!terminal) break;
        if (bar === null) bar = startBar(stream, event);
        else bar.update(event.step, event);
        break;
      case 'epochEnd':
        close();
        stream.write(`${formatProgress(event, true)}\n`);
        break;
      case 'compile':
        if (terminal && bar === null) stream.write(formatCompiling(event));
        break;
      case 'line':
        stream.write(`${event.text}\n`);
        break;
    }
  };
  return { report, close };
}

/** The bar erases itself when it stops; the finished line then wraps like any other line. */
function startBar(stream: NodeJS.WriteStream, first: EpochState): cliProgress.SingleBar {
  const bar = new cliProgress.SingleBar({
    stream,
    format: (_options, _parameters, payload: EpochState) => formatProgress(payload, false),
    clearOnComplete: true,
    hideCursor: true,
    linewrap: false,
    gracefulExit: false, // it would swallow the first Ctrl-C, which main.ts handles
  });
  bar.start(first.steps, first.step, first);
  return bar;
}
