import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest'
import type { Database } from '#shared/platform/database/index.ts'
import { cloneDatabase, type TestDatabase } from '../../../../tests/setup/database.ts'
import { openPlaybooks, outputOf, type PlaybookBench } from '../../../../tests/setup/playbook-bench.ts'
import type { Report } from '../../../../tests/setup/reports.ts'
import { newId } from '../../ids.ts'
import { decideRelationship, proposeRelationship } from '../../intelligence/relationships.ts'

interface Conflict {
  kind: string
  subject: string
  sides: { says: string; documents: number; evidence: { document_id: string; title: string; sentence: string }[] }[]
  resolution: string
  needs_people: boolean
}

vi.setConfig({ testTimeout: 120_000, hookTimeout: 300_000 })

let clone: TestDatabase
let database: Database

beforeAll(async () => {
  clone = await cloneDatabase(inject('clusterUrl'))
  database = clone.open()
})
afterAll(async () => {
  await database.close()
  await clone.drop()
})

async function review(bench: PlaybookBench): Promise<{ conflicts: Conflict[]; needs_people: number }> {
  const run = await bench.runs('conflict-review')
  expect(run.run).toMatchObject({ status: 'completed', error: null })
  return outputOf(run, bench)
}

const named = (value: string) => `The implant calls ${value.replace('.', '[.]')} over DNS every hour.`
/** Left live where everything else is defanged: a name that is told of, not warned of. */
const harmless = (value: string) =>
  `The implant calls one-evil[.]top, two-evil[.]top, three-evil[.]top and four-evil[.]top over DNS, whenever it runs.
Analysts read about the victims at ${value} when it happened.
`

test('an indicator that others call harmless is shown with both sides, and needs people when they are even', async () => {
  const bench = await openPlaybooks(database)
  const bad = await bench.report(named('quiet-harbor.net'), { title: 'Warning' })
  const good = await bench.report(harmless('quiet-harbor.net'), { title: 'Correction' })
  const { conflicts, needs_people } = await review(bench)
  expect(conflicts).toMatchObject([{ kind: 'harmless-or-not', subject: 'quiet-harbor.net', needs_people: true }])
  const [first, second] = conflicts[0]!.sides
  expect(first).toMatchObject({ says: 'an indicator', documents: 1, evidence: [{ document_id: bad.documentId }] })
  expect(second).toMatchObject({ documents: 1, evidence: [{ document_id: good.documentId, title: 'Correction' }] })
  expect(second!.says).toMatch(/^harmless: ./)
  expect(second!.evidence[0]!.sentence).toContain('quiet-harbor.net')
  expect(needs_people).toBe(1)

  await bench.report(`Again: ${named('quiet-harbor.net')}`)
  await bench.report(`Once more: ${named('quiet-harbor.net')}`)
  const later = await review(bench)
  expect(later.conflicts).toMatchObject([{ resolution: 'Most sources say: an indicator.', needs_people: false }])
})

test('a value under several markings is shared as the freest, and needs people when they are far apart', async () => {
  const bench = await openPlaybooks(database)
  await bench.report(named('near-one.net'), { tlp: 'GREEN' })
  await bench.report(`Also: ${named('near-one.net')}`, { tlp: 'AMBER' })
  const open = await bench.report(named('far-one.net'), { tlp: 'CLEAR' })
  const closed = await bench.report(`Also: ${named('far-one.net')}`, { tlp: 'RED' })
  const { conflicts, needs_people } = await review(bench)
  expect(conflicts.map(({ kind, subject, needs_people: people }) => [kind, subject, people])).toEqual([
    ['marking', 'far-one.net', true],
    ['marking', 'near-one.net', false],
  ])
  expect(conflicts[0]!.sides).toMatchObject([
    { says: 'TLP:CLEAR', documents: 1, evidence: [{ document_id: open.documentId }] },
    { says: 'TLP:RED', documents: 1, evidence: [{ document_id: closed.documentId }] },
  ])
  expect(conflicts[0]!.resolution).toContain('shared as TLP:CLEAR')
  expect(needs_people).toBe(1)
})

test('malware that is given to several actors is shown with the sentences of each, unless people rejected one', async () => {
  const bench = await openPlaybooks(database)
  const [first, second] = [
    await bench.report('APT29 used Mimikatz to dump credentials.', { title: 'First' }),
    await bench.report('Lazarus Group used Mimikatz to dump credentials.', { title: 'Second' }),
  ]
  const relate = async ({ evidence }: Report, actor: string) => {
    const of = (name: string) => evidence.find(({ quote }) => quote === name)!
    const [source, target] = [of(actor), of('Mimikatz')]
    const id = newId()
    await bench.transaction((sql) =>
      proposeRelationship(sql, {
        id,
        orgId: bench.orgId,
        workspaceId: bench.workspaceId,
        sourceId: source.entity_id!,
        relationshipType: 'uses',
        targetId: target.entity_id!,
        confidence: 50,
        evidenceIds: [source.id, target.id],
        runId: null,
        createdBy: null,
      }),
    )
    return id
  }
  await relate(first, 'APT29')
  expect((await review(bench)).conflicts).toEqual([])
  const rejected = await relate(second, 'Lazarus Group')
  const { conflicts } = await review(bench)
  expect(conflicts).toMatchObject([{ kind: 'attribution', subject: 'Mimikatz', needs_people: false }])
  expect(conflicts[0]!.sides).toMatchObject([
    { says: 'used by APT29', documents: 1, evidence: [{ title: 'First' }, { title: 'First' }] },
    { says: 'used by Lazarus Group', documents: 1, evidence: [{ title: 'Second' }, { title: 'Second' }] },
  ])
  const decision = { status: 'rejected', decidedBy: bench.userId, now: new Date() } as const
  await bench.transaction((sql) => decideRelationship(sql, rejected, decision))
  expect((await review(bench)).conflicts).toEqual([])
})

test("another tenant's sources contradict nobody's here", async () => {
  const [bench, other] = [await openPlaybooks(database), await openPlaybooks(database)]
  await bench.report(named('shared-name.net'))
  await other.report(harmless('shared-name.net'), { tlp: 'RED' })
  expect(await review(bench)).toEqual({ conflicts: [], needs_people: 0 })
})
