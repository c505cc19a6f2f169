import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import postgres from 'postgres'
import { readLocalSettings } from '#shared/configuration/local.ts'
import type { Sql } from '#shared/domain/sql.ts'
import { loadAccess, superuser } from '#shared/platform/database/embedded-cluster.ts'
import { PlatformError } from '#shared/platform/errors.ts'

type Environment = Readonly<Record<string, string | undefined>>

/**
 * Connection of the role that owns the schema: DATABASE_OWNER_URL, else that of the product on this machine.
 * @throws PlatformError UNAVAILABLE when there is none
 */
export function findOwnerUrl(environment: Environment): string {
  if (environment.DATABASE_OWNER_URL) return environment.DATABASE_OWNER_URL
  const dataFolder = resolve(readLocalSettings(environment).DATA_FOLDER)
  if (!existsSync(join(dataFolder, 'postgres-access.json'))) {
    throw new PlatformError(
      'UNAVAILABLE',
      `There is no database in ${dataFolder}. Start the product (npm start), or set DATABASE_OWNER_URL.`,
    )
  }
  const { password, port } = loadAccess(dataFolder, join(dataFolder, 'postgres'))
  return `postgres://${superuser}:${password}@127.0.0.1:${port}/adapt`
}

/**
 * Connection to the database of the embedded cloud: CLOUD_DATABASE_URL, else "cloud" beside the product's.
 * @throws PlatformError UNAVAILABLE when there is none
 */
export function findCloudUrl(environment: Environment): string {
  if (environment.CLOUD_DATABASE_URL) return environment.CLOUD_DATABASE_URL
  const url = new URL(findOwnerUrl(environment))
  url.pathname = '/cloud'
  return url.href
}

/** Where the embedded cloud's database or its tables aren't there, the product is one that runs on Google Cloud. */
export function noEmbeddedCloud(error: unknown, elsewhere: string): PlatformError | null {
  const { code } = error as { code?: string }
  if (code !== '3D000' && code !== '42P01') return null
  return new PlatformError('UNAVAILABLE', `There is no embedded cloud beside this database. ${elsewhere}`, {
    cause: error,
  })
}

/**
 * Runs `work` in one transaction of the schema's owner.
 * @throws PlatformError UNAVAILABLE when the database can't be reached, PERMISSION when it refuses the owner
 */
export async function asOwner<Result>(ownerUrl: string, work: (sql: Sql) => Promise<Result>): Promise<Result> {
  const sql = postgres(ownerUrl, { max: 1, connect_timeout: 10, fetch_types: false, onnotice: () => {} })
  try {
    return (await sql.begin((transaction) => work(transaction))) as Result
  } catch (error) {
    throw describe(error) ?? error
  } finally {
    await sql.end({ timeout: 5 })
  }
}

/** What someone can do about it; null where that is not known. */
function describe(error: unknown): PlatformError | null {
  const { code = '' } = error as { code?: string }
  if (['ECONNREFUSED', 'ENOTFOUND', 'CONNECT_TIMEOUT', 'CONNECTION_CLOSED', '57P03'].includes(code)) {
    return new PlatformError('UNAVAILABLE', 'The database does not answer. Is the product running?', { cause: error })
  }
  if (['28P01', '28000', '3D000', '42501', '42P01'].includes(code)) {
    return new PlatformError('PERMISSION', `The database refuses: ${(error as Error).message}`, { cause: error })
  }
  return null
}
