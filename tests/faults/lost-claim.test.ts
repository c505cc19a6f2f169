import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { newId } from '#shared/domain/ids.ts'
import type { Database } from '#shared/platform/database/index.ts'
import { claimRequest } from '#shared/runtime/idempotency.ts'
import { silentLogger } from '#shared/runtime/log.ts'
import { FaultyDatabase } from '../fakes/faulty-database.ts'
import { cloneDatabase, type TestDatabase } from '../setup/database.ts'

let clone: TestDatabase
let real: Database

beforeAll(async () => {
  clone = await cloneDatabase(inject('clusterUrl'))
  real = clone.open()
})
afterAll(async () => {
  await real.close()
  await clone.drop()
})

const newRequest = () => ({
  key: randomUUID(),
  principalId: newId(),
  functionName: 'things-create',
  orgId: newId(),
  workspaceId: null,
  target: '/v1/things',
  body: Buffer.from('{}'),
  timeoutSeconds: 60,
})

for (const failure of ['before', 'after'] as const) {
  test(`a claim whose commit fails ${failure} it is done keeps nobody from trying again`, async () => {
    const faulty = new FaultyDatabase(real)
    const options = { database: faulty, secret: 's'.repeat(32), now: () => new Date(), log: silentLogger }
    const request = newRequest()
    faulty.failure = failure
    const lost = claimRequest(options, request)
    // Only the claim itself is hit.
    faulty.failure = null
    await expect(lost).rejects.toMatchObject({ code: 'CONNECTION_LOST' })
    expect(await claimRequest(options, request)).toMatchObject({ kind: 'claim' })
  })

  test(`nor does one that can only be given up later, after it failed ${failure} it was done`, async () => {
    const faulty = new FaultyDatabase(real)
    const options = { database: faulty, secret: 's'.repeat(32), now: () => new Date(), log: silentLogger }
    const request = newRequest()
    faulty.failure = failure
    const lost = claimRequest(options, request)
    faulty.failure = 'before'
    await expect(lost).rejects.toMatchObject({ code: 'CONNECTION_LOST' })
    faulty.failure = null
    const again = () =>
      claimRequest(options, request).then(
        ({ kind }) => kind,
        ({ code }) => code,
      )
    await expect.poll(again, { timeout: 15_000 }).toBe('claim')
  })
}
