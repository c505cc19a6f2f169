import type { TestProject } from 'vitest/node'
import { migrate } from '#shared/database/migrate.ts'
import { createDatabaseIfMissing } from '#shared/platform/database/embedded.ts'
import { startTestCluster } from '#shared/platform/database/test-cluster.ts'
import { appPassword, templateDatabase } from './database.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Superuser URL of the PostgreSQL that this test run shares. */
    clusterUrl: string
  }
}

/** Vitest's global setup: one PostgreSQL for the whole run, with a migrated database to copy per test file. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const cluster = await startTestCluster()
  try {
    await createDatabaseIfMissing(cluster.url, templateDatabase)
    const template = new URL(cluster.url)
    template.pathname = `/${templateDatabase}`
    await migrate(template.href, appPassword)
  } catch (error) {
    await cluster.stop()
    throw error
  }
  project.provide('clusterUrl', cluster.url)
  return () => cluster.stop()
}
