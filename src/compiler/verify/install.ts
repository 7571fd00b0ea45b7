/**
 * Internal consistency checks of the graph after every rewriting pass and of the finished program. Tests install them
 * for every program they compile. Pages do not, which saves code and time.
 */
import { installVerifier } from '../compile.ts';
import { verifyGraph } from './graph.ts';
import { verifyProgram } from './program.ts';

/** Verifies every graph and program compiled from now on. A pass that breaks an invariant throws `InternalError`. */
export function verifyEverything(): void {
  installVerifier({ graph: verifyGraph, program: verifyProgram });
}
