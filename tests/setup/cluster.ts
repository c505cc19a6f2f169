import type { TestProject } from 'vitest/node'
import { startTestCluster } from '../../shared/platform/database/test-cluster.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Superuser URL of the PostgreSQL that this test run shares. */
    clusterUrl: string
  }
}

/** Vitest's global setup: one PostgreSQL for the whole run. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const cluster = await startTestCluster()
  project.provide('clusterUrl', cluster.url)
  return () => cluster.stop()
}
