import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { cloneDatabase, type TestDatabase } from '../../../tests/setup/database.ts'
import { createDesk, type Report } from '../../../tests/setup/reports.ts'
import { createTenants } from '../../../tests/setup/tenancy.ts'
import type { Claim, Draft } from '../claims/types.ts'
import { newId } from '../ids.ts'
import type { Tlp } from '../tlp.ts'
import { createBrief, deleteBrief, listBriefs, publishBrief, readBrief, updateBrief } from './briefs.ts'
import { addComment, listComments } from './comments.ts'

let testDatabase: TestDatabase
let database: ReturnType<TestDatabase['open']>
let desk: Awaited<ReturnType<typeof createDesk>>
let green: Report
let amber: Report

beforeAll(async () => {
  testDatabase = await cloneDatabase(inject('clusterUrl'))
  database = testDatabase.open()
  const { orgId } = await createTenants(database).organization()
  desk = await createDesk(database, orgId)
  green = await desk.report('The implant calls c2.evil-domain.top over DNS. It then sleeps.')
  amber = await desk.report('Our own network was entered through vpn.victim-host.top in May.', { tlp: 'AMBER' })
})
afterAll(async () => {
  await database.close()
  await testDatabase.drop()
})

/** A claim that cites the words between two offsets. */
function claim({ documentId, text }: Report, start = 0, end = 11, change: Partial<Claim['citations'][0]> = {}): Claim {
  const quote = text.slice(start, end)
  return { text: 'It did.', citations: [{ evidence_id: null, document_id: documentId, start, end, quote, ...change }] }
}

const uncited: Claim = { text: 'Somebody says so.', citations: [] }
const draftOf = (claims: Claim[], tlp: Tlp = 'AMBER', title = 'Brief'): Draft => ({
  title,
  tlp,
  sections: [{ heading: 'What happened', claims }],
})

const create = (draft: Draft, { runId = null as string | null, id = newId() } = {}) =>
  desk.run((sql) =>
    createBrief(sql, { id, orgId: desk.orgId, workspaceId: desk.workspaceId, draft, runId, createdBy: null }),
  )
const publish = (id: string) => desk.run((sql) => publishBrief(sql, id, { publishedBy: null, now: new Date() }))
const refused = (field: string) => ({ code: 'VALIDATION_ERROR', details: [{ field }] })

test('what a brief cites is kept as it was written, and read again', async () => {
  const [evidence] = green.evidence
  const cited = claim(green, evidence!.start, evidence!.end, { evidence_id: evidence!.id })
  const brief = await create(draftOf([cited, uncited]))
  expect(brief).toMatchObject({
    status: 'draft',
    uncited_claims: 1,
    version: 1,
    sections: [{ claims: [cited, uncited] }],
  })
  expect(await desk.run((sql) => readBrief(sql, brief.id))).toEqual(brief)
})

test('a quote that does not stand at its place is refused, whoever writes it', async () => {
  const place = 'body.sections.0.claims.1.citations.0'
  const wrong: Claim[] = [
    claim(green, 0, 11, { quote: 'The implant ' }),
    claim(green, 1, 12, { quote: 'The implant' }),
    claim(green, 0, 11, { document_id: newId() }),
    claim(green, 0, 11, { document_id: amber.documentId }),
    claim(green, 0, 11, { evidence_id: newId() }),
    // Evidence of that document, but of another place.
    claim(green, 0, 3, { evidence_id: green.evidence[0]!.id }),
    claim(green, 0, 4, { evidence_id: amber.evidence[0]!.id }),
  ]
  for (const one of wrong) {
    for (const runId of [null, newId()]) {
      await expect(create(draftOf([claim(green), one]), { runId })).rejects.toMatchObject(refused(place))
    }
  }
})

test('a brief is marked at least as strictly as each document that it cites', async () => {
  await expect(create(draftOf([claim(green), claim(amber)], 'GREEN'))).rejects.toMatchObject(refused('body.tlp'))
  await expect(create(draftOf([claim(green)], 'CLEAR'))).rejects.toMatchObject(refused('body.tlp'))
  expect(await create(draftOf([claim(green), claim(amber)], 'AMBER+STRICT'))).toMatchObject({ tlp: 'AMBER+STRICT' })
  expect(await create(draftOf([claim(green)], 'GREEN'))).toMatchObject({ tlp: 'GREEN' })
})

test('an agent can claim nothing without a citation; a person can, and it is counted', async () => {
  const draft = draftOf([claim(green), uncited])
  await expect(create(draft, { runId: newId() })).rejects.toMatchObject(refused('body.sections.0.claims.1'))
  expect(await create(draft)).toMatchObject({ uncited_claims: 1 })
})

test('another organization cites nothing of ours', async () => {
  const { orgId } = await createTenants(database).organization()
  const other = await createDesk(database, orgId)
  const draft = draftOf([claim(green)])
  const place = { id: newId(), orgId, workspaceId: other.workspaceId, runId: null, createdBy: null }
  await expect(other.run((sql) => createBrief(sql, { ...place, draft }))).rejects.toMatchObject({
    code: 'VALIDATION_ERROR',
  })
})

test('a brief that is created twice by one id is one brief', async () => {
  const id = newId()
  const first = await create(draftOf([claim(green)]), { id })
  expect(await create(draftOf([claim(green)], 'RED', 'Again'), { id })).toEqual(first)
})

test('a draft is replaced as a whole, and its version grows', async () => {
  const { id } = await create(draftOf([claim(green)]))
  const changed = await desk.run((sql) => updateBrief(sql, id, draftOf([uncited], 'RED', 'Anew')))
  expect(changed).toMatchObject({ title: 'Anew', tlp: 'RED', version: 2, uncited_claims: 1 })
  await expect(desk.run((sql) => updateBrief(sql, id, draftOf([claim(amber)], 'CLEAR')))).rejects.toMatchObject(
    refused('body.tlp'),
  )
})

test('what is published stays as it is, also when it is published again', async () => {
  const { id } = await create(draftOf([claim(green)]))
  const published = await publish(id)
  expect(published).toMatchObject({ status: 'published', version: 2, published_at: expect.any(String) })
  expect(await publish(id)).toEqual(published)
  await expect(desk.run((sql) => updateBrief(sql, id, draftOf([uncited])))).rejects.toMatchObject({ code: 'CONFLICT' })
})

test('a brief whose source was marked more strictly since then is not published', async () => {
  const source = await desk.report('A source that is marked again at stricter-host.top later.')
  const { id } = await create(draftOf([claim(source)], 'GREEN'))
  await desk.run((sql) => sql`update documents set tlp = 'RED' where id = ${source.documentId}`)
  await expect(publish(id)).rejects.toMatchObject(refused('body.tlp'))
  await desk.run((sql) => sql`update documents set status = 'rejected' where id = ${source.documentId}`)
  await expect(publish(id)).rejects.toMatchObject(refused('body.sections.0.claims.0.citations.0'))
  expect(await desk.run((sql) => readBrief(sql, id))).toMatchObject({ status: 'draft' })
})

test('briefs are found by the words of their title, headings and claims', async () => {
  const { id } = await create({
    title: 'Ransomware against hospitals',
    tlp: 'AMBER',
    sections: [
      { heading: 'Persistence', claims: [{ text: 'Scheduled tasks restart the loader.', citations: [] }] },
      { heading: 'Empty', claims: [] },
    ],
  })
  const find = async (q: string) => {
    const filter = { workspaceId: desk.workspaceId, q, status: null }
    return (await desk.run((sql) => listBriefs(sql, filter, { size: 100, before: null }))).map((brief) => brief.id)
  }
  for (const words of ['hospital', 'persistent', 'restarting loaders', '"scheduled tasks"', 'ransomware -phishing']) {
    expect(await find(words), words).toContain(id)
  }
  for (const words of ['ransomware -hospitals', '"tasks scheduled"', 'bank'])
    expect(await find(words)).not.toContain(id)
  // What means something to the search, alone or unclosed, is no error.
  for (const words of ['"', '-', '&|!()', "' or 1=1 --", ':*']) expect(await find(words)).toEqual(expect.any(Array))
})

test('as many words as a brief may hold can be found', async () => {
  const words = Array.from({ length: 28_000 }, (_, at) => `w${at.toString(36).padStart(4, '0')}x`)
  const claims = Array.from({ length: 100 }, (_, at) => ({
    text: words.slice(at * 280, (at + 1) * 280).join(' '),
    citations: [],
  }))
  const half = [claims.slice(0, 50), claims.slice(50)].map((part) => ({ heading: 'h', claims: part }))
  const brief = await create({ title: 'All words', tlp: 'RED', sections: half })
  const filter = { workspaceId: desk.workspaceId, q: words.at(-1)!, status: null }
  const found = await desk.run((sql) => listBriefs(sql, filter, { size: 10, before: null }))
  expect(found.map(({ id }) => id)).toEqual([brief.id])
  const more = [...half, { heading: 'h', claims: claims.slice(0, 5) }]
  await expect(create({ title: 'More', tlp: 'RED', sections: more })).rejects.toMatchObject(refused('body.sections'))
})

test('a brief goes with its comments', async () => {
  const { id } = await create(draftOf([uncited]))
  const comment = { id: newId(), briefId: id, body: 'Well said', createdBy: null }
  const added = await desk.run((sql) => addComment(sql, comment))
  expect(await desk.run((sql) => addComment(sql, comment))).toEqual(added)
  expect(await desk.run((sql) => listComments(sql, id, { size: 10, before: null }))).toEqual([added])
  await desk.run((sql) => deleteBrief(sql, id))
  const [left] = await desk.run(
    (sql) => sql`select count(*)::integer as count from brief_comments where brief_id = ${id}`,
  )
  expect(left).toEqual({ count: 0 })
  await expect(desk.run((sql) => addComment(sql, { ...comment, id: newId() }))).rejects.toMatchObject({
    code: 'NOT_FOUND',
  })
})
