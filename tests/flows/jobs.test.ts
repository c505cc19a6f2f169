import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { newId } from '#shared/domain/ids.ts'
import { progressJob, startJob } from '#shared/domain/jobs/jobs.ts'
import { revivalLimit } from '#shared/domain/jobs/revive.ts'
import { staleHours } from '#shared/domain/jobs/stale.ts'
import { nobody } from '#shared/platform/database/index.ts'
import type { Declaration } from '#shared/runtime/declarations.ts'
import { discoverFunctions } from '#shared/runtime/discover.ts'
import { queuePolicies, spareAttempts } from '#shared/runtime/policies.ts'
import { createWorld, type World } from '../contract/world.ts'
import { Random } from '../faults/random.ts'
import { call } from '../setup/product.ts'

const functions = await discoverFunctions()
const declarationOf = (name: string): Declaration => functions.find((one) => one.name === name)!.declaration

let world: World
let owner: postgres.Sql

beforeAll(async () => {
  world = await createWorld(inject('clusterUrl'))
  owner = postgres(world.product.database.ownerUrl, { max: 1, onnotice: () => {} })
})
afterAll(async () => {
  await owner.end()
  await world.stop()
})

const send = (method: string, path: string, token = world.tokens.owner) =>
  call(world.product.url, method, path, { token })
const read = async (path: string) => (await send('GET', path)).body
const cancel = (jobId: string, token?: string) => send('POST', `/v1/jobs/${jobId}/cancel`, token)

const deliver = async (name: string, payload: unknown, attempt = 1) =>
  (await world.deliver(name, declarationOf(name), { body: world.envelope(payload), attempt })).outcome

/** What waits in the outbox about a job, by its target. */
async function waitingAbout(jobId: string): Promise<string[]> {
  const rows = await owner<{ target: string }[]>`
    select target from outbox where body #>> '{payload,job_id}' = ${jobId} order by created_at, id`
  return rows.map(({ target }) => target)
}

describe('a cancelled job', () => {
  test('ends with an event, and its document has failed and can be processed again', async () => {
    const step = await world.documentAt('scan')
    const answer = await cancel(step.job_id, world.tokens.editor)
    expect(answer.status).toBe(200)
    expect(answer.body).toMatchObject({ status: 'cancelled', error: { code: 'CANCELLED' }, eta_seconds: null })
    const events = await owner`select type from job_events where job_id = ${step.job_id} order by sequence`
    expect(events.at(-1)).toEqual({ type: 'cancelled' })
    expect(await read(`/v1/documents/${step.document_id}`)).toMatchObject({
      status: 'failed',
      error: { code: 'CANCELLED' },
    })
    expect(await waitingAbout(step.job_id)).toContain('documents')
    const again = await send('POST', `/v1/documents/${step.document_id}/reprocess`)
    expect(again.status).toBe(202)
    expect(await deliver('documents-validate', { ...step, job_id: again.body.job_id })).toBe('done')
    expect((await read(`/v1/jobs/${again.body.job_id}`)).status).toBe('running')
  })

  test('leaves nothing to its work under way, neither when that succeeds nor when it is given up', async () => {
    for (const attempt of [1, queuePolicies.default.attempts + 1]) {
      const step = await world.documentAt('scan')
      await cancel(step.job_id)
      const waiting = await waitingAbout(step.job_id)
      const document = await read(`/v1/documents/${step.document_id}`)
      await deliver('documents-scan', step, attempt)
      expect(await waitingAbout(step.job_id)).toEqual(waiting)
      expect(await read(`/v1/documents/${step.document_id}`)).toEqual(document)
      expect((await read(`/v1/jobs/${step.job_id}`)).status).toBe('cancelled')
    }
  })

  test('and its work, at the same moment: one of them wins, and both agree on it', async () => {
    for (let round = 0; round < 5; round++) {
      const step = await world.documentAt('index')
      const [{ status }] = await Promise.all([cancel(step.job_id), deliver('documents-index', step)])
      const document = await read(`/v1/documents/${step.document_id}`)
      const job = await read(`/v1/jobs/${step.job_id}`)
      expect([status, document.status, job.status]).toEqual(
        status === 200 ? [200, 'failed', 'cancelled'] : [409, 'ready', 'running'],
      )
      const evidence = await owner`select 1 from evidence where document_id = ${step.document_id}`
      expect(evidence.length > 0).toBe(status === 409)
    }
  })

  test('of an export makes no file ready', async () => {
    const payload = await world.pendingExport()
    expect((await cancel(payload.job_id)).body).toMatchObject({ status: 'cancelled' })
    await deliver('exports-build', payload)
    expect(await read(`/v1/exports/${payload.export_id}`)).toMatchObject({ status: 'failed', download_url: null })
    expect((await read(`/v1/jobs/${payload.job_id}`)).status).toBe('cancelled')
  })

  test('is one that has not ended, is no erasure, and is in a workspace of the caller', async () => {
    expect((await cancel(world.jobId)).status).toBe(409)
    const { job_id } = await world.documentAt('scan')
    expect((await cancel(job_id, world.tokens.viewer)).status).toBe(403)
    const { id: workspaceId, name } = await world.newWorkspace()
    const elsewhere = await call(world.product.url, 'POST', `/v1/jobs/${job_id}/cancel`, {
      token: world.tokens.owner,
      headers: { 'x-workspace-id': workspaceId },
    })
    expect(elsewhere.status).toBe(404)
    expect((await cancel(job_id)).status).toBe(200)
    expect((await cancel(job_id)).status).toBe(409)
    const { body: erasure } = await send('DELETE', `/v1/workspaces/${workspaceId}?confirm=${encodeURIComponent(name)}`)
    const refused = await cancel(erasure.id)
    expect(refused).toMatchObject({ status: 409, body: { error: { message: expect.stringContaining('this kind') } } })
    expect((await read(`/v1/jobs/${erasure.id}`)).status).toBe('queued')
  })
})

describe('attempts and cost of a job', () => {
  const events = (jobId: string) => owner<{ data: Record<string, unknown> }[]>`
    select data from job_events where job_id = ${jobId} order by sequence`
  const failing = (name: string): Declaration => {
    const handler = async () => ({
      run: async () => {
        throw new Error('boom')
      },
    })
    return { ...declarationOf(name), handler } as Declaration
  }

  test('count what ended, well or not, once however often it was delivered, and tell the listeners', async () => {
    const step = await world.documentAt('scan')
    expect(await read(`/v1/jobs/${step.job_id}`)).toMatchObject({ attempts: 1, cost_microdollars: 0 })
    const body = world.envelope(step)
    const { status } = await world.deliver('documents-scan', failing('documents-scan'), { body })
    expect(status).toBe(500)
    expect(await read(`/v1/jobs/${step.job_id}`)).toMatchObject({
      status: 'running',
      attempts: 2,
      message: 'An attempt failed (INTERNAL); it is repeated',
    })
    for (const attempt of [2, 3]) {
      await world.deliver('documents-scan', declarationOf('documents-scan'), { body, attempt })
    }
    expect((await read(`/v1/jobs/${step.job_id}`)).attempts).toBe(3)
    const told = (await events(step.job_id)).map(({ data }) => data.attempts)
    expect(told).toEqual([0, 1, 2, 3])
  })

  test('count the one that was given up', async () => {
    const step = await world.documentAt('scan')
    const { run } = (await failing('documents-scan').handler()) as { run: unknown }
    const { failed } = (await declarationOf('documents-scan').handler()) as { failed: unknown }
    const broken = { ...declarationOf('documents-scan'), handler: async () => ({ run, failed }) } as Declaration
    const push = { body: world.envelope(step), attempt: queuePolicies.default.attempts }
    expect((await world.deliver('documents-scan', broken, push)).outcome).toBe('dead-lettered')
    expect(await read(`/v1/jobs/${step.job_id}`)).toMatchObject({ status: 'failed', attempts: 2 })
    expect((await events(step.job_id)).at(-1)?.data).toMatchObject({ status: 'failed', attempts: 2 })
  })

  test('tell what models cost in millionths of a dollar, also of thousands of dollars', async () => {
    const { job_id } = await world.documentAt('scan')
    await owner`update jobs set cost_microdollars = 5000000001 where id = ${job_id}`
    expect((await read(`/v1/jobs/${job_id}`)).cost_microdollars).toBe(5_000_000_001)
  })
})

test('the time that is left follows from the pace so far', async () => {
  const id = newId()
  const { orgId, workspaceId } = world
  await world.services.database.transaction({ ...nobody, orgId, workspaceId: 'any' }, async (sql) => {
    const draft = { id, orgId, workspaceId, kind: 'test', total: 0, message: '', subjectId: id, createdBy: null }
    expect((await startJob(sql, draft)).eta_seconds).toBeNull()
    await progressJob(sql, id, { done: 0, total: 10, message: '' })
  })
  expect((await read(`/v1/jobs/${id}`)).eta_seconds).toBeNull()
  await owner`update jobs set done = 4, created_at = now() - interval '400 seconds', updated_at = now() where id = ${id}`
  const { eta_seconds: left } = await read(`/v1/jobs/${id}`)
  expect(left).toBeGreaterThan(590)
  expect(left).toBeLessThanOrEqual(600)
  await owner`update jobs set created_at = now() - interval '2 hours', updated_at = now() - interval '1 hour',
    done = 9 where id = ${id}`
  expect((await read(`/v1/jobs/${id}`)).eta_seconds).toBe(0)
  await owner`delete from jobs where id = ${id}`
})

describe('stale jobs', () => {
  let looks = 0
  const look = async () => {
    const name = 'operations-fail-stale-jobs'
    const { outcome } = await world.deliver(name, declarationOf(name), {
      body: '',
      scheduledAt: new Date(600_000 * ++looks),
    })
    expect(outcome).toBe('done')
  }
  const age = (jobId: string, minutes: number) =>
    owner`update jobs set updated_at = now() - make_interval(mins => ${minutes}) where id = ${jobId}`
  const forget = (jobId: string) => owner`delete from outbox where body #>> '{payload,job_id}' = ${jobId}`
  const statusOf = async (jobId: string) => (await read(`/v1/jobs/${jobId}`)).status

  /** Lets a job be found again and again without anybody doing its work, as often as it is taken up. */
  async function abandon(jobId: string, minutes: number): Promise<void> {
    for (let revival = 0; revival < revivalLimit; revival++) {
      await forget(jobId)
      await age(jobId, minutes)
      await look()
      expect(await waitingAbout(jobId)).toHaveLength(1)
    }
    await forget(jobId)
    await age(jobId, minutes)
  }

  test('are taken up again where they stand, twice, and then failed with what they work on; others are let be', async () => {
    const random = new Random(20261121)
    const expected = new Map<string, string>()
    for (let n = 0; n < 24; n++) {
      const kind = random.pick(['scan', 'extract-text', 'export'] as const)
      const isLong = kind !== 'scan'
      const isStale = random.next() < 0.5
      const isWaiting = random.next() < 0.25
      const { job_id } = kind === 'export' ? await world.pendingExport() : await world.documentAt(kind)
      if (!isWaiting) await forget(job_id)
      else if (kind === 'export') await keepMessage(job_id)
      const hours = isLong ? staleHours.longRunning : staleHours.other
      await age(job_id, hours * 60 + (isStale ? 5 : -5))
      const task = { scan: 'documents-scan', 'extract-text': 'documents-extract-text', export: 'exports-build' }[kind]
      expected.set(job_id, isStale && !isWaiting ? task : kind === 'export' ? 'queued' : 'running')
    }
    const isStale = (jobId: string) => expected.get(jobId)!.includes('-')
    const stale = [...expected.keys()].filter(isStale)
    for (let revival = 0; revival < revivalLimit; revival++) {
      await look()
      for (const [jobId, what] of expected) {
        const job = await read(`/v1/jobs/${jobId}`)
        expect(job.status, jobId).toBe(isStale(jobId) ? 'running' : what)
        if (isStale(jobId)) expect(await waitingAbout(jobId)).toEqual([what])
      }
      // It is taken up once, however often somebody looks.
      await look()
      for (const jobId of stale) {
        expect(await waitingAbout(jobId)).toHaveLength(1)
        await forget(jobId)
        await age(jobId, 60 * staleHours.longRunning + 5)
      }
    }
    await look()
    for (const jobId of stale) expected.set(jobId, 'failed')
    for (const [jobId, status] of expected) {
      const job = await read(`/v1/jobs/${jobId}`)
      expect(job.status, jobId).toBe(status)
      if (status === 'failed') expect(job.error.code).toBe('STALE')
      const subject = await read(`/v1/${job.kind === 'export.build' ? 'exports' : 'documents'}/${job.subject_id}`)
      expect(subject.status).toBe(status === 'failed' ? 'failed' : 'processing')
    }
  })

  /** A message about the job that nobody has sent yet. */
  async function keepMessage(jobId: string): Promise<void> {
    const body = world.envelope({ job_id: jobId })
    await owner`insert into outbox (id, org_id, kind, target, queue, body)
      values (${body.id}, ${world.orgId}, 'task', 'exports-build', 'long-running', ${owner.json(body as never)})`
  }

  test('are told from those that wait because the queues are behind', async () => {
    const step = await world.documentAt('scan')
    await forget(step.job_id)
    await age(step.job_id, staleHours.other * 60 + 30)
    const other = await world.documentAt('scan')
    await owner`update job_events set created_at = now() - interval '3 hours' where job_id = ${other.job_id} and sequence = 1`
    await look()
    expect(await statusOf(step.job_id)).toBe('running')
    expect(await waitingAbout(step.job_id)).toEqual([])
    await age(step.job_id, staleHours.other * 60 + 3 * 60 + 5)
    await look()
    expect(await waitingAbout(step.job_id)).toEqual(['documents-scan'])
    await owner`update job_events set created_at = now() where job_id = ${other.job_id}`
  })

  test('whose document is ready tell of it again, and have succeeded when that comes to nothing', async () => {
    const step = await world.documentAt('notify')
    await abandon(step.job_id, 60 * 24)
    await look()
    expect(await statusOf(step.job_id)).toBe('succeeded')
    expect((await read(`/v1/documents/${step.document_id}`)).status).toBe('ready')
  })

  test('of erasures are taken up again as often as it takes', async () => {
    const { id: workspaceId, name } = await world.newWorkspace()
    const { body: erasure } = await send('DELETE', `/v1/workspaces/${workspaceId}?confirm=${encodeURIComponent(name)}`)
    await abandon(erasure.id, 60 * 24)
    await look()
    expect(await statusOf(erasure.id)).toBe('running')
    expect(await waitingAbout(erasure.id)).toEqual(['workspaces-erase'])
  })

  test('that are taken up again go on to the same end, with each effect once', async () => {
    const step = await world.documentAt('scan')
    await forget(step.job_id)
    await age(step.job_id, 60 * 24)
    await look()
    const [revived] = await owner<{ body: unknown }[]>`
      select body from outbox where body #>> '{payload,job_id}' = ${step.job_id}`
    const scan = (body: unknown) => world.deliver('documents-scan', declarationOf('documents-scan'), { body })
    expect([await scan(revived?.body), await scan(revived?.body)].map(({ outcome }) => outcome)).toEqual([
      'done',
      'duplicate',
    ])
    for (const name of ['extract-text', 'extract-intelligence', 'index']) {
      expect(await deliver(`documents-${name}`, step)).toBe('done')
    }
    expect(await deliver('notifications-document-finished', { ...step, outcome: 'ready' })).toBe('done')
    const job = await read(`/v1/jobs/${step.job_id}`)
    expect(job).toMatchObject({ status: 'succeeded', done: job.total, attempts: job.total })
    const told = await owner`select 1 from notifications where subject_id = ${step.document_id}`
    expect(told).toHaveLength(1)
  })

  test('have had longer than all attempts of their queue take', () => {
    const hoursOf = (queue: keyof typeof queuePolicies) => {
      const { attempts, deadlineSeconds, maximumBackoffSeconds } = queuePolicies[queue]
      return ((attempts + spareAttempts) * (deadlineSeconds + maximumBackoffSeconds)) / 3600
    }
    expect(staleHours.other).toBeGreaterThan(hoursOf('default'))
    expect(staleHours.longRunning).toBeGreaterThan(hoursOf('long-running'))
  })
})
