/**
 * The page's side of `--browser`: the development server bundles this file, and run-in-browser.ts calls `runInPage`.
 */
import { findExample } from '../../examples/list.ts';
import { type Result, type Settings, runExample } from './example.ts';
import type { ProgressEvent } from './progress.ts';

declare global {
  interface Window {
    /** Put there by run-in-browser.ts. */
    gradletProgress?: (event: ProgressEvent) => Promise<void>;
  }
}

/** A serialized run from the page, with bytes as base64 text. */
export interface PageRun {
  readonly result: Result;
  readonly model: string | undefined;
}

export async function runInPage(settings: Settings): Promise<PageRun> {
  const sent: Promise<void>[] = [];
  const { result, model } = await runExample(findExample(settings.example), settings, (event) => {
    sent.push(window.gradletProgress?.(event) ?? Promise.resolve());
  });
  await Promise.all(sent);
  return { result, model: model && toBase64(model) };
}

function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}
