import { Readable } from 'node:stream'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import type { Database } from '#shared/platform/database/index.ts'
import { openCouncil } from '../../../tests/setup/council.ts'
import { cloneDatabase, type TestDatabase } from '../../../tests/setup/database.ts'
import { approvalNode, testPlaybook, workNode } from '../../../tests/setup/playbooks.ts'
import { toGraph } from './graph.ts'
import type { Playbook, State } from './playbook.ts'
import { showRun } from './show.ts'

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

test('an approval shows nothing when a part of what it is about is kept no longer', async () => {
  const playbook = testPlaybook(
    { a: workNode(async () => ({ large: 'x'.repeat(200_000) })), approval: approvalNode, b: workNode(async () => 2) },
    [
      { from: 'a', to: 'approval' },
      { from: 'approval', to: 'b' },
    ],
  )
  const shows = { ...approvalNode, shows: ({ outputs }: State) => (outputs.a as { large: string }).large.length }
  const catalogue = {
    playbooks: new Map([['test', toGraph({ ...playbook, nodes: { ...playbook.nodes, approval: shows } })]]),
    tools: new Map(),
  }
  const bench = await open(playbook)
  const id = await bench.begin('test')
  await bench.drain()
  const objects = {
    write: async () => {},
    read: async (_: string, key: string) =>
      bench.objects.has(key) ? { body: Readable.from([bench.objects.get(key)!]) } : null,
  }
  const shown = async () => {
    const { steps } = await showRun(objects, catalogue, await bench.read(id))
    return steps.find(({ node }) => node === 'approval')?.shows
  }
  expect(await shown()).toBe(200_000)
  bench.objects.clear()
  expect(await shown()).toBeNull()
  await bench.decide(id, 'approval', true)
  await bench.drain()
  expect((await bench.read(id)).run).toMatchObject({ status: 'failed' })
})
