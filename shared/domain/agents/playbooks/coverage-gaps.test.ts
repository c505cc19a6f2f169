import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest'
import type { Database } from '#shared/platform/database/index.ts'
import { cloneDatabase, type TestDatabase } from '../../../../tests/setup/database.ts'
import { openPlaybooks, outputOf, type PlaybookBench } from '../../../../tests/setup/playbook-bench.ts'
import { createRule } from '../../detection/rules.ts'
import { newId } from '../../ids.ts'
import type { Json } from '../../sql.ts'

interface Gap {
  technique_id: string
  documents: number
  evidence: { document_id: string; document_title: string; sentence: string }[]
}
interface Output {
  seen: number
  covered: number
  tlp: string
  gaps: Gap[]
  navigator_layer: { domain: string; techniques: { techniqueID: string }[] }
}

vi.setConfig({ testTimeout: 120_000, hookTimeout: 300_000 })

let clone: TestDatabase
let database: Database
let bench: PlaybookBench

beforeAll(async () => {
  clone = await cloneDatabase(inject('clusterUrl'))
  database = clone.open()
  bench = await openPlaybooks(database)
  for (const week of [1, 2, 3, 4]) {
    const createdAt = new Date(Date.now() - week * 7 * 86_400_000).toISOString()
    await bench.report(`In week ${week} APT29 came in by T1190.`, { createdAt, title: `Week ${week}` })
  }
  await bench.report('They ran commands (T1059.001), and at the end T1486.', { title: 'Commands' })
  await bench.report('Nobody may know that the ministry fell to T1190 and T1003.001.', { tlp: 'RED', title: 'Secret' })
  await bench.transaction((sql) =>
    createRule(sql, {
      id: newId(),
      orgId: bench.orgId,
      workspaceId: bench.workspaceId,
      kind: 'yara',
      name: null,
      content: 'rule R { strings: $a = "x" condition: $a }',
      techniques: ['T1059.001'],
      tlp: 'GREEN',
      status: 'active',
      evidenceIds: [],
      runId: null,
      createdBy: null,
    }),
  )
})
afterAll(async () => {
  await database.close()
  await clone.drop()
})

async function gapsOf(input: Json): Promise<Output> {
  const run = await bench.runs('coverage-gaps', input)
  expect(run.run).toMatchObject({ status: 'completed', error: null })
  return outputOf<Output>(run, bench)
}

test('the widest gap comes first with its newest sentences, and what a rule detects is none', async () => {
  const { seen, covered, gaps, navigator_layer } = await gapsOf({})
  expect({ seen, covered }).toEqual({ seen: 3, covered: 1 })
  expect(gaps.map(({ technique_id, documents }) => [technique_id, documents])).toEqual([
    ['T1190', 4],
    ['T1486', 1],
  ])
  expect(gaps[0]!.evidence.map(({ document_title }) => document_title)).toEqual(['Week 1', 'Week 2', 'Week 3'])
  expect(gaps[0]!.evidence[0]!.sentence).toContain('In week 1 APT29 came in by T1190')
  expect(navigator_layer.techniques.map(({ techniqueID }) => techniqueID)).toContain('T1190')
})

test('nothing above the level that was asked for is told, also not the sentence behind a gap that others name', async () => {
  const open = JSON.stringify(await gapsOf({ maximum_tlp: 'AMBER' }))
  expect(open).not.toMatch(/ministry|Secret|T1003/)
  const { gaps, tlp } = await gapsOf({ maximum_tlp: 'RED' })
  expect(tlp).toBe('RED')
  expect(gaps.map(({ technique_id }) => technique_id)).toContain('T1003.001')
  expect(gaps[0]!.evidence[0]!.document_title).toBe('Secret')
})

test('as many gaps are explained as were asked for', async () => {
  expect((await gapsOf({ gaps: 1 })).gaps).toHaveLength(1)
})
