/** Renders the state: progress and status, notices, the picture, the table, and the exports. */
import { type Child, byId, element } from './element.ts';
import { fileOf } from './export.ts';
import { describeMachine, type Machine } from './machine.ts';
import { backendTitles, ceilings, titleOf } from './plan.ts';
import { drawRoofline } from './roofline.ts';
import { doneOf, recordsOf, type State, totalOf } from './state.ts';
import { drawRows } from './table.ts';

/** Set only on change: screen readers would read the same text again. */
export function say(text: string): void {
  const status = byId('status');
  if (status.textContent !== text) status.textContent = text;
}

export function draw(state: State, machine: Machine): void {
  const isRunning = state.phase === 'running';
  byId<HTMLButtonElement>('start').disabled = isRunning;
  byId('start').hidden = isRunning;
  byId('cancel').hidden = !isRunning;
  drawProgress(state);
  say(statusOf(state));
  byId('notices').replaceChildren(...noticesOf(state, machine).map((text) => element('p', { class: 'notice' }, text)));
  drawRoofline(byId('roofline'), state);
  const records = recordsOf(state);
  drawRows(byId<HTMLTableElement>('table'), records);
  byId('results').hidden = records.length === 0;
  byId('empty').hidden = records.length > 0;
  const files = (['wasm', 'webgpu'] as const).map((backend) => {
    const file = fileOf(state, machine, backend);
    byId(`json-${backend}`).hidden = file === null;
    return file;
  });
  byId('exports').hidden = isRunning || files.every((file) => file === null);
}

function drawProgress(state: State): void {
  const [done, total] = [doneOf(state), totalOf(state)];
  byId('running').hidden = state.phase !== 'running';
  const progress = byId<HTMLProgressElement>('progress');
  progress.max = Math.max(1, total);
  progress.value = done;
  byId('counted').textContent = `${done} of ${total}`;
  byId('current').textContent = state.current?.name.trim() ?? '';
}

function statusOf(state: State): string {
  const { phase, current, failures } = state;
  const count = recordsOf(state).length;
  switch (phase) {
    case 'ready':
      return 'Ready.';
    case 'running': {
      if (current === null) return 'Starting …';
      const what = current.suite === ceilings ? 'the ceilings' : titleOf(current.suite).toLowerCase();
      return `Measuring on ${backendTitles[current.backend]}: ${what}`;
    }
    case 'finished':
      return failures.length === 0
        ? `Finished: ${count} results.`
        : `Finished: ${count} results, not without failures.`;
    case 'cancelled':
      return `Cancelled after ${doneOf(state)} of ${totalOf(state)} steps.`;
  }
}

function noticesOf({ measured, failures, options }: State, { gpu, isolated }: Machine): string[] {
  const notices: string[] = [];
  if ('obstacle' in gpu) notices.push(`No WebGPU here, so only WebAssembly is measured. ${sentence(gpu.obstacle)}`);
  else if (gpu.isSoftware) {
    notices.push(
      `The WebGPU adapter is software (${gpu.description}): the processor imitates a GPU. Its numbers say nothing about a real one.`,
    );
  }
  if (!isolated) notices.push('This page is not cross-origin isolated, so WebAssembly runs on one thread.');
  const reason = measured.wasm?.device?.reason.replace('asked for; ', '');
  if (options !== null && options.threads > 1 && reason && measured.wasm?.device?.threads === 1) {
    notices.push(sentence(reason));
  }
  if (options?.quick)
    notices.push('A quick run shows that everything works. Its few samples do not tell how fast it is.');
  for (const { backend, suite, message } of failures) {
    const what = suite === null ? '' : `, ${titleOf(suite).toLowerCase()}`;
    notices.push(`${backendTitles[backend]}${what} failed: ${message}`);
  }
  return notices;
}

/** Messages begin with a lower-case letter and have no full stop. */
const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1).replace(/\.$/, '')}.`;

export function drawMachine(machine: Machine): void {
  const list = (rows: readonly (readonly [string, Child])[]): HTMLElement[] =>
    rows.flatMap(([term, text]) => [element('dt', {}, term), element('dd', {}, text)]);
  byId('machine').replaceChildren(...list(describeMachine(machine)));
  if ('obstacle' in machine.gpu) return;
  const { limits, features } = machine.gpu;
  const details = byId('limits');
  details.hidden = false;
  const rows = Object.entries(limits).map(([name, value]) => [name, value.toLocaleString('en')] as const);
  details.querySelector('dl')!.replaceChildren(...list([['features', features.join(', ') || 'none'], ...rows]));
}
