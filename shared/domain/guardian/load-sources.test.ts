import postgres from 'postgres'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { type Database, nobody } from '#shared/platform/database/index.ts'
import { cloneDatabase, type TestDatabase } from '../../../tests/setup/database.ts'
import { createTenants } from '../../../tests/setup/tenancy.ts'
import type { Draft } from '../claims/types.ts'
import { createDocument, recordReady, recordText } from '../documents/documents.ts'
import { replacePassages, toPassages } from '../documents/passages.ts'
import { newId } from '../ids.ts'
import type { Tlp } from '../tlp.ts'
import { loadSources, loadSourcesOf } from './load-sources.ts'
import { review } from './review.ts'

let clone: TestDatabase
let database: Database
let owner: postgres.Sql
let tenants: ReturnType<typeof createTenants>

beforeAll(async () => {
  clone = await cloneDatabase(inject('clusterUrl'))
  database = clone.open()
  owner = postgres(clone.ownerUrl, { max: 1, onnotice: () => {} })
  tenants = createTenants(database)
})

afterAll(async () => {
  await database?.close()
  await owner?.end()
  await clone?.drop()
})

const text = `APT29 used Mimikatz on two servers.\n\n${'A long line of the report that says little. '.repeat(300)}\n\nTurla used PlugX in Norway.\n`

/** A document of an organization with its text and one piece of evidence ("APT29"). */
async function addDocument(orgId: string, ownerId: string, tlp: Tlp = 'GREEN', isReady = true) {
  const [workspace] = await owner<{ id: string }[]>`select id from workspaces where org_id = ${orgId}`
  const workspaceId = workspace!.id
  const id = newId()
  const evidence = newId()
  await tenants.as(orgId, ownerId, async (sql) => {
    await createDocument(sql, {
      id,
      objectKey: `uploads/${id}`,
      orgId,
      workspaceId,
      createdBy: ownerId,
      fileName: 'report.txt',
      contentType: 'text/plain',
      sizeBytes: text.length,
      projectId: null,
      tlp,
      at: new Date(),
      defaultPlanId: 'enterprise',
    })
    await recordText(sql, id, { title: 'The report', pageCount: 0, characterCount: text.length, tlp })
    await replacePassages(sql, { id, org_id: orgId, workspace_id: workspaceId }, toPassages({ text, pages: [] }))
    if (isReady) await recordReady(sql, id, {})
  })
  const entity = newId()
  await owner`insert into entities (id, org_id, kind, external_id, name, tlp, first_seen, last_seen)
    values (${entity}, ${orgId}, 'actor', ${`G${entity}`}, 'APT29', ${tlp}, now(), now())`
  await owner`insert into evidence (id, org_id, workspace_id, document_id, entity_id, start_offset, end_offset, quote, sentence,
    how, confidence) values (${evidence}, ${orgId}, ${workspaceId}, ${id}, ${entity}, 0, 5, 'APT29', 'APT29', 'name', 80)`
  return { id, evidence }
}

function draftOf(document: { id: string; evidence: string }): Draft {
  const cite = (words: string, evidence_id: string | null) => {
    const start = text.indexOf(words)
    return { evidence_id, document_id: document.id, start, end: start + words.length, quote: words }
  }
  const [first, last] = ['APT29 used Mimikatz on two servers.', 'Turla used PlugX in Norway.']
  return {
    title: 'Brief',
    tlp: 'GREEN',
    sections: [
      {
        heading: 'Findings',
        claims: [
          { text: first, citations: [cite(first, document.evidence)] },
          { text: last, citations: [cite(last, null)] },
        ],
      },
    ],
  }
}

const options = { audience: 'GREEN', mode: 'remove', allowedLinkHosts: [] } as const

test('a draft about own documents passes, over all passages of their texts', async () => {
  const { orgId, ownerId } = await tenants.organization()
  const draft = draftOf(await addDocument(orgId, ownerId))
  const sources = await tenants.as(orgId, ownerId, (sql) => loadSourcesOf(sql, draft))
  expect(review(draft, { ...options, sources })).toEqual({ draft, findings: [], verdict: 'passed' })
  expect(sources(draft.sections[0]!.claims[0]!.citations[0]!.document_id)).toMatchObject({ title: 'The report', text })
})

test("another tenant's document is not known, nor its evidence, though its id and text are", async () => {
  const theirs = await tenants.organization()
  const mine = await tenants.organization()
  const foreign = await addDocument(theirs.orgId, theirs.ownerId)
  const own = await addDocument(mine.orgId, mine.ownerId)
  const stolen = draftOf(foreign)
  const sources = await tenants.as(mine.orgId, mine.ownerId, (sql) => loadSourcesOf(sql, stolen))
  expect(sources(foreign.id)).toBeNull()
  expect(review(stolen, { ...options, sources }).findings.map(({ code }) => code)).toEqual([
    'source_unknown',
    'source_unknown',
    'nothing_left',
  ])
  const mixed = draftOf({ id: own.id, evidence: foreign.evidence })
  const both = await tenants.as(mine.orgId, mine.ownerId, (sql) => loadSourcesOf(sql, mixed))
  expect(review(mixed, { ...options, sources: both }).findings.map(({ code }) => code)).toEqual(['evidence_mismatch'])
})

test('a document of a workspace that the caller may not enter is not known', async () => {
  const { orgId, ownerId } = await tenants.organization()
  const { id } = await addDocument(orgId, ownerId)
  const workspace = newId()
  await owner`insert into workspaces (id, org_id, name) values (${workspace}, ${orgId}, 'Secret')`
  await owner`update documents set workspace_id = ${workspace} where id = ${id}`
  const sources = await database.transaction({ ...nobody, orgId, userId: ownerId, workspaceId: newId() }, (sql) =>
    loadSources(sql, [id]),
  )
  expect(sources(id)).toBeNull()
})

test('a document that is not ready is not known, and asking for nothing asks for nothing', async () => {
  const { orgId, ownerId } = await tenants.organization()
  const { id } = await addDocument(orgId, ownerId, 'GREEN', false)
  const sources = await tenants.as(orgId, ownerId, (sql) => loadSources(sql, [id, newId()]))
  expect(sources(id)).toBeNull()
  expect((await tenants.as(orgId, ownerId, (sql) => loadSources(sql, [])))(id)).toBeNull()
})

test('its level is the one that is stored', async () => {
  const { orgId, ownerId } = await tenants.organization()
  const document = await addDocument(orgId, ownerId, 'RED')
  const draft = draftOf(document)
  const sources = await tenants.as(orgId, ownerId, (sql) => loadSourcesOf(sql, draft))
  expect(review(draft, { ...options, sources }).findings[0]?.code).toBe('tlp_above_audience')
})
