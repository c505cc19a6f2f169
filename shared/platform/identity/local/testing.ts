import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTestDatabase } from '../../database/test-cluster.ts'
import { createLocalIssuer, type LocalIssuer } from '../local-issuer.ts'

/** Far below what protects anybody: tests sign in hundreds of times. */
export const cheapPasswordCost = { cost: 2 ** 4, blockSize: 8, parallelization: 1 }

export const testServiceRoleKey = 'service-role-key-of-the-tests'

/** A local issuer on loopback with a database, a key folder and a clock of its own. */
export async function startTestIssuer(clusterUrl: string) {
  const database = await createTestDatabase(clusterUrl)
  const keyFolder = await mkdtemp(join(tmpdir(), 'issuer-'))
  const clock = { seconds: Math.floor(Date.now() / 1000) }
  const errors: unknown[] = []

  let issuer: LocalIssuer
  const server = createServer((request, response) => void issuer.handle(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const open = () =>
    createLocalIssuer({
      databaseUrl: database.url,
      keyFolder,
      publicUrl: url,
      now: () => new Date(clock.seconds * 1000),
      passwordCost: cheapPasswordCost,
      redirectOrigins: ['https://app.example'],
      serviceRoleKey: testServiceRoleKey,
      onError: (error) => errors.push(error),
    })
  issuer = await open()

  return {
    url,
    keyFolder,
    databaseUrl: database.url,
    clock,
    /** What the issuer reported to its operator. */
    errors,
    issuer: () => issuer,
    async restart() {
      await issuer.stop()
      issuer = await open()
    },
    async stop() {
      await issuer.stop()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await database.drop()
      await rm(keyFolder, { recursive: true })
    },
  }
}

export type TestIssuer = Awaited<ReturnType<typeof startTestIssuer>>
