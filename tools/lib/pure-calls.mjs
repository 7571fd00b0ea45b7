/**
 * Marks the calls that initialize top-level constants as free of side effects, so that bundlers drop an op record, a
 * layer or a table that nobody uses:
 *
 *     export const tanh = unary({ … });   →   export const tanh = (pure) unary({ … });
 *
 * That they are is a promise of the whole package (`"sideEffects": false`). Used on src/ by the rollup configuration and
 * by the size script, before types are stripped.
 */
const topLevelCall = /^((?:export )?const \w+(?:: [^=\n]+)? = )(?=(?:new )?[A-Za-z_$][\w$.]*(?:<[^()\n]*>)?\()/gm;

/**
 * @param {string} code
 * @returns {string}
 */
export function markPureCalls(code) {
  return code.replace(topLevelCall, '$1/* @__PURE__ */ ');
}
