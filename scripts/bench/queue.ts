import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import postgres from 'postgres'
import { migrate } from '#shared/database/migrate.ts'
import { newId } from '#shared/domain/ids.ts'
import { type Product, startProduct } from '#shared/embedded/product.ts'
import { createDatabaseIfMissing, startEmbeddedPostgres } from '#shared/platform/database/embedded.ts'
import { inTransaction, serviceScope } from '#shared/runtime/contexts.ts'
import type { Context, Service } from '#shared/runtime/declarations.ts'
import { createLogger } from '#shared/runtime/log.ts'
import { buildPushPlan } from '#shared/runtime/manifest.ts'
import { queuePolicies } from '#shared/runtime/policies.ts'
import { type Benchmark, median } from './benchmark.ts'
import { percentile } from './http/load.ts'
import { Arrivals } from './queue/arrivals.ts'
import { type BareDelivery, startBareDelivery } from './queue/bare-delivery.ts'
import { noted, noteFunctions, noteTasks, payloadOf, writeCause } from './queue/messages.ts'

const organizations = 8
const singles = 300
const tasksPerTurn = 2_500
/** Requests under way at once, each of which sends one task. */
const senders = 16
const backlog = 10_000
const backlogPerTransaction = 100
const smallTasks = 10
const aloneSamples = 15
const behindSamples = 5

/** Everything that the measurements share. */
interface World {
  product: Product
  bare: BareDelivery
  owner: postgres.Sql
  arrivals: Arrivals
  orgIds: string[]
  nextNumber(): number
}

/**
 * Messages through the whole of the embedded side: a transaction that writes a row and its outbox row, the embedded cloud,
 * the push over HTTP with its OIDC token, the dispatcher, the inbox row and the effect in one transaction. The bare
 * delivery beside it, in turns, is the same without what makes the effect happen exactly once.
 */
export const bench: Benchmark = async () => {
  const folder = await mkdtemp(join(tmpdir(), 'adapt-queue-'))
  const ends: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })]
  try {
    const world = await startWorld(folder, ends)
    await runTurn(world, sendOurs, 500)
    await runTurn(world, sendBare, 500)
    const latencies = await measureLatency(world)
    const turns = { ours: [] as number[], bare: [] as number[] }
    for (const kind of ['ours', 'bare', 'bare', 'ours'] as const) {
      turns[kind].push(await runTurn(world, kind === 'ours' ? sendOurs : sendBare, tasksPerTurn))
    }
    const ratios = turns.ours.map((ours, turn) => turns.bare[turn]! / ours)
    const fairness = await measureFairness(world)
    const effects = await countEffects(world)
    const milliseconds = (values: readonly number[]) => values.map((value) => value.toFixed(0)).join(', ')
    return {
      figures: {
        p50Milliseconds: percentile(latencies, 50),
        p99Milliseconds: percentile(latencies, 99),
        tasksPerSecond: median(turns.ours),
        overheadRatio: median(ratios),
        backlogTasksPerSecond: fairness.perSecond,
        waitRatio: fairness.behind / fairness.alone,
      },
      goals: {
        p50Milliseconds: { max: 25 },
        tasksPerSecond: { min: 500 },
        overheadRatio: { max: 2 },
      },
      notes: [
        `Latency: ${singles} events one after the other, from before the publishing transaction to the handler's first line.`,
        `Tasks a second: ${tasksPerTurn} over two queues and ${organizations} organizations, each sent by a transaction of its own, ${senders} at once; sending counts.`,
        `With the machinery ${milliseconds(turns.ours)}/s, bare ${milliseconds(turns.bare)}/s, in turns.`,
        'Bare has the same cloud, push, token check, two transactions and rows. It leaves out the outbox row and its',
        'removal, the inbox row with the look at the organization, validation, the context of a handler, attempts and dead',
        'letters, and the line of the log.',
        `Backlog: ${backlog} tasks of one organization, ${backlogPerTransaction} to a transaction. Another's ${smallTasks} then wait ${fairness.behind.toFixed(0)} ms for the last of them, ${fairness.alone.toFixed(0)} ms on an empty system; ${fairness.ahead} others waited in front.`,
        `${effects} effects of as many messages: none lost, none twice. The queues' declared rates (100/s) were lifted; the disk is waited for.`,
      ],
    }
  } finally {
    for (const end of ends.reverse()) await end()
  }
}

async function startWorld(folder: string, ends: (() => Promise<unknown>)[]): Promise<World> {
  const server = await startEmbeddedPostgres({ dataFolder: folder })
  ends.push(() => server.stop())
  for (const name of ['adapt', 'cloud', 'bare_cloud']) {
    await createDatabaseIfMissing(server.ownerUrl('postgres'), name)
  }
  const password = newId()
  await migrate(server.ownerUrl('adapt'), password)
  const owner = postgres(server.ownerUrl('adapt'), { max: 1, onnotice: () => {} })
  ends.push(() => owner.end())
  await owner.unsafe(`
    create table bench_causes (org_id uuid not null, number integer not null);
    create table bench_effects (org_id uuid not null, number integer not null, text text not null);
    grant select, insert on bench_causes, bench_effects to adapt_app`)
  const orgIds = Array.from({ length: organizations }, () => newId())
  await owner`insert into organizations ${owner(orgIds.map((id) => ({ id, name: 'Example' })))}`

  const databaseUrl = new URL(server.ownerUrl('adapt'))
  databaseUrl.username = 'adapt_app'
  databaseUrl.password = password
  if (server.socketFolder) databaseUrl.searchParams.set('host', server.socketFolder)
  for (const { queue } of noteTasks) queuePolicies[queue].ratePerSecond = 1_000_000
  const arrivals = new Arrivals()
  const furtherFunctions = noteFunctions(arrivals.note)
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  const log = createLogger({ level: 'info', readable: false, stream: nowhere })
  const product = await startProduct({
    databaseUrl: databaseUrl.href,
    cloudDatabaseUrl: server.ownerUrl('cloud'),
    dataFolder: folder,
    host: '127.0.0.1',
    port: 0,
    settings: { APP_ENV: 'production', DEFAULT_PLAN: 'enterprise' },
    furtherFunctions,
    log,
  })
  ends.push(() => product.stop())
  const bare = await startBareDelivery({
    product,
    databaseUrl: server.ownerUrl('bare_cloud'),
    plan: buildPushPlan(furtherFunctions),
    log,
    onHandled: arrivals.note,
  })
  ends.push(() => bare.stop())
  let number = 0
  return { product, bare, owner, arrivals, orgIds, nextNumber: () => ++number }
}

/** Sends one task of an organization with what causes it, and resolves when both are durable. */
type Send = (world: World, orgId: string, number: number) => Promise<void>

const sendOurs: Send = (world, orgId, number) =>
  request(world, orgId, async ({ sql, enqueue }) => {
    await writeCause(sql, orgId, number)
    await enqueue(noteTasks[number % 2]!, payloadOf(number))
  })

const sendBare: Send = async ({ product, bare }, orgId, number) => {
  await product.services.database.transaction(serviceScope(orgId, null), (sql) => writeCause(sql, orgId, number))
  const { name, queue } = noteTasks[number % 2]!
  const id = newId()
  const envelope = {
    id,
    event_type: name,
    org_id: orgId,
    workspace_id: null,
    actor_id: null,
    correlation_id: newId(),
    traceparent: null,
    payload: payloadOf(number),
    timestamp: new Date().toISOString(),
  }
  await bare.enqueue([{ id, queue, target: name, body: JSON.stringify(envelope) }])
}

/** The transaction of a request that sends messages, after whose commit they leave. */
function request({ product }: World, orgId: string, work: (context: Context<Service>) => Promise<void>): Promise<void> {
  const { services } = product
  const principal = { orgId, workspaceId: null, userId: null }
  return inTransaction(
    services,
    {
      functionName: 'bench-send',
      resources: { publishes: [noted], enqueues: noteTasks },
      principal,
      scope: serviceScope(orgId, null),
      requestId: newId(),
      traceparent: null,
      now: services.now(),
      log: services.log,
      signal: AbortSignal.timeout(60_000),
      address: null,
    },
    work,
  )
}

/** Tasks a second from the first request to the last task's handler. */
async function runTurn(world: World, send: Send, count: number): Promise<number> {
  const numbers = Array.from({ length: count }, world.nextNumber)
  const startedAt = performance.now()
  let next = 0
  const sender = async () => {
    while (next < numbers.length) {
      const number = numbers[next++]!
      await send(world, world.orgIds[(number >> 1) % organizations]!, number)
    }
  }
  const arrived = world.arrivals.of(numbers)
  await Promise.all(Array.from({ length: senders }, sender))
  const seconds = ((await arrived) - startedAt) / 1000
  // What the turn left to settle is not the next one's to bear.
  await sleep(300)
  return count / seconds
}

/** Milliseconds from before the publishing transaction to the handler, ascending. */
async function measureLatency(world: World): Promise<Float64Array> {
  const latencies = new Float64Array(singles)
  for (let at = 0; at < singles; at++) {
    const number = world.nextNumber()
    const orgId = world.orgIds[at % organizations]!
    const startedAt = performance.now()
    const arrived = world.arrivals.of([number])
    await request(world, orgId, async ({ sql, publish }) => {
      await writeCause(sql, orgId, number)
      await publish(noted, payloadOf(number))
    })
    latencies[at] = (await arrived) - startedAt
    await sleep(5)
  }
  return latencies.sort()
}

interface Fairness {
  /** Milliseconds until the last of a small organization's tasks was begun. */
  alone: number
  behind: number
  /** Tasks that waited when the first of the small ones came. */
  ahead: number
  /** Tasks a second of the whole backlog, sending included. */
  perSecond: number
}

async function measureFairness(world: World): Promise<Fairness> {
  const [large, small] = world.orgIds as [string, string]
  const sendSmall = async () => {
    const startedAt = performance.now()
    const numbers = await sendMany(world, small, smallTasks)
    return (await world.arrivals.of(numbers)) - startedAt
  }
  const alone: number[] = []
  for (let sample = 0; sample < aloneSamples; sample++) {
    alone.push(await sendSmall())
    await sleep(20)
  }
  const startedAt = performance.now()
  const batches = Array.from({ length: backlog / backlogPerTransaction }, () =>
    sendMany(world, large, backlogPerTransaction),
  )
  const numbers = (await Promise.all(batches)).flat()
  const depths = await world.product.cloud.depth()
  const ahead = depths.reduce((sum, { waiting }) => sum + waiting, 0)
  const behind: number[] = []
  for (let sample = 0; sample < behindSamples; sample++) behind.push(await sendSmall())
  const seconds = ((await world.arrivals.of(numbers)) - startedAt) / 1000
  return { alone: median(alone), behind: median(behind), ahead, perSecond: backlog / seconds }
}

/** Enqueues so many tasks in one transaction. */
async function sendMany(world: World, orgId: string, count: number): Promise<number[]> {
  const numbers = Array.from({ length: count }, world.nextNumber)
  await request(world, orgId, async ({ sql, enqueue }) => {
    await writeCause(sql, orgId, numbers[0]!)
    for (const number of numbers) await enqueue(noteTasks[number % 2]!, payloadOf(number))
  })
  return numbers
}

/**
 * Waits until nothing is under way, and counts.
 * @throws Error when an effect is missing or there twice
 */
async function countEffects({ product, owner, nextNumber }: World): Promise<number> {
  while ((await product.cloud.depth()).some(({ waiting, active }) => waiting + active > 0)) await sleep(50)
  const sent = nextNumber() - 1
  const [found] = await owner<{ effects: number; messages: number }[]>`
    select count(*)::integer as effects, count(distinct number)::integer as messages from bench_effects`
  if (found?.effects !== sent || found.messages !== sent) {
    throw new Error(`${sent} messages had ${found?.effects} effects, of ${found?.messages} messages`)
  }
  return sent
}
