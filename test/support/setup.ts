/** Runs before every test file: whatever the tests compile is verified after each pass. */
import { verifyEverything } from '../../src/compiler/verify/install.ts';

verifyEverything();
