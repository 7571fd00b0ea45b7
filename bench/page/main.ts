/**
 * The benchmark's page: inspects the machine, starts and cancels runs, and renders the state whenever it changes. All
 * measurements run in workers; see runner.ts.
 */
import { toJson } from '../../tools/examples/json.ts';
import type { BackendName } from '../suite.ts';
import { byId } from './element.ts';
import { download, fileOf, markdownOf } from './export.ts';
import { fillForm, isComplete, lockForm, readForm, rememberForm } from './form.ts';
import { lookAround, type Machine } from './machine.ts';
import { planOf } from './plan.ts';
import { drawLegend, drawRoofline } from './roofline.ts';
import { Run } from './runner.ts';
import { next, ready, started, type State } from './state.ts';
import { drawHead } from './table.ts';
import { draw, drawMachine, say } from './view.ts';

let state: State = ready;
let run: Run | null = null;

const [startButton, cancelButton] = [byId<HTMLButtonElement>('start'), byId<HTMLButtonElement>('cancel')];

function show(changed: State, machine: Machine): void {
  const ends = state.phase === 'running' && changed.phase !== 'running';
  const hadFocus = document.activeElement === cancelButton;
  state = changed;
  lockForm(state.phase === 'running');
  draw(state, machine);
  if (ends && hadFocus) startButton.focus(); // the other button disappears
}

function start(machine: Machine): void {
  const options = readForm();
  if (!isComplete(options)) {
    say('Choose at least one suite.');
    return;
  }
  const isSoftware = !('obstacle' in machine.gpu) && machine.gpu.isSoftware;
  rememberForm(); // a link that reproduces this run
  show(started(options, planOf(options, isSoftware)), machine);
  cancelButton.focus();
  run = new Run((event) => show(next(state, event), machine));
  void run.start(options);
}

async function copyMarkdown(machine: Machine): Promise<void> {
  try {
    await navigator.clipboard.writeText(markdownOf(state, machine));
    say('Copied as Markdown.');
  } catch (error) {
    say(`The browser did not let the page copy: ${(error as Error).message}`);
  }
}

function downloadJson(machine: Machine, backend: BackendName): void {
  const file = fileOf(state, machine, backend);
  if (file === null) return;
  download(`gradlet-${backend}-${state.date.slice(0, 10)}.json`, toJson(file));
  say('The file is in your downloads.');
}

async function open(): Promise<void> {
  drawHead(byId('head'));
  drawLegend(byId('legend'));
  const machine = await lookAround();
  drawMachine(machine);
  fillForm(machine);
  show(ready, machine);
  const form = byId<HTMLFormElement>('options');
  form.addEventListener('change', rememberForm);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    if (state.phase !== 'running') start(machine);
  });
  cancelButton.addEventListener('click', () => run?.cancel());
  byId('copy').addEventListener('click', () => void copyMarkdown(machine));
  for (const backend of ['wasm', 'webgpu'] as const) {
    byId(`json-${backend}`).addEventListener('click', () => downloadJson(machine, backend));
  }
  const picture = byId('roofline');
  let width = picture.clientWidth;
  new ResizeObserver(() => {
    if (picture.clientWidth === width) return;
    width = picture.clientWidth;
    drawRoofline(picture, state);
  }).observe(picture);
}

await open();
