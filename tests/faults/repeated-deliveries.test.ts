import { afterAll, beforeAll, expect, test } from 'vitest'
import { fingerprintOf, makeTenant, objectsOf, rowsOf } from '../setup/full-tenant.ts'
import { call, uploadDocument } from '../setup/product.ts'
import { findViolations, readOutcome } from './invariants.ts'
import { Random } from './random.ts'
import { makeReportFiles } from './reports.ts'
import { openStage, type Stage, signUp, uploadAll } from './stage.ts'

/** Repeat with another by ADAPT_FAULT_SEED=…; which deliveries meet still depends on the machine. */
const seed = Number(process.env.ADAPT_FAULT_SEED ?? 20261121)
const copies = 3
const pipeline = [
  'documents-validate',
  'documents-scan',
  'documents-extract-text',
  'documents-extract-intelligence',
  'documents-index',
  'notifications-document-finished',
]

let calm: Stage
let stormy: Stage

beforeAll(async () => {
  ;[calm, stormy] = await Promise.all([openStage(), openStage()])
})
afterAll(async () => {
  await Promise.all([calm?.close(), stormy?.close()])
})

/** A file or some of every kind, the broken and the twins among them. */
function chooseFiles(random: Random) {
  const wanted: Record<string, number> = { short: 5, page: 2, twin: 2 }
  const taken = new Map<string, number>()
  return makeReportFiles(random).filter(({ name }) => {
    const kind = name.replace(/-.*/, '')
    taken.set(kind, (taken.get(kind) ?? 0) + 1)
    return taken.get(kind)! <= (wanted[kind] ?? 1)
  })
}

test(`documents whose every message comes one to three times, at once and out of order, end as if each came once (seed ${seed})`, async () => {
  const random = new Random(seed)
  const files = chooseFiles(random)
  await uploadAll(calm, await signUp(calm), files)
  await calm.carrier.drain(calm.instance.url, { random: new Random(seed), copies: 1 })
  await uploadAll(stormy, await signUp(stormy), random.shuffle(files))
  await stormy.carrier.drain(stormy.instance.url, { random, copies })

  const undisturbed = await readOutcome(calm.owner)
  expect(undisturbed.indicators.length).toBeGreaterThan(50)
  expect(await readOutcome(stormy.owner)).toEqual(undisturbed)
  expect(await findViolations(stormy.owner)).toEqual({})
  // Every function was told more than once, and never did it twice.
  for (const name of pipeline) {
    expect(stormy.carrier.answers.get(`${name} duplicate`), name).toBeGreaterThan(0)
    expect(stormy.carrier.answers.get(`${name} done`), name).toBe(calm.carrier.answers.get(`${name} done`))
  }
  expect(calm.carrier.count('duplicate')).toBe(0)
}, 180_000)

test(`an organization whose deletion comes one to three times, at once and out of order, is gone, and no other is touched (seed ${seed})`, async () => {
  const { product, owner, carrier, instance } = stormy
  const random = new Random(seed + 1)
  const [victim, other] = await Promise.all([makeTenant(product, 'Victim', 3), makeTenant(product, 'Other')])
  // Its people's work that is under way: what of it comes after the deletion is dropped.
  for (let document = 0; document < 3; document++) {
    const content = `The implant calls hxxp://c2.${random.hex(8)}[.]top/gate.\n`
    const id = await uploadDocument(product.url, victim.token, { fileName: `late-${document}.txt`, content })
    await call(instance.url, 'POST', `/v1/documents/${id}/complete`, { token: victim.token })
  }
  await call(instance.url, 'POST', '/v1/exports', { token: victim.token, body: { format: 'csv', filter: {} } })
  const before = await fingerprintOf(owner, other.orgId)
  const objectsBefore = await objectsOf(product.dataFolder, other.orgId)
  carrier.answers.clear()

  const path = `/v1/organizations/${victim.orgId}?confirm=${victim.name}`
  const asked = await Promise.all([1, 2, 3].map(() => call(instance.url, 'DELETE', path, { token: victim.token })))
  expect(asked.map(({ status }) => status)).toEqual([202, 202, 202])
  expect(new Set(asked.map(({ body }) => body.id)).size).toBe(1)
  await carrier.drain(instance.url, { random, copies })

  expect(await rowsOf(owner, victim.orgId)).toEqual({})
  expect(await objectsOf(product.dataFolder, victim.orgId)).toEqual([])
  expect(await owner`select consumer, error from dead_letters`).toEqual([])
  expect(await fingerprintOf(owner, other.orgId)).toEqual(before)
  expect(await objectsOf(product.dataFolder, other.orgId)).toEqual(objectsBefore)
  expect(carrier.count('duplicate')).toBeGreaterThan(0)
  expect(carrier.count('dropped')).toBeGreaterThan(0)
  for (const name of ['organizations-erase', 'organizations-forget', 'objects-remove-late']) {
    expect(carrier.answers.get(`${name} done`), name).toBeGreaterThan(0)
  }
}, 180_000)
