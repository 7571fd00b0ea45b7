/** The JSON format of result files, in Node and in pages. */
export const toJson = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
