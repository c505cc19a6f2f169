import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { setContract } from '#shared/domain/billing/entitlements/grant.ts'
import { extractIntelligence } from '#shared/domain/extraction/extract.ts'
import { toFindings } from '#shared/domain/intelligence/findings.ts'
import { recordExtraction } from '#shared/domain/intelligence/record.ts'
import type { Database } from '#shared/platform/database/index.ts'
import { openCouncil } from '../../../../tests/setup/council.ts'
import { cloneDatabase, type TestDatabase } from '../../../../tests/setup/database.ts'
import { testPlaybook, workNode } from '../../../../tests/setup/playbooks.ts'
import { createDesk } from '../../../../tests/setup/reports.ts'
import { writeIndicatorTool } from './write-indicator.ts'

const text = 'The implant calls 185.220.101[.]45 and evil-domain[.]top each hour. It knows 10.0.0.1 too.'
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

/** A document of which nothing was extracted yet, and a run that adds what stands at these places. */
async function write(places: readonly string[], of = text, room: number | null = null) {
  const node = workNode(
    async ({ use, state }) => {
      const { document_id } = state.input as { document_id: string }
      const answers = []
      for (const place of places) {
        const start = of.indexOf(place)
        answers.push(await use('write_indicator', { document_id, start, end: start + place.length }))
      }
      return answers
    },
    { agent: 'cognition', attempts: 1 },
  )
  const bench = await openCouncil(database, { playbooks: [testPlaybook({ node }, [])], tools: [writeIndicatorTool] })
  const contract = { orgId: bench.orgId, planId: 'free', seats: 3, until: null, overrides: { indicators: room } }
  await bench.transaction((sql) => setContract(sql, contract))
  const desk = await createDesk(database, bench.orgId)
  const { documentId } = await desk.report('Nothing is in here.')
  await desk.run((sql) => sql`update document_passages set text = ${of} where document_id = ${documentId}`)
  const id = await bench.begin('test', { document_id: documentId })
  await bench.drain()
  const indicators = await desk.run(
    (sql) => sql<{ type: string; value: string; how: string; quote: string }[]>`
      select i.type, i.value, e.how, e.quote from indicators i join evidence e on e.indicator_id = i.id order by i.value`,
  )
  return { bench, desk, documentId, run: await bench.read(id), indicators: [...indicators] }
}

test('what stands at a place becomes an indicator with that place as its evidence', async () => {
  const { run, indicators, bench } = await write(['185.220.101[.]45', 'evil-domain[.]top'])
  expect(run.run.status).toBe('completed')
  expect(indicators).toEqual([
    { type: 'ipv4', value: '185.220.101.45', how: 'agent', quote: '185.220.101[.]45' },
    { type: 'domain', value: 'evil-domain.top', how: 'agent', quote: 'evil-domain[.]top' },
  ])
  expect(bench.audited).toEqual(['indicator.added', 'indicator.added'])
})

test('it stays when the document is processed again, and is not there twice', async () => {
  const { desk, documentId, bench } = await write(['185.220.101[.]45'])
  const document = { id: documentId, org_id: bench.orgId, workspace_id: desk.workspaceId, tlp: 'GREEN' as const }
  const rest = { file_name: '', content_type: '', tlp_declared: true, declared_size_bytes: 0, object_key: '' }
  const again = (of: string) =>
    desk.run((sql) =>
      recordExtraction(
        sql,
        { ...document, ...rest, created_at: new Date().toISOString() },
        toFindings(of, extractIntelligence({ text: of, pages: [], title: null })),
      ),
    )
  const count = async () =>
    (await desk.run((sql) => sql`select id from evidence where document_id = ${documentId}`)).length
  await again('Nothing is in here.')
  expect(await count()).toBe(1)
  await again('The implant calls 185.220.101[.]45.')
  expect(await count()).toBe(1)
})

test('a new one that the plan has no room for is refused with all else of the step, further evidence of a known one is not', async () => {
  const places = ['185.220.101[.]45', 'evil-domain[.]top']
  const { run, indicators, bench } = await write(places, text, 1)
  expect(run.steps[0]).toMatchObject({ status: 'failed', error: { code: 'BUDGET_EXCEEDED' } })
  expect([indicators, bench.audited]).toEqual([[], []])
  const twice = 'It calls 185.220.101[.]45, and then it calls 185[.]220.101.45 again.'
  const known = await write(['185.220.101[.]45', '185[.]220.101.45'], twice, 1)
  expect(known.run.run.status).toBe('completed')
  expect(known.indicators).toHaveLength(2)
  expect(new Set(known.indicators.map(({ value }) => value))).toEqual(new Set(['185.220.101.45']))
})

test.each([
  ['a word', 'implant', text],
  ['half of one', '185.220.101', text],
  ['two at once', '185.220.101[.]45 and evil-domain[.]top', text],
  ['what is held back', '10.0.0.1', text],
])('%s is refused, and nothing is written', async (_, place, of) => {
  const { run, indicators } = await write([place], of)
  expect(run.steps[0]).toMatchObject({ status: 'failed', error: { code: 'INVALID_INPUT' } })
  expect(indicators).toEqual([])
})
