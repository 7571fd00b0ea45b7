/**
 * One cold start, in a fresh worker that has not loaded the library: receives one request from runner.ts, answers with
 * its stages or with an error message.
 */
import { coldStart, type ColdRequest, type ColdStart } from '../start/cold.ts';

export type ColdAnswer = { readonly start: ColdStart } | { readonly message: string };

interface Port {
  postMessage(answer: ColdAnswer): void;
  onmessage: ((event: MessageEvent<ColdRequest>) => void) | null;
}

const port = globalThis as unknown as Port;

port.onmessage = ({ data: request }) => {
  coldStart(request).then(
    (start) => port.postMessage({ start }),
    (error: unknown) => port.postMessage({ message: error instanceof Error ? error.message : String(error) }),
  );
};
