/**
 * Marks the calls that initialize top-level constants as free of side effects, so that bundlers drop unused op records,
 * layers and tables:
 *
 *     export const tanh = unary({ … });   →   export const tanh = (pure) unary({ … });
 *
 * The whole package promises that they are pure (`"sideEffects": false`). Applied to src/ by the rollup configuration
 * and the size script, before types are stripped.
 */
const topLevelCall = /^((?:export )?const \w+(?:: [^=\n]+)? = )(?=(?:new )?[A-Za-z_$][\w$.]*(?:<[^()\n]*>)?\()/gm;

/**
 * @param {string} code
 * @returns {string}
 */
export function markPureCalls(code) {
  return code.replace(topLevelCall, '$1/* @__PURE__ */ ');
}
