import * as v from 'valibot'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import type { Database } from '#shared/platform/database/index.ts'
import { type CouncilBench, openCouncil } from '../../../tests/setup/council.ts'
import { cloneDatabase, type TestDatabase } from '../../../tests/setup/database.ts'
import {
  approvalNode,
  fullEffects,
  fullPlaybook,
  makeProject,
  testPlaybook,
  workNode,
} from '../../../tests/setup/playbooks.ts'
import { AppError } from '../errors.ts'
import { newId } from '../ids.ts'
import { toGraph } from './graph.ts'
import type { Playbook } from './playbook.ts'
import { cancelRun, createRun, retryRun } from './runs.ts'
import { claimStep } from './steps.ts'
import { defineTool } from './tools.ts'

let clone: TestDatabase
let database: Database

beforeAll(async () => {
  clone = await cloneDatabase(inject('clusterUrl'))
  database = clone.open(4)
})
afterAll(async () => {
  await database.close()
  await clone.drop()
})

const open = (...playbooks: Playbook[]) => openCouncil(database, { playbooks, tools: [makeProject] })

async function effects(bench: CouncilBench): Promise<string[]> {
  const rows = await bench.transaction((sql) => sql<{ name: string }[]>`select name from projects order by name`)
  return rows.map(({ name }) => name)
}

test('a run fans out, waits for its approval, joins, goes round its loop and ends with its output', async () => {
  const bench = await open(fullPlaybook())
  const id = await bench.begin('full')
  await bench.drain()
  const waiting = await bench.read(id)
  expect(waiting.run).toMatchObject({ status: 'waiting_approval', error: null, finished_at: null })
  expect(waiting.steps.filter(({ status }) => status === 'waiting').map(({ node }) => node)).toEqual(['approval'])
  await bench.decide(id, 'approval', true)
  await bench.drain()
  const { run, output, steps } = await bench.read(id)
  expect(run.status).toBe('completed')
  expect(await effects(bench)).toEqual(fullEffects)
  expect(steps.every(({ status }) => status === 'succeeded')).toBe(true)
  expect(output.value).toMatchObject({ end: { name: 'end-0' }, again: { name: 'again-1' } })
  // What follows a join has seen all that it joins.
  const joined = steps.find(({ node, iteration }) => node === 'join' && iteration === 0)!
  expect((joined.output as { seen: string[] }).seen).toEqual(['approval', 'left', 'middle', 'right', 'start'])
  expect(bench.told.map(({ status }) => status)).toEqual(['waiting_approval', 'completed'])
  expect(bench.audited).toHaveLength(fullEffects.length)
  const [job] = await bench.transaction(
    (sql) => sql<{ status: string; done: number; total: number; attempts: number }[]>`
      select status, done, total, attempts from jobs where id = ${run.job_id}`,
  )
  expect(job).toEqual({ status: 'succeeded', done: 10, total: 10, attempts: 9 })
})

describe('a step that fails', () => {
  test('is tried again after a pause, as often as its node says', async () => {
    let tries = 0
    const flaky = workNode(async () => {
      if (++tries < 3) throw new Error('not yet')
      return tries
    })
    const bench = await open(testPlaybook({ flaky }, []))
    const id = await bench.begin('test')
    await bench.deliver(bench.queue.shift()!.step)
    expect(bench.queue[0]?.notBefore?.getTime()).toBeGreaterThan(Date.now())
    await bench.drain()
    const { run, steps } = await bench.read(id)
    expect(run.status).toBe('completed')
    expect(steps).toMatchObject([{ status: 'succeeded', attempt: 3, output: 3 }])
  })

  test('ends the run, says where, and keeps what siblings did; a retry goes on from there', async () => {
    const did: string[] = []
    let broken = true
    const note = (name: string) =>
      workNode(async () => {
        did.push(name)
        return name
      })
    const fails = workNode(
      async () => {
        did.push('fails')
        if (broken) throw new AppError('NOT_FOUND', 'The document is gone')
        return 'mended'
      },
      { title: 'Read it' },
    )
    const playbook = testPlaybook({ a: note('a'), b: note('b'), fails, d: note('d') }, [
      { from: 'a', to: 'b' },
      { from: 'a', to: 'fails' },
      { from: 'b', to: 'd' },
      { from: 'fails', to: 'd' },
    ])
    const bench = await open(playbook)
    const id = await bench.begin('test')
    await bench.drain()
    const failed = await bench.read(id)
    expect(failed.run).toMatchObject({
      status: 'failed',
      error: { code: 'STEP_FAILED', message: 'This step failed: Read it' },
    })
    expect(failed.steps.find(({ node }) => node === 'fails')).toMatchObject({
      status: 'failed',
      error: { code: 'NOT_FOUND', message: 'The document is gone' },
    })
    expect(did).toEqual(['a', 'b', 'fails'])
    broken = false
    const graph = toGraph(playbook)
    await bench.act((context) =>
      retryRun(context, () => graph, id, {
        userId: bench.userId,
        maximumActive: 9,
        at: new Date(),
        defaultPlanId: 'enterprise',
      }),
    )
    await bench.drain()
    expect((await bench.read(id)).run).toMatchObject({ status: 'completed', error: null })
    expect(did).toEqual(['a', 'b', 'fails', 'fails', 'd'])
  })

  test('shows nothing of an inner error', async () => {
    const bench = await open(
      testPlaybook({ a: workNode(async () => Promise.reject(new Error('secret')), { attempts: 1 }) }, []),
    )
    const id = await bench.begin('test')
    await bench.drain()
    expect(JSON.stringify(await bench.read(id))).not.toContain('secret')
  })

  test('has no effects', async () => {
    const half = workNode(
      async ({ use }) => {
        await use('notify', { name: 'half' })
        throw new AppError('CONFLICT', 'no')
      },
      { attempts: 1 },
    )
    const bench = await open(testPlaybook({ half }, []))
    await bench.begin('test')
    await bench.drain()
    expect(await effects(bench)).toEqual([])
  })
})

test('what a tool was to do and may not any more fails its step with all of its effects', async () => {
  const refuses = defineTool({
    name: 'write_brief',
    description: 'Is refused when it is done',
    kind: 'changing',
    untrusted: false,
    input: v.strictObject({}),
    call: async () => ({
      output: null,
      effect: async () => {
        throw new AppError('CONFLICT', 'The list is gone')
      },
    }),
  })
  const node = workNode(async ({ use }) => {
    await use('notify', { name: 'half' })
    await use('write_brief', {})
    return 'done'
  })
  const bench = await openCouncil(database, {
    playbooks: [testPlaybook({ node, after: workNode(async () => 1) }, [{ from: 'node', to: 'after' }])],
    tools: [makeProject, refuses],
  })
  const id = await bench.begin('test')
  await bench.drain()
  const { run, steps } = await bench.read(id)
  expect(run).toMatchObject({ status: 'failed' })
  expect(steps).toMatchObject([
    { status: 'failed', output: null, error: { code: 'CONFLICT', message: 'The list is gone' } },
  ])
  expect(await effects(bench)).toEqual([])
  expect(bench.audited).toEqual([])
})

test('a node that takes longer than it may is stopped, and tried again', async () => {
  const slow = workNode(
    ({ signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    {
      timeoutSeconds: 0.05,
      attempts: 1,
    },
  )
  const bench = await open(testPlaybook({ slow }, []))
  const id = await bench.begin('test')
  await bench.drain()
  expect((await bench.read(id)).steps[0]).toMatchObject({ status: 'failed', error: { code: 'TIMEOUT' } })
})

describe('two deliveries of a step', () => {
  test('can not both do it: the second waits for the lease of the first', async () => {
    let running = 0
    let most = 0
    let release = () => {}
    const gate = new Promise<void>((resolve) => {
      release = resolve
    })
    const node = workNode(async ({ use }) => {
      most = Math.max(most, ++running)
      await gate
      running--
      await use('notify', { name: 'once' })
      return null
    })
    const bench = await open(testPlaybook({ node }, []))
    const id = await bench.begin('test')
    const { step } = bench.queue.shift()!
    const first = bench.deliver(step)
    await expect.poll(() => running).toBe(1)
    await bench.deliver(step)
    // Looked at again when the lease of the first would be over.
    expect(bench.queue).toHaveLength(1)
    expect(bench.queue[0]?.notBefore?.getTime()).toBeGreaterThan(Date.now() + 25_000)
    release()
    await first
    await bench.drain()
    expect(most).toBe(1)
    expect(await effects(bench)).toEqual(['once'])
    expect((await bench.read(id)).run.status).toBe('completed')
  })

  test('of which one takes it while the other looks: that one looks again too', async () => {
    const bench = await open(testPlaybook({ node: workNode(async () => null) }, []))
    await bench.begin('test')
    const { step } = bench.queue.shift()!
    const waiting = () =>
      bench.transaction(
        (sql) => sql`
          select 1 from pg_stat_activity
          where datname = current_database() and wait_event_type = 'Lock' and query like '%agent_run_steps%'`,
      )
    let second = Promise.resolve()
    await bench.transaction(async (sql) => {
      expect((await claimStep(sql, step, newId()))?.lease).not.toBeNull()
      second = bench.deliver(step)
      await expect.poll(async () => (await waiting()).length, { timeout: 30_000 }).toBe(1)
    })
    await second
    expect(bench.queue).toHaveLength(1)
    expect(bench.queue[0]?.notBefore?.getTime()).toBeGreaterThan(Date.now() + 25_000)
  })

  test('and the first comes back after its lease was over: it has no effect', async () => {
    let release = () => {}
    const gate = new Promise<void>((resolve) => {
      release = resolve
    })
    let calls = 0
    const node = workNode(async ({ use }) => {
      const call = ++calls
      if (call === 1) await gate
      await use('notify', { name: `call-${call}` })
      return call
    })
    const bench = await open(testPlaybook({ node }, []))
    const id = await bench.begin('test')
    const { step } = bench.queue.shift()!
    const first = bench.deliver(step)
    await expect.poll(() => calls).toBe(1)
    await bench.transaction((sql) => sql`update agent_run_steps set leased_until = now() - interval '1 second'`)
    await bench.deliver(step)
    release()
    await first
    expect(await effects(bench)).toEqual(['call-2'])
    expect((await bench.read(id)).steps[0]).toMatchObject({ output: 2, attempt: 2 })
  })
})

test('a run that is cancelled stops at its next await, and has no effect', async () => {
  let reached = false
  let release = () => {}
  const gate = new Promise<void>((resolve) => {
    release = resolve
  })
  const node = workNode(async ({ use }) => {
    await use('notify', { name: 'never' })
    reached = true
    await gate
    return null
  })
  const bench = await open(testPlaybook({ node, after: workNode(async () => 1) }, [{ from: 'node', to: 'after' }]))
  const id = await bench.begin('test')
  const delivery = bench.deliver(bench.queue.shift()!.step)
  await expect.poll(() => reached).toBe(true)
  await bench.act((context) => cancelRun(context, id, { code: 'CANCELLED', message: 'Cancelled' }))
  release()
  await delivery
  expect(bench.queue).toEqual([])
  expect(await effects(bench)).toEqual([])
  expect((await bench.read(id)).run).toMatchObject({ status: 'cancelled', error: { code: 'CANCELLED' } })
  await expect(
    bench.act((context) => cancelRun(context, id, { code: 'CANCELLED', message: 'Cancelled' })),
  ).rejects.toMatchObject({ code: 'CONFLICT' })
})

describe('an approval', () => {
  const playbook = testPlaybook({ a: workNode(async () => 1), approval: approvalNode, b: workNode(async () => 2) }, [
    { from: 'a', to: 'approval' },
    { from: 'approval', to: 'b' },
  ])

  test('that is refused ends the run, and is asked for again by a retry', async () => {
    const bench = await open(playbook)
    const id = await bench.begin('test')
    await bench.drain()
    await bench.decide(id, 'approval', false)
    expect((await bench.read(id)).run).toMatchObject({ status: 'cancelled', error: { code: 'REJECTED' } })
    expect(bench.queue).toEqual([])
    const graph = toGraph(playbook)
    await bench.act((context) =>
      retryRun(context, () => graph, id, {
        userId: null,
        maximumActive: 9,
        at: new Date(),
        defaultPlanId: 'enterprise',
      }),
    )
    expect((await bench.read(id)).run.status).toBe('waiting_approval')
    await bench.decide(id, 'approval', true)
    await bench.drain()
    expect((await bench.read(id)).run.status).toBe('completed')
  })

  test('is decided once, whoever decides at the same moment', async () => {
    const bench = await open(playbook)
    const id = await bench.begin('test')
    await bench.drain()
    const decisions = await Promise.allSettled(
      [true, false, true, false].map((approved) => bench.decide(id, 'approval', approved)),
    )
    expect(decisions.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(bench.queue.length).toBeLessThanOrEqual(1)
  })
})

test('an output that is too large for a row lies among the artifacts, and later nodes see it whole', async () => {
  const large = 'x'.repeat(200_000)
  const bench = await open(
    testPlaybook(
      { a: workNode(async () => large), b: workNode(async ({ state }) => (state.outputs.a as string).length) },
      [{ from: 'a', to: 'b' }],
    ),
  )
  const id = await bench.begin('test')
  await bench.drain()
  const { steps, output } = await bench.read(id)
  expect(steps[0]).toMatchObject({ output: null, output_key: expect.stringContaining(`/runs/${id}/a-`) })
  expect(steps[1]?.output).toBe(200_000)
  expect(output.key).toMatch(new RegExp(`^${bench.orgId}/${bench.workspaceId}/runs/${id}/`))
})

test('an organization has no more runs under way than it may, however many begin at once', async () => {
  const playbook = testPlaybook({ a: workNode(async () => 1) }, [])
  const bench = await open(playbook)
  const graph = toGraph(playbook)
  const begun = await Promise.allSettled(
    Array.from({ length: 8 }, () =>
      bench.act((context) =>
        createRun(context, graph, {
          id: crypto.randomUUID(),
          orgId: bench.orgId,
          workspaceId: bench.workspaceId,
          input: { value: {}, key: null },
          budgetMicrodollars: null,
          createdBy: null,
          maximumActive: 3,
          at: new Date(),
          defaultPlanId: 'enterprise',
        }),
      ),
    ),
  )
  expect(begun.filter(({ status }) => status === 'fulfilled')).toHaveLength(3)
  for (const one of begun) if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'RATE_LIMITED' })
})
