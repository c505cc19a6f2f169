import postgres from 'postgres'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import type { RunStep } from '#shared/domain/agents/messages.ts'
import { newId } from '#shared/domain/ids.ts'
import type { Database } from '#shared/platform/database/index.ts'
import { refuseOverspending } from '../setup/costs.ts'
import { cloneDatabase, type TestDatabase } from '../setup/database.ts'
import { fullEffects } from '../setup/playbooks.ts'
import { MortalCouncil } from './mortal-council.ts'
import type { CouncilErrand } from './mortal-council-process.ts'
import { Random } from './random.ts'
import { expectBalance, expectSound, marksOf, moodyModel, openStorm, type Storm } from './stormy-council.ts'

/** Repeat with another by ADAPT_FAULT_SEED=…: it decides which run dies where. */
const seed = Number(process.env.ADAPT_FAULT_SEED ?? 20261121)
const noStop = 1_000_000

/** Everything that is done for a run, in an order in which it can be. */
const course = [
  'start 0',
  'right 0',
  'approve',
  'left 0',
  'middle 0',
  'join 0',
  'again 0',
  'join 1',
  'again 1',
  'end 0',
]

let clone: TestDatabase
let database: Database
let owner: postgres.Sql
const random = new Random(seed)

beforeAll(async () => {
  clone = await cloneDatabase(inject('clusterUrl'))
  database = clone.open(8, 60)
  owner = postgres(clone.ownerUrl, { max: 2, onnotice: () => {} })
  await refuseOverspending(owner)
})
afterAll(async () => {
  await database.close()
  await owner.end()
  await clone.drop()
})

/** A run in an organization of its own: who waits in the middle of a transaction holds no lock that another wants. */
interface Life {
  storm: Storm
  runId: string
}

async function begin(): Promise<Life> {
  const storm = await openStorm(database, owner, { random, share: 0, drivers: [moodyModel(random, true)] })
  const life = { storm, runId: await storm.begin() }
  storm.bench.queue.length = 0
  return life
}

function errandOf(stage: string, { storm, runId }: Life, stopAt: number): CouncilErrand {
  const { orgId, workspaceId, userId } = storm.bench
  const task = stage === 'approve' ? { approve: runId } : { do: stepOf(stage, runId) }
  return { id: newId(), tenant: { orgId, workspaceId, userId }, task, stopAt }
}

function stepOf(stage: string, runId: string): RunStep {
  const [node, iteration] = stage.split(' ')
  return { run_id: runId, node: node!, iteration: Number(iteration) }
}

/** The awaits of each part of an undisturbed run. */
async function rehearse(): Promise<Map<string, string[]>> {
  const life = await begin()
  const mortal = new MortalCouncil(clone.appUrl)
  const awaits = new Map<string, string[]>()
  for (const stage of course) {
    const fate = await mortal.go(errandOf(stage, life, noStop))
    if (!('steps' in fate)) throw new Error(`it stopped ${fate.at}`)
    awaits.set(stage, fate.steps)
  }
  await mortal.kill()
  expect((await life.storm.bench.read(life.runId)).run.status).toBe('completed')
  return awaits
}

/** Senders deliver again what was not answered, once the leases of the dead are over; what nobody sent is found. */
async function recover(stage: string, { storm, runId }: Life): Promise<void> {
  const { bench } = storm
  await storm.expireLeases()
  if (stage !== 'approve') {
    const copies = random.integer(1, 2)
    await Promise.all(Array.from({ length: copies }, () => bench.deliver(stepOf(stage, runId))))
  } else if ((await bench.read(runId)).steps.some(({ status }) => status === 'waiting')) {
    await bench.decide(runId, 'approval', true)
  }
  bench.queue.length = 0
  await storm.recoverLost()
  const sent = bench.queue.splice(0).map(({ step }) => `${step.node} ${step.iteration}`)
  const open = await owner<{ name: string }[]>`
    select concat_ws(' ', node, iteration) as name from agent_run_steps
    where run_id = ${runId} and status in ('pending', 'running')`
  // No step is left without a task.
  expect(sent.sort()).toEqual(open.map(({ name }) => name).sort())
}

test(`runs whose processes are killed at every await end as an undisturbed one does (seed ${seed})`, async () => {
  const awaits = await rehearse()
  for (const names of ['start 0', 'again 1'].map((stage) => awaits.get(stage))) {
    expect(names).toEqual(expect.arrayContaining(['statement', 'commit', 'commit, done', 'ask model, done']))
  }
  expect(awaits.get('start 0')).toContain('enqueue, done')
  const deepest = Math.max(...[...awaits.values()].map(({ length }) => length))
  const lives: Life[] = []
  for (let made = 0; made < deepest; made++) lives.push(await begin())

  for (const stage of course) {
    const names = awaits.get(stage)!
    // Each run dies at another await; those that have none left go through.
    const places = random.shuffle(lives.map((_, at) => at + 1))
    const mortal = new MortalCouncil(clone.appUrl)
    const fates = await Promise.all(lives.map((life, at) => mortal.go(errandOf(stage, life, places[at]!))))
    await mortal.kill()
    const stopped = fates.flatMap((fate) => ('at' in fate ? [fate.at] : []))
    expect(new Set(stopped), stage).toEqual(new Set(names))
    // How many there are depends on how often leases are renewed meanwhile.
    expect(stopped.length, stage).toBeGreaterThan(names.length / 2)
    for (const life of lives) await recover(stage, life)
  }

  for (const { storm, runId } of lives) {
    const { run, output, steps } = await storm.bench.read(runId)
    expect(run).toMatchObject({ status: 'completed', error: null })
    expect(await marksOf(owner, runId)).toEqual(fullEffects)
    expect(new Set(steps.map(({ status }) => status))).toEqual(new Set(['succeeded']))
    expect(output.value).toMatchObject({ end: { name: 'end-0' }, again: { name: 'again-1' } })
    await expectSound(owner, runId, runId)
  }
  await expectBalance(database, owner, 'at the end')
}, 900_000)
