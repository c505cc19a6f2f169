import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, get } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { migrate } from '#shared/database/migrate.ts'
import { newId } from '#shared/domain/ids.ts'
import { createProject } from '#shared/domain/projects/projects.ts'
import { createOrganization, listWorkspaces } from '#shared/domain/tenancy/organizations.ts'
import { loadIdentity } from '#shared/domain/tenancy/principal.ts'
import { createDatabaseIfMissing } from '#shared/platform/database/embedded.ts'
import { nobody, openDatabase, system } from '#shared/platform/database/index.ts'
import { startTestCluster } from '#shared/platform/database/test-cluster.ts'
import { buildFunctions } from '../build/build-functions.ts'
import { startFunction } from '../build/function-process.ts'
import { type Benchmark, median } from './benchmark.ts'
import { deployedSettings } from './deployed-settings.ts'

const starts = 21
const functionName = 'projects-list'
const retryMilliseconds = 2

interface Subject {
  folder: string
  name: string
  milliseconds: number[]
  megabytes: number[]
}

/**
 * How long a function that has just been started takes to its first answer, and how much memory it then has: the
 * bundle of `projects-list`, beside a handler that only says `ok`. Both are started by the command line of
 * functions-framework with the same settings and asked the same request, in turns.
 */
export const bench: Benchmark = async () => {
  const folder = await mkdtemp(join(tmpdir(), 'adapt-coldstart-'))
  const ends: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })]
  try {
    await buildFunctions(folder)
    const issuer = await startIssuer(ends)
    const environment = await startDatabase(issuer, ends)
    const bare = subject(await writeBareFunction(folder), 'bare')
    const route = subject(join(folder, 'functions', functionName), functionName)
    // The first start of each only fills the file system's cache.
    for (let start = -1; start < starts; start++) {
      for (const one of [bare, route]) {
        const { milliseconds, megabytes } = await startOnce(one, environment, issuer.token)
        if (start < 0) continue
        one.milliseconds.push(milliseconds)
        one.megabytes.push(megabytes)
      }
    }
    const [bareMilliseconds, startMilliseconds] = [median(bare.milliseconds), median(route.milliseconds)]
    const [bareMegabytes, residentMegabytes] = [median(bare.megabytes), median(route.megabytes)]
    return {
      figures: {
        startRatio: startMilliseconds / bareMilliseconds,
        memoryRatio: residentMegabytes / bareMegabytes,
        startMilliseconds,
        residentMegabytes,
      },
      goals: { startRatio: { max: 1.6 }, memoryRatio: { max: 1.3 } },
      notes: [
        `Medians of ${starts} starts, in turns, from spawn to the whole first answer; resident set right after it.`,
        `${functionName}: a verified token, keys fetched, database connected and queried, 200 with a project.`,
        `Beside it a plain one-line handler: ${bareMilliseconds.toFixed(0)} ms, ${bareMegabytes.toFixed(1)} MB.`,
      ],
    }
  } finally {
    for (const end of ends.reverse()) await end()
  }
}

function subject(folder: string, name: string): Subject {
  return { folder, name, milliseconds: [], megabytes: [] }
}

async function writeBareFunction(parent: string): Promise<string> {
  const folder = join(parent, 'bare')
  await mkdir(folder)
  await writeFile(join(folder, 'package.json'), '{"type":"module","main":"index.js"}')
  await writeFile(join(folder, 'index.js'), "export const bare = (request, response) => void response.end('ok')\n")
  return folder
}

/** Starts a function, asks until it answers, and ends it. */
async function startOnce(
  { folder, name }: Subject,
  environment: Record<string, string>,
  token: string,
): Promise<{ milliseconds: number; megabytes: number }> {
  const process = await startFunction(folder, name, environment)
  try {
    const answer = await firstAnswer(`${process.url}/v1/projects`, token, process.ended)
    const milliseconds = performance.now() - process.startedAt
    const megabytes = await residentMegabytesOf(process.pid)
    const isRight = answer.status === 200 && (name === 'bare' || JSON.parse(answer.body).data.length === 1)
    if (!isRight) throw new Error(`${name} answered ${answer.status} ${answer.body}\n${process.output}`)
    return { milliseconds, megabytes }
  } finally {
    process.signal('SIGKILL')
    await process.ended
  }
}

interface Answer {
  status: number
  body: string
}

async function firstAnswer(url: string, token: string, ended: Promise<unknown>): Promise<Answer> {
  let isOver = false
  void ended.then(() => {
    isOver = true
  })
  for (;;) {
    const answer = await ask(url, token)
    if (answer) return answer
    if (isOver) throw new Error('the function ended before it answered')
    await sleep(retryMilliseconds)
  }
}

/** One request; null when nobody listens yet. */
function ask(url: string, token: string): Promise<Answer | null> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent: false, headers: { authorization: `Bearer ${token}` } }, (response) => {
      let body = ''
      response.setEncoding('utf8').on('data', (text: string) => {
        body += text
      })
      response.once('end', () => resolve({ status: response.statusCode ?? 0, body }))
      response.once('error', reject)
    })
    request.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED') resolve(null)
      else reject(error)
    })
  })
}

/** The resident set as the system counts it. */
async function residentMegabytesOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => null)
  const kilobytes = status
    ? /^VmRSS:\s+(\d+)/m.exec(status)?.[1]
    : execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' }).trim()
  return Number(kilobytes) / 1024
}

interface Issuer {
  url: string
  subject: string
  /** Valid for an hour. */
  token: string
}

/** Publishes a key, and signs a token with it as Supabase does. */
async function startIssuer(ends: (() => Promise<unknown>)[]): Promise<Issuer> {
  const { publicKey, privateKey } = await generateKeyPair('ES256')
  const keys = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'key', alg: 'ES256', use: 'sig' }] })
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json').end(keys)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  ends.push(() => new Promise((resolve) => server.close(resolve)))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const subject = crypto.randomUUID()
  const token = await new SignJWT({ email: 'analyst@example.org' })
    .setProtectedHeader({ alg: 'ES256', kid: 'key' })
    .setIssuer(`${url}/auth/v1`)
    .setAudience('authenticated')
    .setSubject(subject)
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(privateKey)
  return { url, subject, token }
}

/** A migrated database in which the token's person owns an organization with one project; returns the settings. */
async function startDatabase(issuer: Issuer, ends: (() => Promise<unknown>)[]): Promise<Record<string, string>> {
  const cluster = await startTestCluster()
  ends.push(() => cluster.stop())
  const url = new URL(cluster.url)
  const password = newId()
  await createDatabaseIfMissing(cluster.url, 'coldstart')
  url.pathname = '/coldstart'
  await migrate(url.href, password)
  url.username = 'adapt_app'
  url.password = password
  const database = openDatabase({
    url: url.href,
    poolSize: 1,
    connectTimeoutSeconds: 10,
    statementTimeoutSeconds: 10,
    applicationName: 'coldstart',
  })
  const claims = { sub: issuer.subject, email: 'analyst@example.org' }
  const { userId } = await database.transaction(system, (sql) => loadIdentity(sql, claims, 'enterprise'))
  const orgId = newId()
  await database.transaction({ ...nobody, orgId, userId, workspaceId: 'any' }, async (sql) => {
    await createOrganization({ sql, publish: async () => {} }, { id: orgId, name: 'Example', ownerId: userId })
    const [workspace] = await listWorkspaces(sql, { userId, role: 'owner' }, { size: 1, before: null })
    await createProject(sql, { orgId, workspaceId: workspace!.id, name: 'Example', description: '', createdBy: userId })
  })
  await database.close()
  return { ...deployedSettings(issuer.url), DATABASE_URL: url.href, SUPABASE_URL: issuer.url }
}
