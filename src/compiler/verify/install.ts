/**
 * The checks that gradlet makes of itself: of the graph after every rewriting pass, of the finished program. The tests
 * install them for every program that they compile; a page does without, which spares it the code and the time.
 */
import { installVerifier } from '../compile.ts';
import { verifyGraph } from './graph.ts';
import { verifyProgram } from './program.ts';

/** From now on every compiled graph and program is verified; a pass that broke its promise throws `InternalError`. */
export function verifyEverything(): void {
  installVerifier({ graph: verifyGraph, program: verifyProgram });
}
