/**
 * Two projects: `node` runs everything in Node; `browser` runs test/browser, whose files drive pages of one shared
 * headless browser. `npx vitest --project node` leaves the browser out.
 */
import { defineConfig, type ViteUserConfig } from 'vitest/config';

const config: ViteUserConfig = defineConfig({
  test: {
    reporters: ['default', ['json', { outputFile: 'build/test-results.json' }]],
    projects: [
      {
        test: {
          name: 'node',
          include: ['test/**/*.test.ts'],
          exclude: ['test/browser/**'],
          setupFiles: ['test/support/setup.ts'],
          testTimeout: 30_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'browser',
          include: ['test/browser/**/*.test.ts'],
          globalSetup: ['test/support/browser-setup.ts'],
          testTimeout: 90_000,
          hookTimeout: 90_000,
          // after the node tests, and one file at a time: pages on SwiftShader use every core already
          sequence: { groupOrder: 1 },
          maxWorkers: 1,
        },
      },
    ],
  },
});

export default config;
