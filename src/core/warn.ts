/** Console warnings about settings that are valid but have no useful effect. No other file writes to the console. */
const warned = new WeakMap<object, Set<string>>();

/** Prints a warning to the console, once for each combination of `subject` and `message`. */
export function warnOnce(subject: object, message: string): void {
  const messages = warned.get(subject) ?? new Set();
  warned.set(subject, messages);
  if (messages.has(message)) return;
  messages.add(message);
  // eslint-disable-next-line no-console
  if (typeof console !== 'undefined') console.warn(`gradlet: ${message}`);
}
