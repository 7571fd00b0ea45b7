/** How files of results are written, in Node and by pages. */
export const toJson = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
