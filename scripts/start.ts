import { existsSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { migrate } from '#shared/database/migrate.ts'
import { demoCredentials, ensureDemo } from '#shared/embedded/demo.ts'
import { installationSecret, startProduct } from '#shared/embedded/product.ts'
import { createDatabaseIfMissing, startEmbeddedPostgres } from '#shared/platform/database/embedded.ts'
import { PlatformError } from '#shared/platform/errors.ts'
import { createLogger } from '#shared/runtime/log.ts'
import { requireNode } from './require-node.ts'

requireNode()
if (existsSync('.env')) process.loadEnvFile('.env')

/** What to undo when the product stops, the newest first. */
const running: { name: string; stop(): Promise<void> }[] = []
let stopping: Promise<void> | undefined

function stop(): Promise<void> {
  stopping ??= (async () => {
    for (const part of running.reverse().splice(0)) {
      await part.stop().catch((error: unknown) => console.error(`${part.name} did not stop cleanly:`, error))
    }
  })()
  return stopping
}

/** Ctrl-C, or the service manager. PostgreSQL is stopped last and by force if need be, so nothing stays behind. */
function stopOnSignals(): void {
  let signals = 0
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, async () => {
      if (++signals > 1) return
      console.log('\nStopping …')
      await stop()
      process.exit(0)
    })
  }
}

async function start(): Promise<void> {
  const startedAt = performance.now()
  const host = process.env.HOST ?? '127.0.0.1'
  const port = Number(process.env.PORT ?? 8787)
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    throw new PlatformError('INVALID_ARGUMENT', `PORT must be a number from 0 to 65535, not "${process.env.PORT}"`)
  }
  const password = demoPassword(host)
  const dataFolder = resolve(process.env.DATA_FOLDER ?? '.data')
  const isFirstStart = !existsSync(dataFolder)
  console.log(isFirstStart ? 'First start: making the database …' : 'Starting …')

  const postgres = await startEmbeddedPostgres({ dataFolder })
  running.push({ name: 'PostgreSQL', stop: () => postgres.stop() })
  await createDatabaseIfMissing(postgres.ownerUrl('postgres'), 'adapt')
  await createDatabaseIfMissing(postgres.ownerUrl('postgres'), 'cloud')
  const appPassword = await installationSecret(join(dataFolder, 'keys'), 'database')
  await migrate(postgres.ownerUrl('adapt'), appPassword)

  const databaseUrl = new URL(postgres.ownerUrl('adapt'))
  databaseUrl.username = 'adapt_app'
  databaseUrl.password = appPassword
  const product = await startProduct({
    databaseUrl: databaseUrl.href,
    cloudDatabaseUrl: postgres.ownerUrl('cloud'),
    dataFolder,
    host,
    port,
    settings: process.env,
    log: createLogger({ level: logLevel(), readable: true }),
  })
  running.push({ name: 'the product', stop: () => product.stop() })
  await ensureDemo(product.services.database, product.issuer, password)

  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
  console.log(`
RaptorFlow ADAPT is ready after ${seconds} s, with ${product.functions.length} functions.

  address   ${product.url}
  sign in   ${demoCredentials.email}  password  ${password}
  data      ${relative('.', dataFolder) || '.'}  (Ctrl-C stops everything; the data stays)

Try next, in another terminal:

  npm run adapt -- ingest REPORT.pdf     send a threat report, see what comes out
  npm run adapt                          all commands
`)
}

/** The demo password that everybody knows is only for a product that nobody else can reach. */
function demoPassword(host: string): string {
  const isLocal = host === 'localhost' || host === '::1' || host.startsWith('127.')
  if (process.env.DEMO_PASSWORD) return process.env.DEMO_PASSWORD
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

stopOnSignals()
try {
  await start()
} catch (error) {
  if (error instanceof PlatformError) console.error(`\nCannot start: ${error.message}`)
  else console.error('\nCannot start:', error)
  await stop()
  process.exit(1)
}
