/** A timeout for browser calls that may never settle. */

/**
 * Returns the result of `promise`, or rejects if it takes longer than `milliseconds`.
 *
 * @param what name of the request for the error message
 * @param discard frees a result that arrives after the timeout
 */
export function withTimeout<T>(
  milliseconds: number,
  what: string,
  promise: Promise<T>,
  discard?: (late: T) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      reject(new Error(`${what} has not answered within ${milliseconds / 1000} s`));
    }, milliseconds);
    const settle = (done: () => void): void => {
      clearTimeout(timer);
      done();
    };
    promise.then(
      (result) => (isLate ? discard?.(result) : settle(() => resolve(result))),
      (error: unknown) => settle(() => reject(error as Error)),
    );
  });
}
