import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['shared/**/*.test.ts', 'functions/**/*.test.ts', 'scripts/**/*.test.ts', 'tests/**/*.test.ts'],
    globalSetup: ['tests/setup/cluster.ts'],
    pool: 'forks',
    // Tests wait for processes and the database more than they compute.
    maxWorkers: 2,
    // Deadlines for a machine that has much else to do, not measures of anything.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    restoreMocks: true,
  },
})
