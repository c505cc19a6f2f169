import { afterAll, beforeAll, expect, test } from 'vitest'
import doStepFunction from '#functions/agent-runs/do-step/function.ts'
import type { Catalogue } from '#shared/domain/agents/catalogue.ts'
import { toGraph } from '#shared/domain/agents/graph.ts'
import { createRun } from '#shared/domain/agents/runs.ts'
import { stepHandlers } from '#shared/domain/agents/step-handlers.ts'
import type { Tool } from '#shared/domain/agents/tools.ts'
import { newId } from '#shared/domain/ids.ts'
import type { Json } from '#shared/domain/sql.ts'
import { serviceScope } from '#shared/runtime/contexts.ts'
import { defineTask } from '#shared/runtime/declarations.ts'
import { type Instance, startInstance } from '../setup/instance.ts'
import { makeProject, testPlaybook, workNode } from '../setup/playbooks.ts'
import type { Carried } from './carrier.ts'
import { openStage, type Stage, signUp } from './stage.ts'

let stage: Stage
let instance: Instance
let place: { orgId: string; workspaceId: string }
/** What the node of the playbook does. */
let work: () => Promise<Json>

const node = workNode(async ({ use }) => {
  const done = await work()
  await use('notify', { name: `${done}` })
  return done
})
const graph = toGraph(testPlaybook({ node }, []))
const catalogue: Catalogue = {
  playbooks: new Map([['test', graph]]),
  tools: new Map([[makeProject.name, makeProject as unknown as Tool]]),
}
const name = 'agent-runs-do-step'
const handler = async () => stepHandlers(async () => catalogue)

beforeAll(async () => {
  stage = await openStage()
  await signUp(stage)
  const [workspace] = await stage.owner<{ org_id: string; id: string }[]>`select org_id, id from workspaces`
  place = { orgId: workspace!.org_id, workspaceId: workspace!.id }
  const { bus, queue } = stage.carrier
  const declaration = defineTask({ ...doStepFunction, handler })
  instance = await startInstance({ ...stage.product.services, bus, queue }, [
    { name, folder: 'agent-runs/do-step', declaration },
  ])
})
afterAll(async () => {
  await instance?.stop()
  await stage?.close()
})

async function begin(): Promise<{ runId: string; message: Carried }> {
  const runId = newId()
  const scope = serviceScope(place.orgId, null, place.workspaceId)
  const draft = { ...place, id: runId, input: { value: {}, key: null }, budgetMicrodollars: null, createdBy: null }
  await stage.product.services.database.transaction(scope, (sql) =>
    createRun({ sql, enqueue: async () => {}, publish: async () => {} }, graph, {
      ...draft,
      maximumActive: 100,
      at: new Date(),
      defaultPlanId: 'enterprise',
    }),
  )
  const id = newId()
  const body = JSON.stringify({
    ...{ id, event_type: name, org_id: place.orgId, workspace_id: place.workspaceId, actor_id: null },
    ...{ correlation_id: 'test', traceparent: null, timestamp: new Date().toISOString() },
    payload: { run_id: runId, node: 'node', iteration: 0 },
  })
  return { runId, message: { id, kind: 'task', target: name, body, attributes: {}, later: false, attempt: 1 } }
}

const deliver = (message: Carried) => stage.carrier.deliver(instance.url, message)

test('copies of a task that come while its step is being done take nothing from what is done', async () => {
  const reached = Promise.withResolvers<void>()
  const gate = Promise.withResolvers<void>()
  let calls = 0
  work = async () => {
    calls++
    reached.resolve()
    await gate.promise
    return `call-${calls}`
  }
  const { runId, message } = await begin()
  const first = deliver(message)
  await reached.promise
  expect(await Promise.all([deliver(message), deliver(message)])).toContain('done')
  gate.resolve()
  expect(await first).toBe('duplicate')
  const [run] = await stage.owner`select status, output from agent_runs where id = ${runId}`
  expect(run).toEqual({ status: 'completed', output: { node: 'call-1' } })
  // The copies have left tasks behind, which find it done.
  for (const later of stage.carrier.take(name)) expect(await deliver(later)).toBe('done')
  expect(await deliver(message)).toBe('duplicate')
  expect(calls).toBe(1)
  expect([...(await stage.owner`select name from projects where name like 'call-%'`)]).toEqual([{ name: 'call-1' }])
})
