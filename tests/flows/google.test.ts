import type postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest'
import { findEmulator } from '#shared/platform/emulators/find.ts'
import { defaultRetry, spareAttempts } from '#shared/runtime/policies.ts'
import { findViolations, openUrlAsOwner, readOutcome } from '../faults/invariants.ts'
import { Random } from '../faults/random.ts'
import { makeReportFiles } from '../faults/reports.ts'
import { emulatorsFound, type Kind } from '../setup/google-cloud.ts'
import { type GoogleProduct, startGoogleProduct } from '../setup/google-product.ts'
import { call, startTestProduct, type TestProduct, uploadDocument } from '../setup/product.ts'
import { countRows, runReports, type SeenByClients } from '../setup/report-run.ts'

/** One or more of each kind, and both twins. */
const chosen = /^(short-[0-5]|long-0|page-[01]|letter-0|paper-0|broken|twin-[ab])\b/
const files = makeReportFiles(new Random(4)).filter(({ name }) => chosen.test(name))
const patience = { timeout: 240_000, interval: 100 }
const hookMilliseconds = 600_000

const missing = Object.entries(emulatorsFound).flatMap(([name, found]) => (found ? [] : [name]))
const kinds: Kind[] = missing.length === 0 ? ['fakes', 'emulators'] : ['fakes']
if (missing.length > 0) {
  console.warn(
    `\n!!! Google's emulators were NOT FOUND: ${missing.join(', ')}. The pipeline runs on our fakes alone.` +
      '\n!!! Install them (gcloud components install pubsub-emulator cloud-firestore-emulator) or set CLOUD_SDK.\n',
  )
}

interface Ending {
  seen: SeenByClients
  outcome: unknown
  rows: Record<string, number>
}

let embedded: TestProduct
let expected: Ending

beforeAll(async () => {
  embedded = await startTestProduct(inject('clusterUrl'))
  expected = await runToEnd(embedded)
}, hookMilliseconds)
afterAll(() => embedded?.stop())

/** Processes the files, waits until nothing is left to send, and looks for what must not be. */
async function runToEnd(product: TestProduct | GoogleProduct): Promise<Ending> {
  const owner = openUrlAsOwner(product.database.ownerUrl)
  try {
    const seen = await runReports(product, files)
    await settled(owner)
    expect(await findViolations(owner)).toEqual({})
    return { seen, outcome: await readOutcome(owner), rows: await countRows(owner) }
  } finally {
    await owner.end()
  }
}

async function settled(owner: postgres.Sql): Promise<void> {
  const left = () => owner`
    select id::text from outbox union all select id::text from documents d where status in ('ready', 'rejected')
      and not exists (select from notifications n where n.subject_id = d.id)`
  await vi.waitFor(async () => expect(await left()).toHaveLength(0), patience)
}

test('the embedded run has something to compare with', () => {
  expect(files).toHaveLength(15)
  expect(Object.values(expected.seen.documents).sort()).toEqual([
    'duplicate',
    ...Array(12).fill('ready'),
    'rejected',
    'rejected',
  ])
  expect(expected.seen.blocklist.length).toBeGreaterThan(20)
  expect(expected.seen.csv.length).toBeGreaterThan(20)
  expect(expected.seen.notifications).toHaveLength(14)
})

if (missing.length > 0) {
  test(`emulators NOT FOUND (${missing.join(', ')}): the run on them did not take place`, async () => {
    const found = await Promise.all([findEmulator('pubsub'), findEmulator('firestore')])
    expect(found).toContain(undefined)
  })
}

describe.each(kinds)('with the Google drivers selected, on %s', (kind) => {
  let product: GoogleProduct
  let owner: postgres.Sql
  let ending: Ending

  beforeAll(async () => {
    product = await startGoogleProduct(inject('clusterUrl'), kind)
    owner = openUrlAsOwner(product.database.ownerUrl)
    ending = await runToEnd(product)
  }, hookMilliseconds)
  afterAll(async () => {
    await owner?.end()
    await product?.stop()
  }, hookMilliseconds)

  test('clients see what they see of the embedded product', () => {
    expect(ending.seen).toEqual(expected.seen)
  })

  test('the rows are those of the embedded run: documents, evidence, indicators, and as many in every table', () => {
    expect(ending.outcome).toEqual(expected.outcome)
    expect(ending.rows).toEqual(expected.rows)
  })

  test('the work was done by way of Google’s services', async () => {
    const { cloud, pushes } = product
    const steps = ['validate', 'scan', 'extract-text', 'extract-intelligence', 'index'].map(
      (step) => `documents-${step}`,
    )
    const enqueued = new Set(cloud.tasks.requests.map(({ task }) => task?.httpRequest?.url.split('/').at(-1)))
    for (const step of steps) expect([step, enqueued.has(step), pushes.has(step)]).toEqual([step, true, true])
    expect(pushes.get('notifications-document-finished')).toBeGreaterThanOrEqual(14)
    expect(cloud.storage.buckets.keys('raptorflow-test-uploads', '')).toHaveLength(files.length)
    expect(cloud.storage.buckets.keys('raptorflow-test-exports', '')).toHaveLength(2)
    expect(new Set(cloud.secrets.requests.map((version) => version.split('/')[3]))).toEqual(
      new Set(['signing-secret', 'supabase-anon-key']),
    )
    if (kind === 'emulators') expect((await cloud.stateDocuments()).length).toBeGreaterThan(0)
  })

  test('a push without a token of the sender’s account does nothing', async () => {
    const { status } = await call(product.url, 'POST', '/functions/documents-validate', { body: {} })
    expect(status).toBe(401)
  })

  test(
    'a message whose function dies each time ends as one dead letter, by Pub/Sub’s own topic, and holds up no other',
    async () => {
      const target = 'notifications-document-finished'
      const before = product.pushes.get(target) ?? 0
      product.dying.add(target)
      const token = await product.signUp()
      await call(product.url, 'POST', '/v1/organizations', { token, body: { name: 'Unlucky' } })
      const upload = async (fileName: string) => {
        const id = await uploadDocument(product.url, token, { fileName, content: `203.0.113.7 seen in ${fileName}\n` })
        await call(product.url, 'POST', `/v1/documents/${id}/complete`, { token })
        return id
      }
      const poisoned = await upload('poisoned.txt')
      const letters = () => owner`select consumer, kind, attempts, body from dead_letters`
      await expect.poll(letters, patience).toHaveLength(1)
      const [letter] = await letters()
      expect(letter).toMatchObject({ consumer: target, kind: 'event', attempts: defaultRetry.attempts + spareAttempts })
      expect(JSON.stringify(letter!.body)).toContain(poisoned)
      expect((product.pushes.get(target) ?? 0) - before).toBe(defaultRetry.attempts + spareAttempts)

      product.dying.delete(target)
      const healthy = await upload('healthy.txt')
      const notesOf = (id: string) => owner`select kind from notifications where subject_id = ${id}`
      await expect.poll(() => notesOf(healthy), patience).toHaveLength(1)
      expect(await notesOf(poisoned)).toHaveLength(0)
      expect(await letters()).toHaveLength(1)
    },
    hookMilliseconds,
  )

  test('nothing went wrong that a log would show', () => {
    const bad = product.log.lines.filter(({ level }) => level === 'error')
    expect(bad).toEqual([])
  })
})
