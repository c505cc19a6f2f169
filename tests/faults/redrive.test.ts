import { afterAll, beforeAll, expect, test } from 'vitest'
import { newId } from '#shared/domain/ids.ts'
import { system } from '#shared/platform/database/index.ts'
import { sweepOutbox } from '#shared/runtime/outbox.ts'
import { call, uploadDocument } from '../setup/product.ts'
import { findViolations, readOutcome } from './invariants.ts'
import { Random } from './random.ts'
import { makeReportFiles, type ReportFile } from './reports.ts'
import { openStage, type Stage, signUp, untilAtRest } from './stage.ts'

/** Repeat with another by ADAPT_FAULT_SEED=…; which deliveries meet still depends on the machine. */
const seed = Number(process.env.ADAPT_FAULT_SEED ?? 20261121)
const [teller, reader] = ['notifications-document-finished', 'documents-extract-text']

let calm: Stage
let poisoned: Stage

// Both with the embedded cloud as their sender.
beforeAll(async () => {
  ;[calm, poisoned] = await Promise.all([openStage(), openStage()])
})
afterAll(async () => {
  await Promise.all([calm?.close(), poisoned?.close()])
})

interface Letter {
  id: string
  consumer: string
  status: string
  redrives: number
  /** What it is about: a document, or the message's own id. */
  about: string
}

const lettersOf = ({ owner }: Stage) =>
  owner<Letter[]>`
    select id, consumer, status, redrives, coalesce(body #>> '{payload,document_id}', message_id) as about
    from dead_letters order by id`

async function upload({ product }: Stage, token: string, files: readonly ReportFile[]): Promise<string[]> {
  const ids: string[] = []
  for (const { name, contentType, bytes } of files) {
    ids.push(await uploadDocument(product.url, token, { fileName: name, contentType, content: bytes }))
  }
  return ids
}

async function processAll(stage: Stage, token: string, ids: readonly string[]): Promise<void> {
  const answers = await Promise.all(
    ids.map((id) => call(stage.product.url, 'POST', `/v1/documents/${id}/complete`, { token })),
  )
  expect(answers.map(({ status }) => status)).toEqual(ids.map(() => 202))
  await untilAtRest(stage)
}

/** The cause of the failures: a rule of the database that some rows break. */
async function poison({ owner }: Stage, table: string, column: string, ids: readonly string[]): Promise<void> {
  const list = ids.map((id) => `'${id}'`).join()
  await owner.unsafe(`alter table ${table} add constraint poison check (${column} not in (${list})) not valid`)
}

/** What redriven messages wait for, by two sweepers at once. */
async function sweep(stage: Stage): Promise<void> {
  const { services } = stage.product
  const once = () => services.database.transaction(system, (sql) => sweepOutbox(sql, services, 0))
  await Promise.all([once(), once()])
  await untilAtRest(stage)
}

const toldOf = async ({ owner }: Stage, id: string) =>
  (await owner`select kind from notifications where subject_id = ${id} order by id`).map(({ kind }) => kind)

test(`dead letters are exactly the poison, and each has one effect when it is redriven, whoever redrives it at once (seed ${seed})`, async () => {
  const random = new Random(seed)
  const files = makeReportFiles(random).filter(({ name }) => /^(short|page|letter)-[0-6]\./.test(name))
  const calmToken = await signUp(calm)
  await processAll(calm, calmToken, await upload(calm, calmToken, files))
  const undisturbed = await readOutcome(calm.owner)

  const token = await signUp(poisoned)
  const { owner, product } = poisoned
  const ids = await upload(poisoned, token, files)
  const shuffled = random.shuffle(ids)
  const untold = shuffled.slice(0, random.integer(2, 4))
  const unread = shuffled.slice(4, 4 + random.integer(2, 4))
  const good = ids.filter((id) => !untold.includes(id) && !unread.includes(id))
  await poison(poisoned, 'notifications', 'subject_id', untold)
  await poison(poisoned, 'document_passages', 'document_id', unread)
  const garbage = { id: newId(), queue: 'default', target: 'documents-index', body: 'no envelope' }
  await product.services.queue?.enqueue([garbage])
  await processAll(poisoned, token, ids)

  const expected = [
    ...untold.map((id) => `${teller} ${id}`),
    ...unread.map((id) => `${reader} ${id}`),
    `${garbage.target} ${garbage.id}`,
  ].sort()
  const named = async () => (await lettersOf(poisoned)).map(({ consumer, about }) => `${consumer} ${about}`).sort()
  expect(await named()).toEqual(expected)
  for (const id of good) expect(await toldOf(poisoned, id)).toEqual(['document.ready'])
  for (const id of untold) expect(await toldOf(poisoned, id)).toEqual([])

  const redrive = ({ id }: Letter) => call(product.url, 'POST', `/v1/dead-letters/${id}/redrive`, { token })
  const redriveAll = (consumer: string) =>
    call(product.url, 'POST', '/v1/dead-letters/redrive', { token, body: { consumer } })

  // The cause is still there: no effect, and the same letters.
  expect((await redriveAll(teller)).body).toMatchObject({ redriven: untold.length })
  await sweep(poisoned)
  expect(await named()).toEqual(expected)
  for (const id of untold) expect(await toldOf(poisoned, id)).toEqual([])

  await owner`alter table notifications drop constraint poison`
  await owner`alter table document_passages drop constraint poison`
  const letters = (await lettersOf(poisoned)).filter(({ about }) => about !== garbage.id)
  expect(letters.map(({ status }) => status)).toEqual(letters.map(() => 'open'))
  const [single, many] = await Promise.all([
    Promise.all(random.shuffle([...letters, ...letters]).map(redrive)),
    Promise.all([teller, reader, teller, reader].map(redriveAll)),
  ])
  expect(new Set(single.map(({ status }) => status)).difference(new Set([202, 409]))).toEqual(new Set())
  const sent = single.filter(({ status }) => status === 202).length
  const sentTogether = many.map(({ body }): number => body.redriven)
  expect(sent + sentTogether.reduce((sum, count) => sum + count)).toBe(letters.length)
  await sweep(poisoned)

  for (const id of [...good, ...untold]) expect(await toldOf(poisoned, id)).toEqual(['document.ready'])
  for (const id of unread) expect(await toldOf(poisoned, id)).toEqual(['document.failed', 'document.ready'])
  const outcome = await readOutcome(owner)
  expect(outcome.intelligence).toEqual(undisturbed.intelligence)
  expect(outcome.indicators).toEqual(undisturbed.indicators)
  expect(outcome.entities).toEqual(undisturbed.entities)
  // What is more than in an undisturbed run: the letters, and the first tries of the documents that could not be read.
  const {
    'a dead letter': _,
    'a document with another number of jobs than one': tried,
    'a job without its document': first,
    'another number of notifications than one for a document that ended well or badly': told,
    'a step of a ready document that was not done exactly once': repeated,
    ...violations
  } = await findViolations(owner)
  expect(violations).toEqual({})
  expect([tried, first, told].map((rows) => rows?.length)).toEqual(Array(3).fill(unread.length))
  expect(repeated?.length).toBeGreaterThan(0)

  // What is done is not done again.
  const again = await Promise.all(letters.map(redrive))
  expect(again.map(({ status }) => status)).toEqual(letters.map(() => 409))
  const after = await lettersOf(poisoned)
  expect(after.filter(({ status }) => status === 'open').map(({ about }) => about)).toEqual([garbage.id])
  expect(await named()).toEqual(expected)
}, 240_000)
