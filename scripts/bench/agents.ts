import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { migrate } from '#shared/database/migrate.ts'
import { newId } from '#shared/domain/ids.ts'
import { startProduct } from '#shared/embedded/product.ts'
import { createDatabaseIfMissing, startEmbeddedPostgres } from '#shared/platform/database/embedded.ts'
import { type Database, openDatabase } from '#shared/platform/database/index.ts'
import { createLogger } from '#shared/runtime/log.ts'
import { queuePolicies } from '#shared/runtime/policies.ts'
import type { Services } from '#shared/runtime/services.ts'
import { measureCases, openCases } from './agents/council-runs.ts'
import { type Engine, langGraphEngines, ownEngine } from './agents/engines.ts'
import { startLangGraph } from './agents/langgraph.ts'
import { type Place, startOwnRunner } from './agents/own-runner.ts'
import { stepsPerRun } from './agents/trivial-graph.ts'
import { type Benchmark, median } from './benchmark.ts'
import { tapDatabase, type WireTap } from './http/wire-tap.ts'

const countedRuns = 10
const aloneSeconds = 5
/** Runs, or steps of ours, that are under way at once. */
const runners = 8
/** What node-postgres has by itself; ours has as many. */
const connections = 10
const turnSeconds = 1
const turns = 6
const organizations = 8
const councilRuns = 48

/**
 * The same graph by our engine and by LangGraph.js with its PostgreSQL saver, in turns, on one durable PostgreSQL: what a
 * step costs by itself. Then playbooks that ask the rule-based model, through the whole embedded product.
 */
export const bench: Benchmark = async () => {
  const ends: (() => Promise<unknown>)[] = []
  try {
    const world = await startWorld(ends)
    const counted = await countStatements(world, ends)
    const { ours, bySupersteps, whole } = await openEngines(world, ends)
    const engines = [ours, bySupersteps, whole]
    for (const engine of engines) for (let run = 0; run < 5; run++) await engine.runOnce()
    const alone = await measureAlone(engines)
    const perSecond = await compare(engines)
    const ratioTo = (other: Engine) =>
      median(perSecond.get(ours)!.map((value, turn) => value / perSecond.get(other)![turn]!))
    const cases = await openCases(world.services, organizations)
    await measureCases(world.services, cases, organizations)
    const runsPerSecond = await measureCases(world.services, cases, councilRuns)
    return {
      figures: {
        statementsPerStep: counted.ours.prepared,
        stepOverheadMilliseconds: median(alone.get(ours)!),
        langgraphRatio: ratioTo(bySupersteps),
        langgraphWholeRunRatio: ratioTo(whole),
        runsPerSecond,
      },
      goals: {
        statementsPerStep: { max: 8 },
        stepOverheadMilliseconds: { max: 15 },
      },
      notes: [
        `A run does ${stepsPerRun} steps: start, three branches at once, a join and a loop of two rounds, end. No node does anything.`,
        ...Object.values(counted).map(describe),
        `Alone, a step takes, median and fastest: ${engines.map((engine) => describeAlone(engine, alone.get(engine)!)).join(', ')}.`,
        `${runners} at once, in ${turns} turns, steps a second: ${engines.map((engine) => `${(median(perSecond.get(engine)!) * stepsPerRun).toFixed(0)} (${engine.name})`).join(', ')}.`,
        'langgraphRatio is our throughput by that of LangGraph.js called once for each superstep, which is what a queue or',
        'another process can go on from; langgraphWholeRunRatio by that of one call for the whole run. Above 1 we are faster.',
        "Ours includes what LangGraph.js does not do: a step's lease and fence against a second delivery, the inbox row, the",
        'effects of tools in the transaction that ends the step, the outbox row of each next step, the job that people watch,',
        "row-level security, and a task for each branch. LangGraph.js keeps every state; ours keeps each step's output.",
        `runsPerSecond: ${councilRuns} runs of investigate-indicator (4 steps, one asks the rule-based model within budgets) over HTTP pushes,`,
        `of ${organizations} organizations, all begun at once. The queues' declared rates were lifted, their concurrency was not.`,
      ],
    }
  } finally {
    for (const end of ends.reverse()) await end()
  }
}

interface World {
  services: Services
  databaseUrl: string
  langGraphUrl: string
  places: Place[]
}

/** The embedded product with some organizations, and a database for LangGraph.js on its server. */
async function startWorld(ends: (() => Promise<unknown>)[]): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'adapt-agents-'))
  ends.push(() => rm(folder, { recursive: true, force: true }))
  const server = await startEmbeddedPostgres({ dataFolder: folder })
  ends.push(() => server.stop())
  for (const name of ['adapt', 'cloud', 'langgraph']) await createDatabaseIfMissing(server.ownerUrl('postgres'), name)
  const password = newId()
  await migrate(server.ownerUrl('adapt'), password)
  const databaseUrl = new URL(server.ownerUrl('adapt'))
  databaseUrl.username = 'adapt_app'
  databaseUrl.password = password
  const langGraphUrl = new URL(server.ownerUrl('langgraph'))
  if (server.socketFolder) {
    for (const url of [databaseUrl, langGraphUrl]) url.searchParams.set('host', server.socketFolder)
  }
  for (const queue of ['priority', 'long-running'] as const) queuePolicies[queue].ratePerSecond = 1_000_000
  const product = await startProduct({
    databaseUrl: databaseUrl.href,
    cloudDatabaseUrl: server.ownerUrl('cloud'),
    dataFolder: folder,
    host: '127.0.0.1',
    port: 0,
    settings: { APP_ENV: 'production', DEFAULT_PLAN: 'enterprise' },
    log: createLogger({ level: 'warn', readable: false, stream: process.stderr }),
  })
  ends.push(() => product.stop())
  const places = await openCases(product.services, organizations)
  return { services: product.services, databaseUrl: databaseUrl.href, langGraphUrl: langGraphUrl.href, places }
}

function open(url: string): Database {
  return openDatabase({
    url,
    poolSize: connections,
    connectTimeoutSeconds: 30,
    statementTimeoutSeconds: 30,
    applicationName: 'bench',
    endsReadsLater: true,
  })
}

type Engines = Record<'ours' | 'bySupersteps' | 'whole', Engine>

async function openEngines(
  { services, databaseUrl, langGraphUrl, places }: World,
  ends: (() => Promise<unknown>)[],
): Promise<Engines> {
  const database = open(databaseUrl)
  ends.push(() => database.close())
  const langGraph = await startLangGraph(langGraphUrl)
  ends.push(() => langGraph.stop())
  return { ours: ownEngine(startOwnRunner(services, database), places), ...langGraphEngines(langGraph) }
}

interface Count {
  name: string
  /** A step, each. */
  prepared: number
  statements: number
  roundTrips: number
}

/** One run at a time through a proxy that counts. */
async function countStatements(world: World, ends: (() => Promise<unknown>)[]): Promise<Record<keyof Engines, Count>> {
  const [ownTap, langGraphTap] = await Promise.all([world.databaseUrl, world.langGraphUrl].map(tapOverTcp))
  ends.push(() => Promise.all([ownTap!.close(), langGraphTap!.close()]))
  const urls = { databaseUrl: ownTap!.url, langGraphUrl: langGraphTap!.url }
  const engines = await openEngines({ ...world, ...urls }, ends)
  const count = async (tap: WireTap, engine: Engine): Promise<Count> => {
    await engine.runOnce()
    const sum = { prepared: 0, statements: 0, roundTrips: 0 }
    for (let run = 0; run < countedRuns; run++) {
      await engine.runOnce(() => tap.take())
      const passed = tap.take()
      for (const what of ['prepared', 'statements', 'roundTrips'] as const) sum[what] += passed[what]
    }
    const perStep = (value: number) => value / countedRuns / stepsPerRun
    return {
      name: engine.name,
      prepared: perStep(sum.prepared),
      statements: perStep(sum.statements),
      roundTrips: perStep(sum.roundTrips),
    }
  }
  return {
    ours: await count(ownTap!, engines.ours),
    bySupersteps: await count(langGraphTap!, engines.bySupersteps),
    whole: await count(langGraphTap!, engines.whole),
  }
}

function tapOverTcp(databaseUrl: string): Promise<WireTap> {
  const url = new URL(databaseUrl)
  url.searchParams.delete('host')
  return tapDatabase(url.href)
}

function describe({ name, prepared, statements, roundTrips }: Count): string {
  const [own, all, waits] = [prepared, statements, roundTrips].map((value) => value.toFixed(1))
  return `Statements a step, ${name}: ${own}; with begin, scope and commit ${all}; ${waits} round trips.`
}

function describeAlone({ name }: Engine, milliseconds: readonly number[]): string {
  return `${median(milliseconds).toFixed(1)} and ${Math.min(...milliseconds).toFixed(1)} ms (${name})`
}

/** Milliseconds a step of runs one after the other, the engines in turns. */
async function measureAlone(engines: readonly Engine[]): Promise<Map<Engine, number[]>> {
  const milliseconds = new Map<Engine, number[]>(engines.map((engine) => [engine, []]))
  const until = performance.now() + aloneSeconds * 1000
  while (performance.now() < until) {
    for (const engine of engines) {
      let startedAt = performance.now()
      await engine.runOnce(() => {
        startedAt = performance.now()
      })
      milliseconds.get(engine)!.push((performance.now() - startedAt) / stepsPerRun)
    }
  }
  return milliseconds
}

/** Runs a second of each engine in each turn; the one that begins changes. */
async function compare(engines: readonly Engine[]): Promise<Map<Engine, number[]>> {
  const perSecond = new Map<Engine, number[]>(engines.map((engine) => [engine, []]))
  for (let turn = 0; turn < turns; turn++) {
    const order = turn % 2 === 0 ? engines : engines.toReversed()
    for (const engine of order) perSecond.get(engine)!.push(await engine.runMany(runners, turnSeconds))
  }
  return perSecond
}
