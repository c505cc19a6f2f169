import { type Database, openDatabase } from '#shared/platform/database/index.ts'
import { createTestDatabase } from '#shared/platform/database/test-cluster.ts'

export const templateDatabase = 'adapt_template'
export const appPassword = 'test-app-password'

export interface TestDatabase {
  /** Connection of the schema's owner (a superuser in tests): for looking behind the walls. */
  ownerUrl: string
  /** Connection of `adapt_app`, as the product uses it. */
  appUrl: string
  open(poolSize?: number, connectTimeoutSeconds?: number): Database
  drop(): Promise<void>
}

/** A migrated database of its own for one test file, copied from the run's template. */
export async function cloneDatabase(clusterUrl: string): Promise<TestDatabase> {
  const { url: ownerUrl, drop } = await createTestDatabase(clusterUrl, templateDatabase)
  const app = new URL(ownerUrl)
  app.username = 'adapt_app'
  app.password = appPassword
  return {
    ownerUrl,
    appUrl: app.href,
    open: (poolSize = 2, connectTimeoutSeconds = 5) =>
      openDatabase({
        url: app.href,
        poolSize,
        connectTimeoutSeconds,
        statementTimeoutSeconds: 10,
        applicationName: 'test',
        endsReadsLater: true,
      }),
    drop,
  }
}
