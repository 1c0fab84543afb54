import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/setup/postgres.ts'],
    // They end what hangs and judge no speed: a stack may take 105 s to stop by its own limits, on a busy machine.
    testTimeout: 120_000,
    hookTimeout: 180_000,
    pool: 'forks',
    // The tests wait for other processes most of the time.
    maxWorkers: availableParallelism() + 1,
  },
});
