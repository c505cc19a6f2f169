import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest'
import type { RunDetail } from '#shared/domain/agents/schemas.ts'
import { type CallOptions, call, startTestProduct, type TestProduct, uploadDocument } from '../setup/product.ts'

const report = `Threat advisory: activity against energy companies

APT29 uses Cobalt Strike to move inside the networks of energy companies in Europe.
The group exploited CVE-2021-44228 to gain initial access to exposed servers in March.
Mimikatz was used by APT29 to dump credentials from memory on domain controllers (T1003.001).
The implant was delivered by spearphishing attachment (T1566.001) and contacted its command and control servers.

Indicators
hxxp://c2.evil-domain[.]top/gate.php
c2.evil-domain[.]top
185.220.101[.]45
44d88612fea8a8f36de82e1278abb02f3c2a1f0e5b8d7c6a9f01e2d3c4b5a697
`

let product: TestProduct
let token: string
let documentId: string

const ask = (method: string, path: string, options: CallOptions = {}) =>
  call(product.url, method, path, { token, ...options })

beforeAll(async () => {
  product = await startTestProduct(inject('clusterUrl'))
  token = await product.signUp()
  await ask('POST', '/v1/organizations', { body: { name: 'Council' } })
  documentId = await uploadDocument(product.url, token, { fileName: 'report.txt', content: report, tlp: 'AMBER' })
  await ask('POST', `/v1/documents/${documentId}/complete`)
  await vi.waitUntil(async () => (await ask('GET', `/v1/documents/${documentId}`)).body.status === 'ready', {
    timeout: 60_000,
    interval: 100,
  })
}, 120_000)
afterAll(() => product.stop())

async function begin(playbook: string, input: unknown): Promise<string> {
  const answer = await ask('POST', '/v1/agent-runs', { body: { playbook, input } })
  expect([answer.status, answer.body]).toEqual([201, expect.objectContaining({ playbook })])
  return answer.body.id
}

async function awaitStatus(id: string, status: string): Promise<RunDetail> {
  await expect
    .poll(async () => (await ask('GET', `/v1/agent-runs/${id}`)).body.status, { timeout: 60_000, interval: 100 })
    .toBe(status)
  return (await ask('GET', `/v1/agent-runs/${id}`)).body
}

describe('from a report to its defense, with the local model only', () => {
  test('an advisory that cites, a pack of defenses, an approval, and what is published then', async () => {
    const id = await begin('report-to-defense', { document_id: documentId })
    const waiting = await awaitStatus(id, 'waiting_approval')
    const approval = waiting.steps.find(({ node }) => node === 'approval')!
    const shown = approval.shows as {
      brief: {
        sections: { heading: string; claims: { text: string; citations: { start: number; end: number }[] }[] }[]
      }
      detection_rules: { kind: string }[]
      blocklist: Record<string, string[]>
    }
    expect(shown.brief.sections.map(({ heading }) => heading)).toContain('Summary')
    const text = (await ask('GET', `/v1/documents/${documentId}/text`)).body
    const whole = typeof text === 'string' ? text : text.text
    for (const { claims } of shown.brief.sections) {
      for (const { citations } of claims) {
        expect(citations.length).toBeGreaterThan(0)
        for (const { start, end, quote } of citations as { start: number; end: number; quote: string }[]) {
          expect(whole.slice(start, end)).toBe(quote)
        }
      }
    }
    expect(shown.detection_rules.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['sigma', 'suricata']))
    expect(shown.blocklist.domain).toEqual(['c2.evil-domain.top'])
    // Nothing is published before somebody approves.
    expect((await ask('GET', '/v1/briefs')).body.data).toEqual([])
    const decided = await ask('POST', `/v1/agent-runs/${id}/decisions`, {
      body: { node: 'approval', decision: 'approve', comment: 'Good' },
    })
    expect(decided.status).toBe(200)
    const done = await awaitStatus(id, 'completed')
    const briefs = (await ask('GET', '/v1/briefs')).body.data
    expect(briefs).toMatchObject([{ status: 'published', tlp: 'AMBER', run_id: id }])
    const rules = (await ask('GET', '/v1/detection-rules')).body.data
    expect(rules.length).toBe(shown.detection_rules.length)
    const relationships = (await ask('GET', '/v1/relationships')).body.data
    expect(relationships.length).toBeGreaterThan(0)
    expect(done.output).toMatchObject({
      advisory: { markdown: expect.stringContaining('# Advisory') },
      defense: { navigator_layer: { domain: 'enterprise-attack' } },
      published: { brief_id: briefs[0].id },
    })
    expect(done.cost_microdollars).toBe(0)
    expect(done.steps.every(({ status }) => status === 'succeeded')).toBe(true)
    expect(done.tool_calls.map(({ tool }) => tool)).toEqual(
      expect.arrayContaining(['write_brief', 'write_rule', 'notify']),
    )
    const notes = (await ask('GET', '/v1/notifications')).body.data
    expect(notes.map(({ title }: { title: string }) => title)).toContainEqual(expect.stringMatching(/^Published: /))
  })

  test('a document that is not there fails the run and says so', async () => {
    const id = await begin('report-to-defense', { document_id: crypto.randomUUID() })
    const failed = await awaitStatus(id, 'failed')
    expect(failed.steps[0]).toMatchObject({ node: 'read', error: { code: 'NOT_FOUND', message: 'Document not found' } })
  })

  test('coverage says which techniques no rule detects, and shows why they matter', async () => {
    const id = await begin('coverage-gaps', {})
    const { output } = await awaitStatus(id, 'completed')
    expect(output).toMatchObject({ seen: expect.any(Number), navigator_layer: { techniques: expect.any(Array) } })
  })
})

describe('what is no run', () => {
  test.each([
    [{ playbook: 'nothing', input: {} }, 'body.playbook'],
    [{ playbook: 'report-to-defense', input: {} }, 'body.input.document_id'],
    [{ playbook: 'coverage-gaps', input: { gaps: 0 } }, 'body.input.gaps'],
    [{ playbook: 'coverage-gaps', input: {}, budget_microdollars: -1 }, 'body.budget_microdollars'],
  ])('%j is refused by name', async (body, field) => {
    const answer = await ask('POST', '/v1/agent-runs', { body })
    expect(answer.status).toBe(422)
    expect(answer.body.error.details.map((detail: { field: string }) => detail.field)).toContain(field)
  })
})

test('the same key begins one run, however often it is sent', async () => {
  const headers = { 'idempotency-key': crypto.randomUUID() }
  const body = { playbook: 'coverage-gaps', input: {} }
  const answers = await Promise.all(Array.from({ length: 5 }, () => ask('POST', '/v1/agent-runs', { body, headers })))
  const ids = new Set(answers.filter(({ status }) => status === 201).map(({ body }) => body.id))
  expect(ids.size).toBe(1)
  for (const { status } of answers) expect([201, 409]).toContain(status)
})

test('playbooks are listed with the schema of their input, and drawn', async () => {
  const list = (await ask('GET', '/v1/playbooks')).body.data
  expect(list.map(({ id }: { id: string }) => id)).toContain('report-to-defense')
  const { body } = await ask('GET', '/v1/playbooks/report-to-defense')
  expect(body.mermaid).toMatch(/^flowchart TD\n/)
  expect(body.edges).toContainEqual({
    from: 'guard',
    to: 'edit',
    conditional: true,
    label: 'nothing may leave as it is',
    repeats: 1,
  })
})
