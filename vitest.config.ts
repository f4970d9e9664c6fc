import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: { conditions: ['development'] },
  ssr: { resolve: { conditions: ['development'] } },
  test: {
    include: ['**/*.test.ts'],
    exclude: ['node_modules/**', 'dist/**', 'data/**'],
    globalSetup: ['test/kit/global-setup.ts'],
    pool: 'forks',
    // Files of one worker share its modules, or each would spend two seconds of processor on loading the same server again.
    // So no module keeps state, and a test file puts back whatever it changed of its process.
    isolate: false,
    // Journeys wait more than they compute, so one more than there are cores: the usual one less leaves a small machine idle.
    maxWorkers: availableParallelism() + 1,
    testTimeout: 90_000,
    hookTimeout: 120_000,
  },
});
