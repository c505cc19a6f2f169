import postgres from 'postgres'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { halfLifeDays } from '#shared/domain/intelligence/decay.ts'
import type { Indicator } from '#shared/domain/intelligence/schemas.ts'
import { discoverFunctions } from '#shared/runtime/discover.ts'
import { createWorld, type World } from '../contract/world.ts'
import { call } from '../setup/product.ts'

const functions = await discoverFunctions()

let world: World
let owner: postgres.Sql

beforeAll(async () => {
  world = await createWorld(inject('clusterUrl'))
  owner = postgres(world.product.database.ownerUrl, { max: 1, onnotice: () => {} })
})
afterAll(async () => {
  await owner.end()
  await world.stop()
})

const deliver = (name: string, push: { body: unknown; scheduledAt?: Date }) =>
  world.deliver(name, functions.find((one) => one.name === name)!.declaration, push)
const read = async (path: string) => (await call(world.product.url, 'GET', path, { token: world.tokens.owner })).body
const readOne = (): Promise<Indicator> => read(`/v1/indicators/${world.indicatorId}`)

/** What the daily schedule sets off. */
async function aDayPasses(day: number): Promise<void> {
  const started = await deliver('indicators-start-rescoring', { body: '', scheduledAt: new Date(86_400_000 * day) })
  expect(started.outcome).toBe('done')
  const tasks = await owner<{ org_id: string; body: unknown }[]>`
    delete from outbox where target = 'indicators-rescore' returning org_id, body`
  const organizations = await owner<{ id: string }[]>`select id from organizations order by id`
  expect(tasks.map(({ org_id }) => org_id).sort()).toEqual(organizations.map(({ id }) => id))
  for (const { body } of tasks) expect((await deliver('indicators-rescore', { body })).outcome).toBe('done')
}

test('an indicator that nobody sees any more is believed less, and as much as before when it is seen again', async () => {
  const fresh = await readOne()
  expect(fresh.score).toBe(fresh.confidence)
  await aDayPasses(1)
  expect(await readOne()).toEqual(fresh)

  await owner`
    update indicators set last_seen = last_seen - make_interval(days => ${halfLifeDays(fresh.type)})
    where id = ${fresh.id}`
  await aDayPasses(2)
  const faded = await readOne()
  expect(faded.confidence).toBe(fresh.confidence)
  // The moments that the test takes count too.
  expect(Math.abs(faded.score - fresh.confidence / 2)).toBeLessThan(1)
  const found = async (minimum: number) => {
    const { data } = await read(`/v1/indicators?minimum_score=${minimum}&page[size]=100`)
    return data.some(({ id }: Indicator) => id === fresh.id)
  }
  expect([await found(faded.score), await found(faded.score + 1)]).toEqual([true, false])

  const [{ document_id: documentId } = { document_id: '' }] = await owner<{ document_id: string }[]>`
    select document_id from evidence where indicator_id = ${fresh.id} limit 1`
  const again = await call(world.product.url, 'POST', `/v1/documents/${documentId}/reprocess`, {
    token: world.tokens.owner,
  })
  const step = { document_id: documentId, job_id: again.body.job_id }
  for (const name of ['validate', 'scan', 'extract-text', 'extract-intelligence']) {
    await deliver(`documents-${name}`, { body: world.envelope(step) })
  }
  expect(await readOne()).toMatchObject({ confidence: fresh.confidence, score: fresh.confidence })
})
