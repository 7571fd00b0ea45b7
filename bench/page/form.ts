/**
 * The options form. Its fields have the names of the URL parameters, so that a link contains the form's data and
 * reproduces a run.
 */
import type { BackendName } from '../suite.ts';
import { byId, element } from './element.ts';
import type { Machine } from './machine.ts';
import { offers, type Options } from './plan.ts';

const form = (): HTMLFormElement => byId<HTMLFormElement>('options');

const fieldsOf = (name: string): HTMLInputElement[] => [
  ...form().querySelectorAll<HTMLInputElement>(`input[name="${name}"]`),
];

/** Fills in the choices that depend on the suites and this machine, then the values from the URL. */
export function fillForm({ cores, isolated, gpu }: Machine): void {
  byId('suites').append(
    ...offers.map(({ suite, title, description }) =>
      element(
        'label',
        { class: 'choice', title: description },
        element('input', { type: 'checkbox', name: 'suite', value: suite, checked: true }),
        title,
      ),
    ),
  );
  const counts = [1, 2, 4, 8, 16, 32, 64, 128].filter((count) => count === 1 || (isolated && count <= cores));
  byId('threads').append(...counts.map((count) => element('option', { value: count }, String(count))));
  const parameters = new URLSearchParams(location.search);
  restore(parameters);
  if ('obstacle' in gpu) {
    for (const field of fieldsOf('backend')) {
      field.disabled = field.value !== 'wasm';
      field.checked = field.value === 'wasm';
    }
  }
}

function restore(parameters: URLSearchParams): void {
  for (const name of ['backend', 'mode', 'suite']) {
    const wanted = parameters.getAll(name);
    const fields = fieldsOf(name);
    if (!fields.some(({ value }) => wanted.includes(value))) continue; // the default applies
    for (const field of fields) field.checked = wanted.includes(field.value);
  }
  const select = byId<HTMLSelectElement>('threads');
  const threads = parameters.get('threads');
  if ([...select.options].some(({ value }) => value === threads)) select.value = threads!;
}

export function readForm(): Options {
  const data = new FormData(form());
  const backend = data.get('backend') as BackendName | 'both';
  return {
    backends: backend === 'both' ? ['wasm', 'webgpu'] : [backend],
    suites: data.getAll('suite') as string[],
    quick: data.get('mode') === 'quick',
    threads: Number(data.get('threads')),
  };
}

/** Whether anything is selected for measurement. */
export const isComplete = ({ suites }: Options): boolean => suites.length > 0;

/** The URL that restores these options. */
export function rememberForm(): void {
  const parameters = new URLSearchParams([...new FormData(form())] as [string, string][]);
  // parameters that do not belong to the form stay: ?isolated=no
  for (const [name, value] of new URLSearchParams(location.search)) {
    if (!['backend', 'mode', 'suite', 'threads'].includes(name)) parameters.append(name, value);
  }
  history.replaceState(null, '', `?${parameters.toString()}`);
}

/** A disabled form has no data. */
export function lockForm(locked: boolean): void {
  byId<HTMLFieldSetElement>('fields').disabled = locked;
}
