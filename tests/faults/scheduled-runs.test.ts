import { afterAll, beforeAll, expect, test } from 'vitest'
import { defineCron, type RunCron } from '#shared/runtime/declarations.ts'
import type { DiscoveredFunction } from '#shared/runtime/discover.ts'
import { fingerprint } from '../setup/fingerprint.ts'
import { startInstance } from '../setup/instance.ts'
import type { Carried } from './carrier.ts'
import { Random } from './random.ts'
import { openStage, type Stage, signUp } from './stage.ts'

/** Repeat with another by ADAPT_FAULT_SEED=…; which deliveries meet still depends on the machine. */
const seed = Number(process.env.ADAPT_FAULT_SEED ?? 20261121)
const copies = 3

let stage: Stage

beforeAll(async () => {
  stage = await openStage()
  // Its own occurrences would be counted too.
  await stage.product.cloud.stop()
})
afterAll(async () => {
  await stage?.close()
})

function occurrence(target: string, at: Date): Carried {
  const body = at.toISOString()
  return { id: `${target} ${body}`, kind: 'schedule', target, body, attributes: {}, later: false, attempt: 1 }
}

/** Times as a schedule has them around the two switches of Berlin's clocks, and the next second, which is another time. */
function scheduleTimes(): Date[] {
  return ['2026-03-29T00:30:00Z', '2026-10-25T00:30:00Z'].flatMap((first) =>
    Array.from({ length: 8 }, (_, half) => new Date(Date.parse(first) + half * 1_800_000)),
  )
}

test(`a schedule time that is delivered one to three times, at once, out of order and after failures, runs once (seed ${seed})`, async () => {
  const { product, owner, carrier } = stage
  const random = new Random(seed)
  await owner`create table runs (scheduled_at timestamptz not null)`
  await owner`grant insert on runs to adapt_app`
  let failures = 0
  const run: RunCron = async ({ sql }, { scheduledAt }) => {
    await sql`insert into runs values (${scheduledAt})`
    if (random.next() < 0.4) {
      failures++
      throw new Error('fails now and then')
    }
    await sql`select pg_sleep(${random.next() / 50})`
  }
  const tally: DiscoveredFunction = {
    name: 'test-tally',
    folder: 'test/tally',
    declaration: defineCron({
      cron: '*/30 * * * *',
      timeZone: 'Europe/Berlin',
      summary: 'Count its own runs',
      handler: async () => ({ run }),
    }),
  }
  const instance = await startInstance(product.services, [tally])
  const times = scheduleTimes()
  carrier.waiting.push(...times.map((at) => occurrence(tally.name, at)))
  await carrier.drain(instance.url, { random, copies })
  await instance.stop()

  const rows = await owner<{ at: Date }[]>`select scheduled_at as at from runs order by scheduled_at`
  expect(rows.map(({ at }) => at)).toEqual(times)
  expect(carrier.answers.get('test-tally done')).toBe(times.length)
  expect(carrier.answers.get('test-tally duplicate')).toBeGreaterThan(0)
  expect(failures).toBeGreaterThan(0)
}, 120_000)

test(`every schedule of the product runs once for each of its times, and a copy changes nothing (seed ${seed})`, async () => {
  const { product, owner, carrier, instance } = stage
  await signUp(stage)
  const random = new Random(seed + 1)
  const crons = product.functions.flatMap(({ name, declaration }) => (declaration.kind === 'cron' ? [name] : []))
  expect(crons).toContain('operations-sweep-outbox')
  const times = scheduleTimes().slice(0, 2)
  const all = crons.flatMap((name) => times.map((at) => occurrence(name, at)))
  carrier.waiting.push(...all)
  await carrier.drain(instance.url, { random, copies })
  for (const name of crons) expect(carrier.answers.get(`${name} done`), name).toBe(times.length)
  const before = await fingerprint(owner)
  const again = await Promise.all(all.map((message) => carrier.deliver(instance.url, message)))
  expect(again).toEqual(all.map(() => 'duplicate'))
  expect(await fingerprint(owner)).toEqual(before)
}, 180_000)
