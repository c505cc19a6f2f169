import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import type { Database } from '#shared/platform/database/index.ts'
import { openCouncil } from '../../../tests/setup/council.ts'
import { cloneDatabase, type TestDatabase } from '../../../tests/setup/database.ts'
import { makeProject, testPlaybook, workNode } from '../../../tests/setup/playbooks.ts'
import { lordKeys, lords } from './lords.ts'
import { listAgents, listAgentVersions, readAgent, seedCouncil, updateAgent } from './registry.ts'
import { tools } from './tools/index.ts'

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

test('every tool of every agent exists', () => {
  for (const lord of lords)
    for (const tool of lord.tools) expect([lord.key, tool, tools.has(tool)]).toEqual([lord.key, tool, true])
})

test('the council is seated once, however often and by however many at once', async () => {
  const bench = await openCouncil(database, { playbooks: [] })
  const seed = () => bench.transaction((sql) => seedCouncil(sql, bench.orgId, bench.workspaceId))
  await Promise.all([seed(), seed(), seed()])
  await seed()
  const rows = await bench.transaction((sql) => sql`select key from agents`)
  expect(rows).toHaveLength(lordKeys.length)
  const agents = await bench.transaction((sql) => listAgents(sql, bench.workspaceId))
  expect(agents.map(({ key }) => key)).toEqual([...lordKeys])
})

test('what a workspace sets is kept version by version, with who set it', async () => {
  const bench = await openCouncil(database, { playbooks: [] })
  const place = { orgId: bench.orgId, workspaceId: bench.workspaceId, key: 'seer', changedBy: bench.userId } as const
  await bench.transaction((sql) => updateAgent(sql, place, { instructions: 'Be brief.' }))
  await bench.transaction((sql) =>
    updateAgent(sql, { ...place, changedBy: null }, { enabled: false, settings: { a: 1 } }),
  )
  expect(await bench.transaction((sql) => readAgent(sql, bench.workspaceId, 'seer'))).toMatchObject({
    enabled: false,
    instructions: 'Be brief.',
    settings: { a: 1 },
    version: 3,
  })
  const versions = await bench.transaction((sql) => listAgentVersions(sql, bench.workspaceId, 'seer'))
  expect(versions.map(({ version, instructions, enabled }) => [version, instructions, enabled])).toEqual([
    [3, 'Be brief.', false],
    [2, 'Be brief.', true],
    [1, '', true],
  ])
  expect(versions.map(({ changed_by }) => changed_by)).toEqual([null, bench.userId, null])
})

test('an agent that is switched off does nothing, and its run says so', async () => {
  const node = workNode(async ({ agent }) => agent.instructions)
  const bench = await openCouncil(database, { playbooks: [testPlaybook({ node }, [])], tools: [makeProject] })
  const place = { orgId: bench.orgId, workspaceId: bench.workspaceId, key: 'herald', changedBy: null } as const
  await bench.transaction((sql) => updateAgent(sql, place, { instructions: 'Hello' }))
  const heard = await bench.begin('test')
  await bench.drain()
  expect((await bench.read(heard)).steps[0]?.output).toBe('Hello')
  await bench.transaction((sql) => updateAgent(sql, place, { enabled: false }))
  const refused = await bench.begin('test')
  await bench.drain()
  expect((await bench.read(refused)).steps[0]?.error).toEqual({
    code: 'CONFLICT',
    message: 'Herald is switched off in this workspace',
  })
})
