import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import type { Database } from '#shared/platform/database/index.ts'
import { openCouncil } from '../../../tests/setup/council.ts'
import { cloneDatabase, type TestDatabase } from '../../../tests/setup/database.ts'
import { approvalNode, testPlaybook, workNode } from '../../../tests/setup/playbooks.ts'
import { newId } from '../ids.ts'
import { toGraph } from './graph.ts'
import type { Playbook } from './playbook.ts'
import { endUndecided, listLostSteps, listUndecidedRuns, recoverStep } from './recover.ts'
import { stepHandlers } from './step-handlers.ts'
import { claimStep, renewLease } from './steps.ts'

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

const open = (playbook: Playbook) => openCouncil(database, { playbooks: [playbook] })

test('a step whose task was lost is found, and enqueued once', async () => {
  const playbook = testPlaybook({ a: workNode(async () => 1) }, [])
  const bench = await open(playbook)
  const id = await bench.begin('test')
  bench.queue.length = 0
  expect(await bench.transaction(listLostSteps)).toEqual([])
  await bench.transaction((sql) => sql`update agent_run_steps set created_at = now() - interval '11 minutes'`)
  const lost = await bench.transaction(listLostSteps)
  expect(lost).toMatchObject([{ run_id: id, node: 'a', iteration: 0, workspace_id: bench.workspaceId }])
  const catalogue = { playbooks: new Map([['test', toGraph(playbook)]]), tools: new Map() }
  for (const step of [...lost, ...lost]) await bench.act((context) => recoverStep(context, catalogue, step))
  expect(bench.queue).toHaveLength(1)
  await bench.drain()
  expect((await bench.read(id)).run.status).toBe('completed')
})

test('a step whose holder is gone is taken from it, and enqueued once', async () => {
  const playbook = testPlaybook({ a: workNode(async () => 1) }, [])
  const bench = await open(playbook)
  const id = await bench.begin('test')
  const [task] = bench.queue.splice(0)
  const lease = newId()
  await bench.transaction((sql) => claimStep(sql, task!.step, lease))
  expect(await bench.transaction(listLostSteps)).toEqual([])
  await bench.transaction((sql) => sql`update agent_run_steps set leased_until = now() - interval '11 minutes'`)
  const lost = await bench.transaction(listLostSteps)
  expect(lost).toMatchObject([{ run_id: id, node: 'a' }])
  const catalogue = { playbooks: new Map([['test', toGraph(playbook)]]), tools: new Map() }
  for (const step of [...lost, ...lost]) await bench.act((context) => recoverStep(context, catalogue, step))
  expect(bench.queue).toHaveLength(1)
  expect(await bench.transaction(listLostSteps)).toEqual([])
  expect(await bench.transaction((sql) => renewLease(sql, task!.step, lease))).toBe(false)
  await bench.drain()
  expect((await bench.read(id)).steps).toMatchObject([{ status: 'succeeded', attempt: 2 }])
})

test('a run that nobody decides on is ended, unless somebody did since it was found', async () => {
  const playbook = testPlaybook({ approval: approvalNode, b: workNode(async () => 2) }, [{ from: 'approval', to: 'b' }])
  const bench = await open(playbook)
  const [decided, forgotten] = [await bench.begin('test'), await bench.begin('test')]
  expect(await bench.transaction(listUndecidedRuns)).toEqual([])
  await bench.transaction((sql) => sql`update agent_runs set updated_at = now() - interval '31 days'`)
  const found = await bench.transaction(listUndecidedRuns)
  expect(found.map(({ id }) => id).sort()).toEqual([decided, forgotten].sort())
  await bench.decide(decided, 'approval', true)
  const ended = await bench.act(async (context) => [
    await endUndecided(context, decided),
    await endUndecided(context, forgotten),
  ])
  expect(ended).toEqual([false, true])
  await bench.drain()
  expect((await bench.read(decided)).run.status).toBe('completed')
  expect((await bench.read(forgotten)).run).toMatchObject({ status: 'cancelled', error: { code: 'UNDECIDED' } })
})

test('a run whose playbook is gone ends, whether its task comes, is given up or was lost', async () => {
  const playbook = testPlaybook({ a: workNode(async () => 1) }, [])
  const bench = await open(playbook)
  const gone = { playbooks: new Map(), tools: new Map() }
  const { prepare, run, failed } = stepHandlers(async () => gone)
  const around = {
    ...{ principal: { ...bench, userId: null }, requestId: 'test', now: new Date(), log: { warn: () => {} } },
    ...{ signal: new AbortController().signal, read: bench.transaction, commit: bench.transaction },
    ...{
      models: { complete: () => Promise.reject(new Error('none')) },
      fetchText: () => Promise.reject(new Error('none')),
    },
    objects: { write: async () => {}, read: async () => null },
  }
  const more = { now: new Date(), config: { DEFAULT_PLAN: 'enterprise' }, audit: () => {} }
  const ids = [await bench.begin('test'), await bench.begin('test'), await bench.begin('test')]
  const [comes, givenUp] = bench.queue.splice(0).map(({ step }) => step)
  const outcome = await prepare(around, comes!)
  await bench.act((context) => run({ ...context, ...more }, comes!, outcome))
  await bench.act((context) =>
    failed({ ...context, ...more }, givenUp!, { code: 'ATTEMPTS_EXHAUSTED', message: 'given up' }),
  )
  await bench.transaction((sql) => sql`update agent_run_steps set created_at = now() - interval '11 minutes'`)
  const [lost] = await bench.transaction(listLostSteps)
  expect(await bench.act((context) => recoverStep(context, gone, lost!))).toBe(true)
  const found = bench.queue[0]!.step
  const last = await prepare(around, found)
  await bench.act((context) => run({ ...context, ...more }, found, last))
  for (const id of ids) {
    const ended = await bench.read(id)
    expect(ended.run).toMatchObject({ status: 'failed', error: { code: 'NO_PLAYBOOK' } })
    expect(ended.steps.map(({ status }) => status)).toEqual(['failed'])
  }
})
