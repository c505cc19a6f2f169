import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest'
import type { Database } from '#shared/platform/database/index.ts'
import { cloneDatabase, type TestDatabase } from '../../../../../tests/setup/database.ts'
import { localModels } from '../../../../../tests/setup/local-models.ts'
import { openPlaybooks, outputOf, type PlaybookBench, stepOutput } from '../../../../../tests/setup/playbook-bench.ts'
import type { Draft } from '../../../claims/types.ts'
import type { Models } from '../../../models/types.ts'
import type { Json } from '../../../sql.ts'
import type { AgentChange } from '../../registry.ts'
import { updateAgent } from '../../registry.ts'
import type { CheckedChannel } from './check.ts'
import type { TextMetrics } from './metrics.ts'
import type { Research } from './research.ts'

const report = `Ransomware in hospitals

APT29 used phishing against forty hospitals in Europe during the spring of 2026.
Hospitals that kept offline backups restored their systems within three days.
Staff who reported phishing early stopped six of the attacks before any file was encrypted.
The cheap scanner of one vendor missed every sample.
Backups that were online were encrypted together with everything else.
`
const points = ['Offline backups restored systems within three days', 'Phishing was reported early by staff']
const unproven = 'Our product blocks quantum malware'

interface Output {
  pillars: string[]
  unproven: string[]
  channels: {
    channel: string
    draft: Draft | null
    markdown: string | null
    findings: { code: string; what: string }[]
    note: string | null
    brief_id: string | null
    metrics: TextMetrics | null
  }[]
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

async function open(settings: AgentChange['settings'] = {}, models?: Models) {
  const bench = await openPlaybooks(database, models)
  const { orgId, workspaceId, userId } = bench
  await bench.transaction((sql) =>
    updateAgent(sql, { orgId, workspaceId, key: 'arbiter', changedBy: userId }, { settings }),
  )
  const { documentId } = await bench.report(report, { tlp: 'CLEAR', title: 'Ransomware in hospitals' })
  const input = (change: Record<string, Json> = {}): Json => ({
    subject: 'Backups save hospitals',
    audience: 'Heads of hospital IT',
    goal: 'They check their backups',
    key_points: [...points, unproven],
    channels: ['email', 'social', 'blog', 'press'],
    document_ids: [documentId],
    ...change,
  })
  return { bench, input, documentId }
}

const briefs = (bench: PlaybookBench) =>
  bench.transaction((sql) => sql<{ id: string; status: string; title: string; sections: Json }[]>`select * from briefs`)

const approved = 'Check your backups today.'

describe('a campaign that is approved', () => {
  test('is published channel by channel, says only what its sources say, and is measured', async () => {
    const { bench, input } = await open({ brand_approved_phrases: [approved] })
    const waiting = await bench.runs('campaign', input({ call_to_action: approved }))
    expect(waiting.run).toMatchObject({ status: 'waiting_approval', error: null })
    expect(await briefs(bench)).toEqual([])

    const done = await bench.decides(waiting.run.id, true)
    expect(done.run).toMatchObject({ status: 'completed', error: null })
    const output = outputOf<Output>(done, bench)
    expect(output.unproven).toEqual([unproven])
    expect(output.pillars.toSorted()).toEqual(points.toSorted())
    expect(output.channels.map(({ channel }) => channel)).toEqual(['email', 'social', 'blog', 'press'])
    for (const { draft, markdown, findings, note, brief_id, metrics } of output.channels) {
      expect(findings).toEqual([])
      const claims = draft!.sections.flatMap((section) => section.claims)
      for (const { text, citations } of claims) {
        if (text === approved) expect(citations).toEqual([])
        else expect(report.replaceAll(/\s+/g, ' ')).toContain(text)
        for (const { start, end, quote } of citations) expect(report.slice(start, end)).toBe(quote)
      }
      expect(claims.map(({ text }) => text)).toContain(approved)
      expect(markdown).toContain('offline backups restored')
      expect(markdown).not.toContain('quantum')
      expect(note).toContain('Written by rules')
      expect(brief_id).not.toBeNull()
      expect(metrics).toMatchObject({ key_points_covered: 2, key_points: 3, claims: claims.length })
    }
    const published = await briefs(bench)
    expect(published.map(({ status }) => status)).toEqual(['published', 'published', 'published', 'published'])
    expect(published.map(({ id }) => id).toSorted()).toEqual(
      output.channels.map(({ brief_id }) => brief_id!).toSorted(),
    )
    expect(bench.audited.filter((action) => action === 'brief.published')).toHaveLength(4)
  })

  test('is written for the channels that were asked for, and for no other', async () => {
    const { bench, input } = await open()
    const waiting = await bench.runs('campaign', input({ channels: ['social'] }))
    const status = (node: string) => waiting.steps.find((step) => step.node === node)?.status
    expect(['email', 'social', 'blog', 'press'].map(status)).toEqual(['skipped', 'succeeded', 'skipped', 'skipped'])
    const [social, ...others] = stepOutput<CheckedChannel[]>(waiting, 'guard', bench)
    expect(others).toEqual([])
    for (const { claims } of social!.draft!.sections) {
      for (const { text } of claims) expect(text.length).toBeLessThanOrEqual(280)
    }
  })
})

test('a campaign that is rejected publishes nothing', async () => {
  const { bench, input } = await open()
  const waiting = await bench.runs('campaign', input())
  const { run } = await bench.decides(waiting.run.id, false)
  expect(run).toMatchObject({ status: 'cancelled', error: { code: 'REJECTED' } })
  expect(await briefs(bench)).toEqual([])
  expect(bench.audited).toEqual([])
})

test('a phrase whose approval was withdrawn while the campaign waited is not published, and nothing beside it', async () => {
  const { bench, input } = await open({ brand_approved_phrases: [approved] })
  const waiting = await bench.runs('campaign', input({ call_to_action: approved }))
  const { orgId, workspaceId, userId } = bench
  await bench.transaction((sql) =>
    updateAgent(sql, { orgId, workspaceId, key: 'arbiter', changedBy: userId }, { settings: {} }),
  )
  const { run, steps } = await bench.decides(waiting.run.id, true)
  expect(run.status).toBe('failed')
  expect(steps.find(({ node }) => node === 'publish')?.error?.code).toBe('VALIDATION_ERROR')
  expect(await briefs(bench)).toEqual([])
})

describe('what the workspace banned', () => {
  test('never leaves, in no text, quote, phrase or title', async () => {
    const { bench, input } = await open({
      brand_banned_words: ['CHEAP', 'offline'],
      brand_approved_phrases: ['Buy our cheap scanner.'],
    })
    const key_points = ['The cheap scanner missed every sample', ...points]
    const waiting = await bench.runs('campaign', input({ key_points, call_to_action: 'Buy our cheap scanner.' }))
    const done = await bench.decides(waiting.run.id, true)
    expect(done.run.status).toBe('completed')
    const { channels } = outputOf<Output>(done, bench)
    expect(channels).toHaveLength(4)
    for (const { markdown, findings } of channels) {
      expect(markdown).toContain('reported phishing early')
      expect(markdown).not.toMatch(/cheap|offline/i)
      expect(findings.map(({ code }) => code)).toContain('brand_word')
    }
    expect(JSON.stringify(await briefs(bench))).not.toMatch(/cheap|offline/i)
  })

  test('ends the run when nothing else is left', async () => {
    const { bench, input } = await open({ brand_banned_words: 'backups\nphishing' })
    const { run, steps } = await bench.runs('campaign', input())
    expect(run.status).toBe('failed')
    expect(steps.find(({ node }) => node === 'guard')?.error).toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('Nothing of the campaign may leave'),
    })
  })
})

test('a required phrase stands in every text, and a call to action that nobody approved in none', async () => {
  const required = 'No product stops every attack.'
  const { bench, input } = await open({ brand_required_phrases: [required] })
  const waiting = await bench.runs('campaign', input({ call_to_action: 'We guarantee safety!' }))
  for (const { draft, findings } of stepOutput<CheckedChannel[]>(waiting, 'guard', bench)) {
    const texts = draft!.sections.flatMap(({ claims }) => claims.map(({ text }) => text))
    expect(texts).toContain(required)
    expect(texts).not.toContain('We guarantee safety!')
    expect(findings).toContainEqual(expect.objectContaining({ code: 'uncited', what: 'We guarantee safety!' }))
  }
})

describe('a key point without proof', () => {
  test('is not said by a model that invents it', async () => {
    const local = localModels()
    const inventive: Models = {
      async complete(request, ...rest) {
        const answer = await local.complete(request, ...rest)
        const draft = structuredClone(answer.output) as unknown as Draft
        const [section] = draft.sections
        const [claim] = section!.claims
        section!.claims.push(
          { text: `${unproven}.`, citations: claim!.citations },
          { text: `${unproven}.`, citations: [] },
        )
        draft.title = unproven
        return { ...answer, output: draft as never }
      },
    }
    const { bench, input } = await open({}, inventive)
    const waiting = await bench.runs('campaign', input())
    const done = await bench.decides(waiting.run.id, true)
    for (const { markdown } of outputOf<Output>(done, bench).channels) expect(markdown).not.toMatch(/quantum/i)
    expect(JSON.stringify(await briefs(bench))).not.toMatch(/quantum/i)
  })

  test('ends the run, with the reason, when none has any', async () => {
    const { bench, input } = await open()
    const { run, steps } = await bench.runs('campaign', input({ key_points: [unproven] }))
    expect(run.status).toBe('failed')
    expect(steps.find(({ node }) => node === 'strategy')?.error?.message).toContain('proves any of the key points')
    expect(await briefs(bench)).toEqual([])
  })
})

test('what the readers may not see proves nothing, and is said to be left out', async () => {
  const { bench, input, documentId } = await open()
  const secret = await bench.report('Phishing was reported early by staff of the ministry in May.', { tlp: 'AMBER' })
  const waiting = await bench.runs('campaign', input({ document_ids: [secret.documentId, documentId] }))
  const found = stepOutput<Research>(waiting, 'research', bench)
  expect(found.left_out).toMatchObject([{ document_id: secret.documentId, why: expect.stringContaining('TLP:AMBER') }])
  expect(JSON.stringify(stepOutput(waiting, 'guard', bench))).not.toContain('ministry')
})

test("another tenant's document is no proof: it is not found", async () => {
  const other = await open()
  const { bench, input } = await open()
  const { run, steps } = await bench.runs('campaign', input({ document_ids: [other.documentId] }))
  expect(run.status).toBe('failed')
  expect(steps[0]?.error?.code).toBe('NOT_FOUND')
})
