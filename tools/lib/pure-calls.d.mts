export declare function markPureCalls(code: string): string;
