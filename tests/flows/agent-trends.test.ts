import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import type { Run, RunDetail } from '#shared/domain/agents/schemas.ts'
import type { Notification } from '#shared/domain/notifications/notifications.ts'
import { call, startTestProduct, type TestProduct, uploadDocument } from '../setup/product.ts'

const patience = { timeout: 240_000, interval: 200 }
const unhurried = { timeout: 900_000 }

let product: TestProduct
let owner: postgres.Sql

beforeAll(async () => {
  product = await startTestProduct(inject('clusterUrl'))
  owner = postgres(product.database.ownerUrl, { max: 1, onnotice: () => {} })
}, 300_000)
afterAll(async () => {
  await owner.end()
  await product.stop()
})

/** Someone with an organization of their own. */
async function newTenant() {
  const token = await product.signUp()
  const ask = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const answer = await call(product.url, method, path, { token, headers, ...(body === undefined ? {} : { body }) })
    expect(answer.status, `${method} ${path}: ${JSON.stringify(answer.body)}`).toBeLessThan(300)
    return answer.body
  }
  await ask('POST', '/v1/organizations', { name: 'Watched' })
  return {
    ask,
    /** A document that is ready, with its job at its end. */
    async addReport(content: string): Promise<void> {
      const id = await uploadDocument(product.url, token, { fileName: 'report.txt', content })
      const { job_id } = await ask('POST', `/v1/documents/${id}/complete`)
      await expect.poll(async () => (await ask('GET', `/v1/jobs/${job_id}`)).status, patience).toBe('succeeded')
    },
    trendRuns: async (): Promise<Run[]> => (await ask('GET', '/v1/agent-runs?playbook=trend-watch')).data,
    news: async (): Promise<Notification[]> => (await ask('GET', '/v1/notifications?page[size]=100')).data,
    /** Begins a run, and waits until it has come to a status. */
    async runs(playbook: string, input: unknown, status: string): Promise<string> {
      const { id } = await ask('POST', '/v1/agent-runs', { playbook, input })
      await expect.poll(async () => (await ask('GET', `/v1/agent-runs/${id}`)).status, patience).toBe(status)
      return id
    },
  }
}

type Tenant = Awaited<ReturnType<typeof newTenant>>

/** Calls the schedule's function as the scheduler does. */
async function look(): Promise<void> {
  const name = 'agent-runs-watch-trends'
  const token = await product.signPush(`${product.services.config.FUNCTIONS_URL}/${name}`)
  const headers = { 'x-cloudscheduler': 'true', 'x-cloudscheduler-scheduletime': new Date().toISOString() }
  const answer = await call(product.url, 'POST', `/functions/${name}`, { token, headers })
  expect(answer.status, JSON.stringify(answer.body)).toBe(200)
}

describe('the daily watch of trends', () => {
  test(
    'looks once at each workspace where documents came in, on nobody’s behalf, and sees what is there',
    unhurried,
    async () => {
      const [tenant, off, empty] = [await newTenant(), await newTenant(), await newTenant()]
      await tenant.addReport('APT29 came in by T1190 and used Mimikatz (T1003.001).\n')
      await off.addReport('Lazarus Group came in by T1190 too, and stayed.\n')
      await off.ask('PATCH', '/v1/agents/seer', { enabled: false })
      // A further workspace of the same organization, without documents.
      const { id: idle } = await tenant.ask('POST', '/v1/workspaces', { name: 'Idle' })
      await look()

      const [run, ...others] = await tenant.trendRuns()
      expect(others).toEqual([])
      expect(run).toMatchObject({ playbook: 'trend-watch', created_by: null })
      const read = (): Promise<RunDetail> => tenant.ask('GET', `/v1/agent-runs/${run!.id}`)
      await expect.poll(async () => (await read()).status, patience).toBe('completed')
      expect((await read()).output).toMatchObject({ documents: { recent: 1, before: 0 } })
      expect(await off.trendRuns()).toEqual([])
      expect(await empty.trendRuns()).toEqual([])
      const places = await owner<{ workspace_id: string }[]>`select workspace_id from agent_runs`
      expect(places.map(({ workspace_id }) => workspace_id)).not.toContain(idle)
      // Nobody began it, so nobody is told; of a person's run that came later they are.
      const own = await tenant.runs('coverage-gaps', {}, 'completed')
      const subjects = async () => (await tenant.news()).map(({ subject_id }) => subject_id)
      await expect.poll(subjects, patience).toContain(own)
      expect(await subjects()).not.toContain(run!.id)

      await look()
      expect(await tenant.trendRuns()).toHaveLength(1)
      // A day later there is nothing new, until a document comes in.
      await owner`update jobs set finished_at = finished_at - interval '1 day' where kind = 'document.process'`
      await owner`update agent_runs set created_at = created_at - interval '23 hours' where playbook = 'trend-watch'`
      await look()
      expect(await tenant.trendRuns()).toHaveLength(1)
      await tenant.addReport('APT29 came in by T1190 once more.\n')
      await look()
      expect(await tenant.trendRuns()).toHaveLength(2)
    },
  )
})

describe('whoever began a run', () => {
  const told = async (tenant: Tenant, id: string) =>
    (await tenant.news()).filter(({ subject_id }) => subject_id === id).map(({ kind }) => kind)

  test('is told when it waits for a decision and when it is done', unhurried, async () => {
    const tenant = await newTenant()
    await tenant.addReport('APT29 used Mimikatz to dump credentials from domain controllers in March.\n')
    const { data } = await tenant.ask('GET', '/v1/documents')
    const id = await tenant.runs('report-to-defense', { document_id: data[0].id }, 'waiting_approval')
    await expect.poll(() => told(tenant, id), patience).toEqual(['agent_run.waiting_approval'])
    const decision = { node: 'approval', decision: 'approve' }
    await tenant.ask('POST', `/v1/agent-runs/${id}/decisions`, decision)
    await expect.poll(() => told(tenant, id), patience).toContain('agent_run.completed')
    expect((await told(tenant, id)).filter((kind) => kind === 'agent_run.waiting_approval')).toHaveLength(1)
  })

  test('is told why it failed, but not of what they muted', unhurried, async () => {
    const tenant = await newTenant()
    await tenant.ask('PATCH', '/v1/users/me', {
      preferences: { notifications: { muted_kinds: ['agent_run.completed'] } },
    })
    const done = await tenant.runs('coverage-gaps', {}, 'completed')
    const failed = await tenant.runs('report-to-defense', { document_id: crypto.randomUUID() }, 'failed')
    await expect.poll(() => told(tenant, failed), patience).toEqual(['agent_run.failed'])
    const [note] = (await tenant.news()).filter(({ subject_id }) => subject_id === failed)
    expect(note).toMatchObject({
      title: 'Report to defense: failed',
      body: expect.stringContaining('Read the evidence'),
    })
    expect(await told(tenant, done)).toEqual([])
  })
})
