/** The one place that writes to the console: settings that are legal and cannot do what they are for. */
const said = new WeakMap<object, Set<string>>();

/** Writes `message` to the console as a warning, once for each `subject` and message. */
export function warnOnce(subject: object, message: string): void {
  const messages = said.get(subject) ?? new Set();
  said.set(subject, messages);
  if (messages.has(message)) return;
  messages.add(message);
  // eslint-disable-next-line no-console
  if (typeof console !== 'undefined') console.warn(`gradlet: ${message}`);
}
