import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { cloneDatabase, type TestDatabase } from '../../../tests/setup/database.ts'
import { createDesk } from '../../../tests/setup/reports.ts'
import { createTenants } from '../../../tests/setup/tenancy.ts'
import { newId } from '../ids.ts'
import type { Tlp } from '../tlp.ts'
import { gapScore, readCoverage } from './coverage.ts'
import { toNavigatorLayer } from './navigator.ts'
import { createRule } from './rules.ts'
import type { RuleStatus } from './schemas.ts'

let testDatabase: TestDatabase
let database: ReturnType<TestDatabase['open']>
let desk: Awaited<ReturnType<typeof createDesk>>

const now = new Date('2026-06-01T00:00:00Z')

beforeAll(async () => {
  testDatabase = await cloneDatabase(inject('clusterUrl'))
  database = testDatabase.open()
  desk = await createDesk(database, (await createTenants(database).organization()).orgId)
  const createdAt = '2026-06-01T00:00:00Z'
  await desk.report('APT29 exploited a server (T1190) and ran commands (T1059.001).', { createdAt })
  await desk.report('Lazarus Group exploited another server (T1190), and later T1486.', { createdAt })
  await desk.report('Long ago there was T1566.001 alone.', { createdAt: '2025-06-01T00:00:00Z' })
  await desk.report('Nobody may know of T1003.001.', { createdAt, tlp: 'RED' })
  await rule(['T1059.001'], 'active')
  await rule(['T1486'], 'draft')
  await rule(['T1566.001'], 'retired')
  await rule(['T1105'], 'active', 'RED')
})
afterAll(async () => {
  await database.close()
  await testDatabase.drop()
})

const rule = (techniques: string[], status: RuleStatus, tlp: Tlp = 'GREEN') =>
  desk.run((sql) =>
    createRule(sql, {
      id: newId(),
      orgId: desk.orgId,
      workspaceId: desk.workspaceId,
      kind: 'yara',
      name: null,
      content: `rule R { strings: $a = "${newId()}" condition: $a }`,
      techniques,
      tlp,
      status,
      evidenceIds: [],
      runId: null,
      createdBy: null,
    }),
  )
const read = (maximumTlp: Tlp) =>
  desk.run((sql) => readCoverage(sql, { workspaceId: desk.workspaceId, maximumTlp, now }))

test('the widest gap is first: named often, of late, and with many actors', async () => {
  const coverage = await read('RED')
  const gaps = coverage.techniques.filter(({ gap_score }) => gap_score > 0)
  expect(gaps.map(({ technique_id, documents, actors }) => [technique_id, documents, actors])).toEqual([
    ['T1190', 2, 2],
    ['T1486', 1, 1],
    ['T1003.001', 1, 0],
    ['T1566.001', 1, 0],
  ])
  expect(gaps[1]).toMatchObject({ rules: 0, draft_rules: 1, tactics: ['impact'] })
  expect(coverage).toMatchObject({ seen: 5, covered: 1, tlp: 'RED' })
})

test('an active rule closes the gap of what it names, and is counted for the technique above it', async () => {
  const { techniques } = await read('RED')
  const of = (id: string) => techniques.find(({ technique_id }) => technique_id === id)
  expect(of('T1059.001')).toMatchObject({ documents: 1, rules: 1, gap_score: 0 })
  expect(of('T1059')).toMatchObject({ documents: 0, rules: 1, gap_score: 0, last_seen: null })
  expect(of('T1566')).toBeUndefined()
})

test('nothing above the level that was asked for is counted or named', async () => {
  const coverage = await read('GREEN')
  const ids = coverage.techniques.map(({ technique_id }) => technique_id)
  expect(ids).not.toContain('T1003.001')
  expect(ids).not.toContain('T1105')
  expect(coverage.tlp).toBe('GREEN')
  expect(await read('CLEAR')).toMatchObject({ seen: 0, covered: 0, techniques: [], tlp: 'CLEAR' })
})

test('another organization sees none of it', async () => {
  const other = await createDesk(database, (await createTenants(database).organization()).orgId)
  const request = { workspaceId: desk.workspaceId, maximumTlp: 'RED' as const, now }
  expect(await other.run((sql) => readCoverage(sql, request))).toMatchObject({ techniques: [] })
})

test('a sighting counts half after 90 days, and twice with the first actor', () => {
  const sighting = { documents: 4, actors: 0, last_seen: now.toISOString() }
  expect(gapScore(sighting, now)).toBe(4)
  expect(gapScore(sighting, new Date('2026-08-30T00:00:00Z'))).toBe(2)
  expect(gapScore({ ...sighting, actors: 1 }, now)).toBe(8)
  // A clock that is behind doesn't make more of it.
  expect(gapScore(sighting, new Date('2026-01-01T00:00:00Z'))).toBe(4)
})

test('the layer has what format 4.5 asks for, and a color for each meaning', async () => {
  const layer = toNavigatorLayer(await read('RED'), 'Coverage')
  expect(layer).toMatchObject({
    name: 'Coverage',
    versions: { attack: '18', layer: '4.5' },
    domain: 'enterprise-attack',
    gradient: { minValue: 0 },
  })
  expect(layer.gradient.maxValue).toBeGreaterThan(layer.gradient.minValue)
  const comments = Object.fromEntries(layer.techniques.map(({ techniqueID, comment }) => [techniqueID, comment]))
  expect(comments).toMatchObject({
    T1190: 'Seen in documents, no rule',
    T1486: 'Seen in documents, rules are drafts',
    'T1059.001': 'Seen in documents, with an active rule',
    T1105: 'A rule, not seen in documents',
  })
  expect(new Set(layer.techniques.map(({ techniqueID }) => techniqueID)).size).toBe(layer.techniques.length)
  for (const { techniqueID, color, score } of layer.techniques) {
    expect(techniqueID).toMatch(/^T\d{4}(\.\d{3})?$/)
    expect(layer.legendItems.map((item) => item.color)).toContain(color)
    expect(score).toBeLessThanOrEqual(layer.gradient.maxValue)
  }
})

test('a layer of nothing is a layer too', () => {
  const nothing = { attack_version: '', attribution: '', tlp: 'CLEAR' as const, seen: 0, covered: 0, techniques: [] }
  expect(toNavigatorLayer(nothing, 'Empty').gradient).toMatchObject({ minValue: 0, maxValue: 1 })
})
