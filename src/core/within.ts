/** A time limit for what a browser may never answer. */

/**
 * The result of `promise`, or a rejection when it takes longer than `milliseconds`.
 *
 * @param what names what was asked for, in the error
 * @param discard frees a result that comes too late
 */
export function within<T>(
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
