import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { readLocalSettings } from '#shared/configuration/local.ts'
import { migrate } from '#shared/database/migrate.ts'
import { setOperator } from '#shared/domain/tenancy/operators.ts'
import { demoCredentials, ensureDemo } from '#shared/embedded/demo.ts'
import { installationSecret, startProduct } from '#shared/embedded/product.ts'
import { createDatabaseIfMissing, startEmbeddedPostgres } from '#shared/platform/database/embedded.ts'
import { PlatformError } from '#shared/platform/errors.ts'
import { createLogger } from '#shared/runtime/log.ts'
import { asOwner } from './owner-database.ts'
import { requireNode } from './require-node.ts'

requireNode()
if (existsSync('.env')) process.loadEnvFile('.env')

/** What to undo when the product stops, the newest first. */
const running: { name: string; stop(): Promise<unknown> }[] = []

/** Aborted when it is time to end: with `asked` by a signal, else with the error that ends it. */
const end = new AbortController()
const asked = 'asked'

/** A start that is called off gets so long to clean up after itself. */
const startPatienceSeconds = 3
/** A product whose parts do not stop in time is left, and ends with this process. */
const productPatienceSeconds = 1.7

const parentCheckMilliseconds = 250

/** Ends on Ctrl-C, and when a service manager says so to us or to npm. */
function endWhenAsked(): void {
  const stop = () => {
    // Under npm one Ctrl-C comes twice: from the terminal, and passed on by npm.
    if (end.signal.aborted) return
    console.log('\nStopping …')
    end.abort(asked)
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop)
  if (!process.env.npm_lifecycle_event) return
  // npm passes signals on to the shell between us, which may die of them without telling us.
  const { ppid } = process
  setInterval(() => {
    if (process.ppid !== ppid) stop()
  }, parentCheckMilliseconds).unref()
}

/** Stops what runs. PostgreSQL is the last, and stopped by force if need be, so that nothing stays behind. */
async function stopAll(): Promise<void> {
  for (const part of running.reverse().splice(0)) {
    await part.stop().catch((error: unknown) => console.error(`${part.name} did not stop cleanly:`, error))
  }
}

/** Starts the product, lets it run until it is to end, and stops it; returns the exit code. */
async function run(): Promise<number> {
  endWhenAsked()
  const toEnd = once(end.signal, 'abort')
  let isReady = false
  try {
    await Promise.race([start(end.signal), toEnd.then(() => sleep(startPatienceSeconds * 1000))])
    isReady = true
    await toEnd
  } catch (error) {
    end.abort(error)
  }
  const { reason } = end.signal
  if (reason !== asked) {
    const what = reason instanceof PlatformError ? reason.message : reason
    console.error(isReady ? '\nStopping:' : '\nCannot start:', what)
  }
  await stopAll()
  return reason === asked ? 0 : 1
}

async function start(called: AbortSignal): Promise<void> {
  const startedAt = performance.now()
  const { HOST: host, PORT, DATA_FOLDER, DEMO_PASSWORD } = readLocalSettings(process.env)
  const port = Number(PORT)
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    throw new PlatformError('INVALID_ARGUMENT', `PORT must be a number from 0 to 65535, not "${PORT}"`)
  }
  const password = demoPassword(host, DEMO_PASSWORD)
  const dataFolder = resolve(DATA_FOLDER)
  const isFirstStart = !existsSync(dataFolder)
  console.log(isFirstStart ? 'First start: making the database …' : 'Starting …')

  const postgres = await startEmbeddedPostgres({ dataFolder, signal: called })
  running.push({ name: 'PostgreSQL', stop: () => postgres.stop() })
  postgres.exited.then(() => end.abort(databaseEnded(dataFolder)))
  called.throwIfAborted()
  await createDatabaseIfMissing(postgres.ownerUrl('postgres'), 'adapt')
  await createDatabaseIfMissing(postgres.ownerUrl('postgres'), 'cloud')
  const appPassword = await installationSecret(join(dataFolder, 'keys'), 'database')
  called.throwIfAborted()
  await migrate(postgres.ownerUrl('adapt'), appPassword)
  called.throwIfAborted()

  const databaseUrl = new URL(postgres.ownerUrl('adapt'))
  databaseUrl.username = 'adapt_app'
  databaseUrl.password = appPassword
  if (postgres.socketFolder) databaseUrl.searchParams.set('host', postgres.socketFolder)
  const product = await startProduct({
    databaseUrl: databaseUrl.href,
    cloudDatabaseUrl: postgres.ownerUrl('cloud'),
    dataFolder,
    host,
    port,
    settings: process.env,
    log: createLogger({ level: logLevel(), readable: true }),
  })
  running.push({
    name: 'the product',
    stop: () => Promise.race([product.stop(), sleep(productPatienceSeconds * 1000)]),
  })
  called.throwIfAborted()
  if (await ensureDemo(product.services, product.issuer, password)) {
    // Who starts the product on their own machine also runs it.
    await asOwner(postgres.ownerUrl('adapt'), (sql) => setOperator(sql, demoCredentials.email, true))
  }
  called.throwIfAborted()

  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
  console.log(`
RaptorFlow ADAPT is ready after ${seconds} s, with ${product.functions.length} functions.

  address   ${product.url}
  sign in   ${demoCredentials.email}  password  ${password}
  API       ${product.url}/docs
  data      ${relative('.', dataFolder) || '.'}  (Ctrl-C stops everything; the data stays)

Try next, in another terminal:

  npm run adapt -- ingest REPORT.pdf     send a threat report, see what comes out
  npm run adapt                          all commands
`)
}

/** Killed, or out of memory: what was under way is repeated at the next start, which also repairs the database. */
function databaseEnded(dataFolder: string): PlatformError {
  const log = relative('.', join(dataFolder, 'postgres.log'))
  return new PlatformError(
    'UNAVAILABLE',
    `PostgreSQL has ended unexpectedly (${log} says more). Start again: npm start`,
  )
}

/** The demo password that everybody knows is only for a product that nobody else can reach. */
function demoPassword(host: string, own: string | undefined): string {
  const isLocal = host === 'localhost' || host === '::1' || host.startsWith('127.')
  if (own) return own
  if (isLocal) return demoCredentials.password
  throw new PlatformError(
    'INVALID_ARGUMENT',
    `HOST=${host} is reachable by others: set DEMO_PASSWORD to one of your own`,
  )
}

/** People who start it here want to see what goes wrong; LOG_LEVEL=info shows every request. */
function logLevel(): 'debug' | 'info' | 'warn' | 'error' {
  const level = process.env.LOG_LEVEL
  return level === 'debug' || level === 'info' || level === 'error' ? level : 'warn'
}

process.exit(await run())
