import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { build } from 'esbuild'
import { newId } from '#shared/domain/ids.ts'
import { buildFunctions } from '../build/build-functions.ts'
import { startFunction } from '../build/function-process.ts'
import { type Benchmark, median } from './benchmark.ts'
import { deployedSettings } from './deployed-settings.ts'
import { type Load, load, type MakeRequest, percentile } from './http/load.ts'
import { type ServerProcess, startDatabase, startServer } from './http/servers.ts'
import { tapDatabase } from './http/wire-tap.ts'

const connectionCounts = [1, 16, 64]
const rounds = 3
const secondsPerRound = 1
const organizations = 64
const projectsPerOrganization = 30
const memoryRequests = 200_000
/** Requests after which caches and the compiler have settled. */
const warmRequests = 20_000

type Kind = 'read' | 'write'

/** Someone's token and place; the bare server is told the place, the product finds it out. */
interface Caller {
  token: string
  userId: string
  orgId: string
  workspaceId: string
}

/**
 * What everything between the socket and the statement costs: `GET /v1/projects?page[size]=20` and `POST /v1/projects`
 * of the product, in the one-port runner and as the deployed bundle under functions-framework, beside servers that
 * check the same tokens and run the same statements and do nothing else. In turns, on one machine, in one run.
 */
export const bench: Benchmark = async () => {
  const folder = await mkdtemp(join(tmpdir(), 'adapt-http-'))
  const ends: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })]
  try {
    const database = await startDatabase(ends)
    const product = await startServer('product.ts', { ...database, DATA_FOLDER: folder }, ends)
    const callers = await makeCallers(product.url)
    const environment = { ...database, SUPABASE_URL: product.url }
    const bare = await startServer('bare-sql.ts', environment, ends)
    const one = await compare(callers, bare.url, product.url, ['read', 'write'])
    const framework = await compareFunctions(folder, environment, callers, ends)
    const { roundTrips, statements } = await countRoundTrips(database, folder, ends)
    const growth = await measureGrowth(product, callers)
    const worst = (kind: Kind) => Math.min(...one.filter((row) => row.kind === kind).map((row) => row.throughputRatio))
    return {
      figures: {
        readThroughputRatio: worst('read'),
        writeThroughputRatio: worst('write'),
        p99Ratio: Math.max(...one.map((row) => row.p99Ratio)),
        frameworkThroughputRatio: Math.min(...framework.map((row) => row.throughputRatio)),
        roundTripsPerRead: roundTrips.read,
        roundTripsPerWrite: roundTrips.write,
        statementsPerRead: statements.read,
        statementsPerWrite: statements.write,
        memoryGrowthMegabytes: growth,
      },
      goals: {
        readThroughputRatio: { min: 0.7 },
        writeThroughputRatio: { min: 0.7 },
        p99Ratio: { max: 3 },
        frameworkThroughputRatio: { min: 0.75 },
        memoryGrowthMegabytes: { max: 5 },
      },
      notes: [
        'Ratios are the worst over 1, 16 and 64 connections; each is a median of pairs measured in turns.',
        ...[...one, ...framework].map(describe),
        'Round trips are what the caller waits for; statements count begin, scope and commit too.',
      ],
    }
  } finally {
    for (const end of ends.reverse()) await end()
  }
}

interface Row {
  where: string
  kind: Kind
  connections: number
  throughputRatio: number
  p99Ratio: number
  bare: Summary
  ours: Summary
}

interface Summary {
  perSecond: number
  p50: number
  p95: number
  p99: number
}

/** Both servers in turns, and which of them begins in turns too. */
async function compare(
  callers: readonly Caller[],
  bareUrl: string,
  oursUrl: string,
  kinds: readonly Kind[],
  where = 'one port',
): Promise<Row[]> {
  const rows: Row[] = []
  for (const kind of kinds) {
    const measure = async (url: string, connections: number) => {
      const status = kind === 'read' ? 200 : 201
      return summarize(await load(url, requestMaker(kind, callers), { connections, status, seconds: secondsPerRound }))
    }
    for (const connections of connectionCounts) {
      await measure(bareUrl, connections)
      await measure(oursUrl, connections)
      const pairs: { bare: Summary; ours: Summary }[] = []
      for (let round = 0; round < rounds; round++) {
        if (round % 2 === 0) {
          const bare = await measure(bareUrl, connections)
          pairs.push({ bare, ours: await measure(oursUrl, connections) })
        } else {
          const ours = await measure(oursUrl, connections)
          pairs.push({ bare: await measure(bareUrl, connections), ours })
        }
      }
      rows.push({
        where,
        kind,
        connections,
        throughputRatio: median(pairs.map(({ bare, ours }) => ours.perSecond / bare.perSecond)),
        p99Ratio: median(pairs.map(({ bare, ours }) => ours.p99 / bare.p99)),
        bare: middle(pairs.map(({ bare }) => bare)),
        ours: middle(pairs.map(({ ours }) => ours)),
      })
    }
  }
  return rows
}

function summarize({ requests, seconds, latencies }: Load): Summary {
  return {
    perSecond: requests / seconds,
    p50: percentile(latencies, 50),
    p95: percentile(latencies, 95),
    p99: percentile(latencies, 99),
  }
}

function middle(summaries: readonly Summary[]): Summary {
  const of = (name: keyof Summary) => median(summaries.map((summary) => summary[name]))
  return { perSecond: of('perSecond'), p50: of('p50'), p95: of('p95'), p99: of('p99') }
}

function describe({ where, kind, connections, throughputRatio, p99Ratio, bare, ours }: Row): string {
  const show = ({ perSecond, p50, p95, p99 }: Summary) =>
    `${perSecond.toFixed(0)}/s (p50 ${p50.toFixed(1)}, p95 ${p95.toFixed(1)}, p99 ${p99.toFixed(1)} ms)`
  const what = `${where}, ${kind}, ${connections} connection${connections === 1 ? '' : 's'}`
  return `${what}: ${show(ours)} against ${show(bare)}: ${throughputRatio.toFixed(2)}x, p99 ${p99Ratio.toFixed(2)}x`
}

/** Requests of all callers in turn, as texts. */
function requestMaker(kind: Kind, callers: readonly Caller[]): MakeRequest {
  const heads = callers.map(
    ({ token, userId, orgId, workspaceId }) =>
      `host: localhost\r\nauthorization: Bearer ${token}\r\nx-org-id: ${orgId}\r\nx-workspace-id: ${workspaceId}\r\n` +
      `x-user-id: ${userId}\r\n`,
  )
  if (kind === 'read') {
    const texts = heads.map((head) => `GET /v1/projects?page[size]=20 HTTP/1.1\r\n${head}\r\n`)
    return (number) => texts[number % texts.length]!
  }
  const run = newId()
  return (number) => {
    const body = JSON.stringify({ name: `Project ${run} ${number}`, description: 'What it is about' })
    const head = heads[number % heads.length]
    return `POST /v1/projects HTTP/1.1\r\n${head}content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`
  }
}

async function makeCallers(url: string): Promise<Caller[]> {
  const post = async <Answer>(path: string, body: unknown, token?: string): Promise<Answer> => {
    const response = await fetch(url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) },
      body: JSON.stringify(body),
    })
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
    return (await response.json()) as Answer
  }
  const callers: Caller[] = []
  for (let number = 0; number < organizations; number++) {
    const email = `${newId()}@example.org`
    const { session } = await post<{ session: { access_token: string } }>('/v1/auth/sign-up', {
      email,
      password: newId(),
    })
    const token = session.access_token
    const { id: orgId } = await post<{ id: string }>('/v1/organizations', { name: 'Example' }, token)
    for (let project = 0; project < projectsPerOrganization; project++) {
      await post('/v1/projects', { name: `Project ${project}`, description: 'What it is about' }, token)
    }
    const read = async <Answer>(path: string) => {
      const response = await fetch(url + path, { headers: { authorization: `Bearer ${token}` } })
      return (await response.json()) as Answer
    }
    const { data } = await read<{ data: { id: string }[] }>('/v1/workspaces')
    const { id: userId } = await read<{ id: string }>('/v1/users/me')
    callers.push({ token, userId, orgId, workspaceId: data[0]!.id })
  }
  return callers
}

/** The deployed bundle beside a handler with the bare statements, both under functions-framework. */
async function compareFunctions(
  folder: string,
  environment: Record<string, string>,
  callers: readonly Caller[],
  ends: (() => Promise<unknown>)[],
): Promise<Row[]> {
  await buildFunctions(folder)
  const bareFolder = join(folder, 'bare')
  await build({
    stdin: {
      contents: `
        import { bareListener } from './bare-sql.ts'
        export const bare = bareListener(process.env)`,
      resolveDir: join(import.meta.dirname, 'http'),
      loader: 'ts',
    },
    outfile: join(bareFolder, 'index.js'),
    bundle: true,
    platform: 'node',
    format: 'esm',
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)" },
  })
  await writeFile(join(bareFolder, 'package.json'), '{"type":"module","main":"index.js"}')
  const settings = {
    ...environment,
    ...deployedSettings('http://localhost'),
    RATE_LIMIT_PRINCIPAL_PER_MINUTE: '1000000',
    RATE_LIMIT_ADDRESS_PER_MINUTE: '1000000',
    DEFAULT_PLAN: 'enterprise',
  }
  const start = async (path: string, name: string) => {
    const running = await startFunction(path, name, settings)
    ends.push(async () => {
      running.signal('SIGKILL')
      await running.ended
    })
    await running.listening()
    return running.url
  }
  const bareUrl = await start(bareFolder, 'bare')
  const oursUrl = await start(join(folder, 'functions/projects-list'), 'projects-list')
  return compare(callers, bareUrl, oursUrl, ['read'], 'functions-framework')
}

/** One caller, one request at a time, through a proxy that counts: what a read and a write wait for. */
async function countRoundTrips(database: Record<string, string>, folder: string, ends: (() => Promise<unknown>)[]) {
  const tap = await tapDatabase(database.TCP_DATABASE_URL!)
  ends.push(() => tap.close())
  const environment = { ...database, DATABASE_URL: tap.url, DATA_FOLDER: folder }
  const { url } = await startServer('product.ts', environment, ends)
  // The second product has the keys of the first, but another address, and so another issuer: it wants its own token.
  const [caller] = await makeCallers(url)
  const roundTrips = { read: 0, write: 0 }
  const statements = { read: 0, write: 0 }
  for (const kind of ['read', 'write'] as const) {
    const makeRequest = requestMaker(kind, [caller!])
    const status = kind === 'read' ? 200 : 201
    const waits: number[] = []
    for (let number = 0; number < 40; number++) {
      await sleep(20)
      tap.take()
      await load(url, () => makeRequest(number), { connections: 1, status, requests: 1 })
      waits.push(tap.take().roundTrips)
    }
    roundTrips[kind] = median(waits)
    await sleep(50)
    tap.take()
    await load(url, (number) => makeRequest(1000 + number), { connections: 1, status, requests: 40 })
    await sleep(50)
    statements[kind] = tap.take().statements / 40
  }
  return { roundTrips, statements }
}

/** How much larger the heap is after 200,000 requests more, when everything unreachable was collected. */
async function measureGrowth(product: ServerProcess, callers: readonly Caller[]): Promise<number> {
  const read = (requests: number) =>
    load(product.url, requestMaker('read', callers), { connections: 16, status: 200, requests })
  await read(warmRequests)
  await sleep(3000)
  const before = await product.ask<{ megabytes: number }>()
  await read(memoryRequests)
  await sleep(3000)
  const after = await product.ask<{ megabytes: number }>()
  return after.megabytes - before.megabytes
}
