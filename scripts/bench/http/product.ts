import { startProduct } from '#shared/embedded/product.ts'
import { createLogger } from '#shared/runtime/log.ts'

/**
 * The one-port runner in a process of its own, with everything on and rates that a benchmark does not reach. Says its
 * address, and its memory when asked. `SETTINGS`: more settings, as JSON.
 */
const {
  DATABASE_URL = '',
  CLOUD_DATABASE_URL = '',
  DATA_FOLDER = '',
  DATABASE_POOL_SIZE,
  SETTINGS = '{}',
} = process.env
const product = await startProduct({
  databaseUrl: DATABASE_URL,
  cloudDatabaseUrl: CLOUD_DATABASE_URL,
  dataFolder: DATA_FOLDER,
  host: '127.0.0.1',
  port: 0,
  settings: {
    // As deployed: answers are not checked against their declarations.
    APP_ENV: 'production',
    DATABASE_POOL_SIZE,
    RATE_LIMIT_PRINCIPAL_PER_MINUTE: '1000000',
    RATE_LIMIT_ADDRESS_PER_MINUTE: '1000000',
    DEFAULT_PLAN: 'enterprise',
    ...(JSON.parse(SETTINGS) as Record<string, string>),
  },
  log: createLogger({ level: 'info', readable: false }),
})

process.on('message', () => {
  const gc = (globalThis as { gc?: () => void }).gc
  // Twice: what finalizers let go of is taken by the second.
  gc?.()
  gc?.()
  const { heapUsed, external } = process.memoryUsage()
  process.send?.({ megabytes: (heapUsed + external) / 1e6 })
})
process.send?.({ url: product.url })
