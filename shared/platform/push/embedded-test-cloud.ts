import { SignJWT } from 'jose'
import { inject } from 'vitest'
import { createTestDatabase } from '../database/test-cluster.ts'
import { type EmbeddedCloud, type EmbeddedCloudOptions, startEmbeddedCloud } from './embedded.ts'
import type { Log } from './embedded-store.ts'

const key = new TextEncoder().encode('a key for tests of the embedded cloud only')

/** Signs as an issuer would; the tests only look at whom a token is for. */
export function signTestToken(audience: string): Promise<string> {
  return new SignJWT({ aud: audience }).setProtectedHeader({ alg: 'HS256' }).setExpirationTime('1h').sign(key)
}

export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} }

/** An embedded cloud on a database of its own, which its `stop()` removes. */
export async function startTestCloud(
  options: Pick<EmbeddedCloudOptions, 'plan' | 'urlOf' | 'backoffScale'>,
): Promise<EmbeddedCloud> {
  const database = await createTestDatabase(inject('clusterUrl'))
  const cloud = await startEmbeddedCloud({
    ...options,
    databaseUrl: database.url,
    signToken: signTestToken,
    log: silentLog,
    stopGraceSeconds: 0,
  })
  return {
    ...cloud,
    async stop() {
      await cloud.stop()
      await database.drop()
    },
  }
}
