import { setTimeout as delay } from 'node:timers/promises'
import postgres from 'postgres'
import * as v from 'valibot'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { type DriverAnswer, type ModelDriver, ModelError, type TokenUsage } from '#shared/domain/models/types.ts'
import type { Database } from '#shared/platform/database/index.ts'
import { refuseOverspending } from '../setup/costs.ts'
import { openCouncil } from '../setup/council.ts'
import { cloneDatabase, type TestDatabase } from '../setup/database.ts'
import { paidModels } from '../setup/paid-models.ts'
import { fullEffects, fullPlaybook, testPlaybook, workNode } from '../setup/playbooks.ts'
import { carryAll, isDone } from './courier.ts'
import { Random } from './random.ts'
import { expectBalance, expectSound, marksOf, openStorm } from './stormy-council.ts'

/** Repeat with another by ADAPT_FAULT_SEED=… */
const seed = Number(process.env.ADAPT_FAULT_SEED ?? 20261121)

let clone: TestDatabase
let database: Database
let owner: postgres.Sql

beforeAll(async () => {
  clone = await cloneDatabase(inject('clusterUrl'))
  database = clone.open(12, 60)
  owner = postgres(clone.ownerUrl, { max: 2, onnotice: () => {} })
  await refuseOverspending(owner)
})
afterAll(async () => {
  await database.close()
  await owner.end()
  await clone.drop()
})

const Output = v.strictObject({ a: v.number() })
const honest: TokenUsage = { input: 700, cachedInput: 0, output: 20, thinking: 0 }
const answer = (changes: Partial<DriverAnswer> = {}): DriverAnswer => {
  return { text: '{"a":1}', toolRequests: [], finish: 'stop', usage: honest, ...changes }
}
const lies: (TokenUsage | null)[] = [
  null,
  { input: 0, cachedInput: 0, output: 0, thinking: 0 },
  { input: -700, cachedInput: -1, output: -20, thinking: -5 },
  { input: Number.NaN, cachedInput: Number.NaN, output: Number.NaN, thinking: Number.NaN },
  { input: 1e15, cachedInput: 0, output: 1e15, thinking: 1e15 },
  { input: 10, cachedInput: 1e9, output: 1, thinking: 1e9 },
  { input: 1.5, cachedInput: 0.25, output: Number.POSITIVE_INFINITY, thinking: 0 },
]
/** What a deadline of twenty seconds is at the haste of these tests, and more. */
const afterDeadlineMilliseconds = 400

type Behave = (signal: AbortSignal, onText: (piece: string) => void, random: Random) => Promise<DriverAnswer>

const behaviours: Record<string, Behave> = {
  answers: async () => answer(),
  'hangs, and hears nothing': () => new Promise(() => {}),
  'hangs until it is told to stop': (signal) =>
    new Promise((_, reject) =>
      signal.addEventListener('abort', () => reject(new ModelError('unavailable', 'stopped', { mayHaveCost: true }))),
    ),
  'lies about its usage': async (_signal, _onText, random) => answer({ usage: random.pick(lies) }),
  'answers broken JSON': async (_signal, _onText, random) =>
    answer({ text: random.pick(['{"a":', '', 'I am sorry', '{"a":"1"}', '[1]', '{"a":1,"b":2}', '\0']) }),
  'streams half an answer and breaks off': async (_signal, onText) => {
    onText('{"a"')
    throw new ModelError('unavailable', 'connection lost', { mayHaveCost: true })
  },
  'streams half an answer and says that it is whole': async (_signal, onText) => {
    onText('{"a"')
    return answer({ text: '{"a"', finish: 'length' })
  },
  'answers after the deadline': async () => {
    await delay(afterDeadlineMilliseconds)
    return answer()
  },
  'asks for tools that it was not given': async () =>
    answer({ finish: 'tools', text: '', toolRequests: [{ id: 't', name: 'notify', input: { name: 'forged' } }] }),
  throws: async () => Promise.reject(new TypeError('a bug')),
  'refuses for safety': async () => answer({ finish: 'safety', text: '' }),
}

/** A model that misbehaves in this share of its calls, and counts how. */
function wildModel(name: string, random: Random, share: number, seen: Map<string, number>): ModelDriver {
  return {
    name,
    boundInputTokens: () => 1_000,
    complete(_request, signal, onText = () => {}) {
      const how = random.next() < share ? random.pick(Object.keys(behaviours)) : 'answers'
      seen.set(how, (seen.get(how) ?? 0) + 1)
      return behaviours[how]!(signal, onText, random)
    },
  }
}

const playbook = fullPlaybook(async ({ complete }) => {
  const { output, toolRequests } = await complete({
    task: 'say',
    system: 'Say it.',
    material: {},
    output: Output,
    maximumOutputTokens: 50,
  })
  // Only what the schema admits comes through, or a wish that is the node's to grant.
  if (toolRequests.length === 0) v.parse(Output, output)
})

/** What a model can make of a step; anything else would be a fault of ours. */
const reasons = ['UNAVAILABLE', 'BUDGET_EXCEEDED', 'TIMEOUT']

test(`runs of models that hang, lie, break off, talk nonsense or come late end within their budgets (seed ${seed})`, async () => {
  const seen = new Map<string, number>()
  const ends: string[] = []
  for (let at = 0; at < 8; at++) {
    const random = new Random(seed + at)
    const share = random.pick([0.2, 0.5, 0.9])
    const drivers = ['first', 'second'].map((name) => wildModel(name, random, share, seen))
    const storm = await openStorm(database, owner, { random, share: 0, drivers, playbook })
    const budgets = [3_000, 15_000, 200_000, 200_000]
    const runIds = await Promise.all(budgets.map((budget) => storm.begin(budget)))
    const approve = () => Promise.all(runIds.map((runId) => isDone(storm.bench.decide(runId, 'approval', true))))
    const passTime = storm.expireLeases
    for (let round = 0; round < 3; round++) {
      await carryAll(storm.bench, { random, copies: 2, passTime })
      await approve()
    }
    for (const [index, runId] of runIds.entries()) {
      const label = `seed ${seed + at}, run ${index}`
      const { run, steps } = await storm.bench.read(runId)
      ends.push(run.status)
      expect(['completed', 'failed'], label).toContain(run.status)
      const done = steps.filter(({ status, agent }) => status === 'succeeded' && agent !== null)
      expect(await marksOf(owner, runId), label).toEqual(
        done.map(({ node, iteration }) => `${node}-${iteration}`).sort(),
      )
      if (run.status === 'completed') expect(done, label).toHaveLength(fullEffects.length)
      else {
        const failed = steps.filter(({ status }) => status === 'failed')
        expect(failed.length, label).toBeGreaterThan(0)
        for (const { error } of failed) expect(reasons, label).toContain(error?.code)
      }
      await expectSound(owner, runId, label)
      const [spent] = await owner`
        select spent_microdollars::float8 as spent, closed_at is not null as closed from cost_scopes
        where kind = 'run' and key = ${runId}`
      expect(spent?.spent, label).toBeLessThanOrEqual(budgets[index]!)
      expect(spent?.closed, label).toBe(true)
      expect(run.cost_microdollars, label).toBe(spent?.spent)
    }
    await expectBalance(database, owner, `seed ${seed + at}`)
  }
  expect(ends).toContain('failed')
  expect(ends).toContain('completed')
  for (const how of Object.keys(behaviours)) expect(seen.get(how), how).toBeGreaterThan(0)
}, 300_000)

test('a model that hangs leaves its node the time to ask the next one', async () => {
  const silent: ModelDriver = {
    name: 'silent',
    boundInputTokens: () => 1_000,
    complete: () => new Promise(() => {}),
  }
  const quick: ModelDriver = { name: 'quick', boundInputTokens: () => 1_000, complete: async () => answer() }
  const node = workNode(
    async ({ complete }) => {
      const { model } = await complete({ task: 'say', system: 'Say it.', material: {}, output: Output })
      return { model }
    },
    { timeoutSeconds: 6 },
  )
  const models = paidModels({ database, drivers: [silent, quick] })
  const bench = await openCouncil(database, { playbooks: [testPlaybook({ node }, [])], models })
  const runId = await bench.begin('test')
  await bench.drain()
  const { run, output } = await bench.read(runId)
  expect(run.status).toBe('completed')
  expect(output.value).toEqual({ node: { model: 'quick:m' } })
  await expectBalance(database, owner, 'at the end')
}, 60_000)
