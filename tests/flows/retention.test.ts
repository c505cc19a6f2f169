import { utimes } from 'node:fs/promises'
import { join } from 'node:path'
import postgres from 'postgres'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { newId } from '#shared/domain/ids.ts'
import { awaitedDays, keptDays } from '#shared/domain/retention/expire.ts'
import { lifecycleDays } from '#shared/platform/objects/lifecycle.ts'
import { createLocalObjects } from '#shared/platform/objects/local.ts'
import { findObjectFiles } from '#shared/platform/objects/object-file.ts'
import { discoverFunctions } from '#shared/runtime/discover.ts'
import { createWorld, type World } from '../contract/world.ts'
import { call } from '../setup/product.ts'

const name = 'operations-remove-expired'
const functions = await discoverFunctions()
const declarationOf = (one: string) => functions.find((found) => found.name === one)!.declaration

let world: World
let owner: postgres.Sql
let looks = 0

beforeAll(async () => {
  world = await createWorld(inject('clusterUrl'))
  owner = postgres(world.product.database.ownerUrl, { max: 1, onnotice: () => {} })
})
afterAll(async () => {
  await owner.end()
  await world.stop()
})

async function look(): Promise<void> {
  const scheduledAt = new Date(86_400_000 * ++looks)
  expect((await world.deliver(name, declarationOf(name), { body: '', scheduledAt })).outcome).toBe('done')
}

const read = async (path: string) => (await call(world.product.url, 'GET', path, { token: world.tokens.owner })).body

/** Makes one row old enough and another not quite. */
async function age(table: string, column: string, ids: { old: string; young: string }, days = keptDays): Promise<void> {
  const set = (id: string, minutes: number) => owner`
    update ${owner(table)} set ${owner(column)} = now() - make_interval(days => ${days}, mins => ${minutes}) where id = ${id}`
  await set(ids.old, 1)
  await set(ids.young, -5)
}

const isThere = async (table: string, id: string) =>
  (await owner`select 1 from ${owner(table)} where id = ${id}`).length > 0

test('an export says that it has expired after 90 days, and not before', async () => {
  const ids = { old: '', young: '' }
  for (const which of ['old', 'young'] as const) {
    const payload = await world.pendingExport()
    await world.deliver('exports-build', declarationOf('exports-build'), { body: world.envelope(payload) })
    ids[which] = payload.export_id
  }
  const waiting = (await world.pendingExport()).export_id
  await owner`update exports set created_at = now() - interval '1 year' where id = ${waiting}`
  await age('exports', 'created_at', ids)
  await look()
  expect(await read(`/v1/exports/${ids.old}`)).toMatchObject({ status: 'expired', download_url: null })
  expect(await read(`/v1/exports/${ids.young}`)).toMatchObject({ status: 'ready', download_url: expect.any(String) })
  expect((await read(`/v1/exports/${waiting}`)).status).toBe('processing')
})

test('old notifications and settled dead letters go; a letter that is open is kept however old it is', async () => {
  const notes = { old: newId(), young: newId() }
  for (const id of Object.values(notes)) {
    await owner`insert into notifications (id, org_id, user_id, kind, title, body)
      values (${id}, ${world.orgId}, ${world.ownerId}, 'test', 't', 'b')`
  }
  await age('notifications', 'created_at', notes)
  const letters = { old: await world.newDeadLetter(), young: await world.newDeadLetter() }
  const open = await world.newDeadLetter()
  await owner`update dead_letters set status = 'discarded' where id in ${owner(Object.values(letters))}`
  await age('dead_letters', 'created_at', letters)
  await owner`update dead_letters set created_at = now() - interval '1 year' where id = ${open}`
  await look()
  expect([await isThere('notifications', notes.old), await isThere('notifications', notes.young)]).toEqual([
    false,
    true,
  ])
  expect([await isThere('dead_letters', letters.old), await isThere('dead_letters', letters.young)]).toEqual([
    false,
    true,
  ])
  expect(await isThere('dead_letters', open)).toBe(true)
})

test('the events of a job that ended long ago go, the job stays, and who watches it is told to come no more', async () => {
  const { job_id: jobId } = await world.documentAt('scan')
  const watch = () => call(world.product.url, 'GET', `/v1/jobs/${jobId}/events`, { token: world.tokens.owner })
  await call(world.product.url, 'POST', `/v1/jobs/${jobId}/cancel`, { token: world.tokens.owner })
  await owner`update jobs set finished_at = now() - make_interval(days => ${keptDays}, mins => -5) where id = ${jobId}`
  await look()
  expect((await watch()).body).toContain('event: cancelled')
  await owner`update jobs set finished_at = now() - make_interval(days => ${keptDays}, mins => 1) where id = ${jobId}`
  await look()
  expect((await watch()).status).toBe(204)
  expect((await read(`/v1/jobs/${jobId}`)).status).toBe('cancelled')
})

test('a document that was announced and never came goes after a week, with what was uploaded for it', async () => {
  const ids = { old: await world.uploadedDocument(), young: await world.uploadedDocument() }
  const processed = (await world.documentAt('scan')).document_id
  await owner`update documents set created_at = now() - interval '1 year' where id = ${processed}`
  await age('documents', 'created_at', ids, awaitedDays)
  const [file] = await owner<{ object_key: string }[]>`select object_key from documents where id = ${ids.old}`
  await owner`delete from outbox`
  await look()
  expect((await read(`/v1/documents/${ids.old}`)).error.code).toBe('NOT_FOUND')
  expect((await read(`/v1/documents/${ids.young}`)).status).toBe('awaiting_upload')
  expect((await read(`/v1/documents/${processed}`)).status).toBe('processing')

  const { objects } = world.services
  expect(await objects.read('uploads', file!.object_key)).not.toBeNull()
  const tasks = await owner<{ target: string; body: unknown }[]>`select target, body from outbox`
  expect(tasks.map(({ target }) => target)).toEqual(['objects-remove-late'])
  await world.deliver('objects-remove-late', declarationOf('objects-remove-late'), { body: tasks[0]?.body })
  expect(await objects.read('uploads', file!.object_key)).toBeNull()
})

test('files of exports and artifacts go a day after their rows have said so, and uploads never by age', async () => {
  const folder = join(world.product.dataFolder, newId())
  const objects = createLocalObjects({ folder, secret: 'x'.repeat(32), publicUrl: 'http://127.0.0.1', origins: [] })
  expect(lifecycleDays).toEqual({ artifacts: keptDays + 1, exports: keptDays + 1 })
  for (const key of ['old', 'young']) await objects.write('artifacts', key, key, 'text/plain')
  for await (const path of findObjectFiles(join(folder, 'artifacts'), 'old', { onDamaged: () => {} })) {
    await utimes(path, 1000, 1000)
  }
  expect(await objects.removeOlder('artifacts', new Date(2_000_000))).toBe(1)
  expect(await objects.removeOlder('artifacts', new Date(2_000_000))).toBe(0)
  expect(await objects.removeOlder('exports', new Date())).toBe(0)
  expect(await objects.read('artifacts', 'old')).toBeNull()
  const young = await objects.read('artifacts', 'young')
  young?.body.destroy()
  expect(young).not.toBeNull()
})
