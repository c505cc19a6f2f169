import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest'
import type { Database } from '#shared/platform/database/index.ts'
import { cloneDatabase, type TestDatabase } from '../../../../tests/setup/database.ts'
import { openPlaybooks, outputOf, type PlaybookBench } from '../../../../tests/setup/playbook-bench.ts'
import type { Report } from '../../../../tests/setup/reports.ts'
import type { Draft } from '../../claims/types.ts'
import { newId } from '../../ids.ts'
import type { Json } from '../../sql.ts'

interface Output {
  indicator: { value: string }
  verdict: { level: string; score: number; reasons: string[]; actions: string[] }
  neighbours: { kind: string; key: string; name: string; documents: number; sentences: number }[]
  brief: { draft: Draft | null; markdown: string | null; findings: { code: string }[] }
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

const idOf = ({ evidence }: Report, value: string) => evidence.find(({ quote }) => quote.includes(value))!.indicator_id!

async function investigate(bench: PlaybookBench, input: Record<string, Json>): Promise<Output> {
  const run = await bench.runs('investigate-indicator', input)
  expect(run.run).toMatchObject({ status: 'completed', error: null })
  return outputOf<Output>(run, bench)
}

describe('an indicator that several documents name', () => {
  let bench: PlaybookBench
  let first: Report

  beforeAll(async () => {
    bench = await openPlaybooks(database)
    first = await bench.report('APT29 ran its command and control server at dark-harbor[.]top until May.', {
      title: 'First',
    })
    await bench.report(
      'The loader contacted dark-harbor[.]top and 45.77.12.9 every hour. Elsewhere Mimikatz was found on the hosts.',
      { title: 'Second' },
    )
    await bench.report('In secret, Lazarus Group rented dark-harbor[.]top for the ministry.', {
      tlp: 'RED',
      title: 'Secret',
    })
  })

  test('is weighed, with what is named near it, and written up with citations', async () => {
    const { verdict, neighbours, brief } = await investigate(bench, { indicator_id: idOf(first, 'dark-harbor') })
    expect(['malicious', 'suspicious']).toContain(verdict.level)
    expect(verdict.reasons.join(' ')).toContain('from 2 documents')
    expect(verdict.reasons.join(' ')).toContain('APT29')
    expect(verdict.actions.length).toBeGreaterThan(0)
    const near = (key: string) => neighbours.find((one) => one.key === key)
    expect(near('G0016')).toMatchObject({ kind: 'actor', documents: 1, sentences: 1 })
    expect(near('S0002')).toMatchObject({ kind: 'software', documents: 1, sentences: 0 })
    expect(near('45.77.12.9')).toMatchObject({ kind: 'indicator', sentences: 1 })
    const claims = brief.draft!.sections.flatMap((section) => section.claims)
    expect(claims).toHaveLength(2)
    for (const { citations } of claims) expect(citations).toHaveLength(1)
    expect(brief.markdown).toContain('dark-harbor\\[.\\]top')
    expect(brief.markdown).toMatch(/First|Second/)
  })

  test('is told of without what the readers may not see', async () => {
    const told = await investigate(bench, { indicator_id: idOf(first, 'dark-harbor') })
    expect(told.brief.draft?.tlp).toBe('GREEN')
    const { indicator, ...rest } = told
    expect(JSON.stringify(rest)).not.toMatch(/ministry|Lazarus|Secret/)
    const all = await investigate(bench, { indicator_id: idOf(first, 'dark-harbor'), audience_tlp: 'RED' })
    expect(all.brief.draft?.tlp).toBe('RED')
    expect(JSON.stringify(all)).toMatch(/ministry/)
  })
})

test('an indicator that a source calls harmless is trusted less, and says so', async () => {
  const bench = await openPlaybooks(database)
  const bad = await bench.report('The implant calls quiet-harbor[.]net over DNS every hour.')
  const indicator_id = idOf(bad, 'quiet-harbor')
  const before = await investigate(bench, { indicator_id })
  await bench.report(
    `The implant calls one-evil[.]top, two-evil[.]top, three-evil[.]top and four-evil[.]top over DNS, whenever it runs.
Analysts read about the victims at quiet-harbor.net when it happened.
`,
  )
  const { verdict } = await investigate(bench, { indicator_id })
  expect(verdict.score).toBeLessThan(before.verdict.score)
  expect(verdict.reasons.join(' ')).toContain('1 of them speak of it as harmless')
})

test('an indicator of nobody, or of another tenant, is not found', async () => {
  const [bench, other] = [await openPlaybooks(database), await openPlaybooks(database)]
  const theirs = await other.report('The implant calls their-harbor[.]net over DNS every hour.')
  for (const indicator_id of [newId(), idOf(theirs, 'their-harbor')]) {
    const { run, steps } = await bench.runs('investigate-indicator', { indicator_id })
    expect(run.status).toBe('failed')
    expect(steps[0]?.error).toMatchObject({ code: 'NOT_FOUND' })
  }
})
