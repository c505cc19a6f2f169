import { afterAll, beforeAll, describe, expect, inject, it, test } from 'vitest'
import { cloneDatabase, type TestDatabase } from '../../../tests/setup/database.ts'
import { createDesk, type Report } from '../../../tests/setup/reports.ts'
import { createTenants } from '../../../tests/setup/tenancy.ts'
import { newId } from '../ids.ts'
import { relationshipTypes, relationshipTypesBetween, type SubjectNature } from './relationship-types.ts'
import { decideRelationship, listRelationships, type NewRelationship, proposeRelationship } from './relationships.ts'

describe('the relationships that STIX 2.1 has', () => {
  const indicator = (type: 'domain' | 'ipv4' | 'sha256' | 'mutex'): SubjectNature => ({ kind: 'indicator', type })
  const actor: SubjectNature = { kind: 'actor', external_id: 'G0016' }
  const malware: SubjectNature = { kind: 'software', external_id: 'S0154' }
  const tool: SubjectNature = { kind: 'software', external_id: 'S0002' }
  const technique: SubjectNature = { kind: 'technique', external_id: 'T1190' }
  const vulnerability: SubjectNature = { kind: 'vulnerability', external_id: 'CVE-2021-44228' }

  it.each<[string, SubjectNature, string, SubjectNature]>([
    ['an indicator', indicator('domain'), 'indicates', malware],
    ['an indicator', indicator('mutex'), 'indicates', actor],
    ['a domain', indicator('domain'), 'resolves-to', indicator('ipv4')],
    ['an actor', actor, 'uses', technique],
    ['an actor', actor, 'uses', tool],
    ['an actor', actor, 'targets', vulnerability],
    ['malware', malware, 'communicates-with', indicator('ipv4')],
    ['malware', malware, 'drops', indicator('sha256')],
    ['malware', malware, 'exploits', vulnerability],
    ['malware', malware, 'authored-by', actor],
    ['a tool', tool, 'drops', malware],
    ['a technique', technique, 'targets', vulnerability],
    ['anything', vulnerability, 'related-to', indicator('mutex')],
    ['anything', actor, 'duplicate-of', actor],
  ])('%s %o %s %o', (_, source, type, target) => {
    expect(relationshipTypesBetween(source, target)).toContain(type)
    expect(relationshipTypes).toContain(type)
  })

  it.each<[SubjectNature, string, SubjectNature]>([
    [malware, 'indicates', indicator('domain')],
    [indicator('ipv4'), 'resolves-to', indicator('domain')],
    [malware, 'communicates-with', indicator('mutex')],
    [tool, 'exploits', vulnerability],
    [vulnerability, 'uses', actor],
    [actor, 'derived-from', malware],
  ])('no %o %s %o', (source, type, target) => {
    expect(relationshipTypesBetween(source, target)).not.toContain(type)
  })
})

let testDatabase: TestDatabase
let database: ReturnType<TestDatabase['open']>
let desk: Awaited<ReturnType<typeof createDesk>>
let report: Report
/** Ids of subjects, and a piece of evidence for each, by what they are called in the text. */
let subjects: Record<string, { id: string; evidenceId: string }>

beforeAll(async () => {
  testDatabase = await cloneDatabase(inject('clusterUrl'))
  database = testDatabase.open()
  desk = await createDesk(database, (await createTenants(database).organization()).orgId)
  report = await desk.report('The actor APT29 used Cobalt Strike, which calls c2.evil-domain.top for its work (T1190).')
  subjects = Object.fromEntries(
    report.evidence.map((one) => [one.quote, { id: one.indicator_id ?? one.entity_id ?? '', evidenceId: one.id }]),
  )
})
afterAll(async () => {
  await database.close()
  await testDatabase.drop()
})

function draft(source: string, relationshipType: string, target: string, change: Partial<NewRelationship> = {}) {
  return {
    id: newId(),
    orgId: desk.orgId,
    workspaceId: desk.workspaceId,
    sourceId: subjects[source]!.id,
    relationshipType,
    targetId: subjects[target]!.id,
    confidence: 40,
    evidenceIds: [subjects[source]!.evidenceId],
    runId: null,
    createdBy: null,
    ...change,
  }
}
const propose = (one: NewRelationship) => desk.run((sql) => proposeRelationship(sql, one))

test('what is proposed again is the same relationship, surer and with more evidence', async () => {
  const first = await propose(draft('APT29', 'uses', 'Cobalt Strike'))
  expect(first).toMatchObject({
    source: { kind: 'actor', name: 'APT29' },
    relationship_type: 'uses',
    target: { kind: 'software', name: 'Cobalt Strike' },
    status: 'proposed',
    confidence: 40,
  })
  const evidenceIds = [subjects['Cobalt Strike']!.evidenceId]
  const again = await propose(draft('APT29', 'uses', 'Cobalt Strike', { confidence: 70, evidenceIds }))
  expect(again).toMatchObject({ id: first.id, confidence: 70 })
  expect(again.evidence_ids).toHaveLength(2)
  expect(await propose(draft('APT29', 'uses', 'Cobalt Strike', { confidence: 10 }))).toMatchObject({ confidence: 70 })
})

test('what was rejected stays rejected when it is proposed again', async () => {
  const { id } = await propose(draft('APT29', 'uses', 'T1190'))
  const now = new Date('2026-01-01T00:00:00Z')
  const decide = (status: 'accepted' | 'rejected') =>
    desk.run((sql) => decideRelationship(sql, id, { status, decidedBy: null, now }))
  expect(await decide('rejected')).toMatchObject({ status: 'rejected', decided_at: now.toISOString() })
  expect(await propose(draft('APT29', 'uses', 'T1190', { confidence: 99 }))).toMatchObject({
    id,
    status: 'rejected',
    confidence: 40,
  })
  expect(await decide('accepted')).toMatchObject({ status: 'accepted' })
})

test('a relationship needs a type that STIX has, evidence of its own, and two that are there', async () => {
  const wrong = (field: string) => ({ code: 'VALIDATION_ERROR', details: [{ field }] })
  await expect(propose(draft('APT29', 'exploits', 'Cobalt Strike'))).rejects.toMatchObject(
    wrong('body.relationship_type'),
  )
  for (const evidenceIds of [[], [newId()], [subjects.T1190!.evidenceId]]) {
    await expect(propose(draft('APT29', 'uses', 'Cobalt Strike', { evidenceIds }))).rejects.toMatchObject(
      wrong('body.evidence_ids'),
    )
  }
  const { id } = subjects.APT29!
  await expect(propose(draft('APT29', 'duplicate-of', 'APT29', { targetId: id }))).rejects.toMatchObject(
    wrong('body.target_id'),
  )
  await expect(propose(draft('APT29', 'uses', 'T1190', { targetId: newId() }))).rejects.toMatchObject({
    code: 'NOT_FOUND',
  })
})

test('another organization relates nothing of ours', async () => {
  const other = await createDesk(database, (await createTenants(database).organization()).orgId)
  const theirs = draft('APT29', 'uses', 'T1190', { orgId: other.orgId, workspaceId: other.workspaceId })
  await expect(other.run((sql) => proposeRelationship(sql, theirs))).rejects.toMatchObject({ code: 'NOT_FOUND' })
})

test('a list shows what a thing is related to, on either side', async () => {
  const { id } = await propose(draft('c2.evil-domain.top', 'indicates', 'Cobalt Strike'))
  const list = async (subject: string, status: 'proposed' | 'accepted' | null = null) => {
    const filter = { workspaceId: desk.workspaceId, status, subjectId: subjects[subject]!.id }
    const found = await desk.run((sql) => listRelationships(sql, filter, { size: 10, before: null }))
    return found.map((one) => one.id)
  }
  expect(await list('c2.evil-domain.top')).toEqual([id])
  expect(await list('Cobalt Strike')).toContain(id)
  expect(await list('c2.evil-domain.top', 'accepted')).toEqual([])
  expect(await list('T1190')).not.toContain(id)
})
