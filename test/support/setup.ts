/** Runs before every test file: enables the verifier after each compiler pass. */
import { verifyEverything } from '../../src/compiler/verify/install.ts';

verifyEverything();
