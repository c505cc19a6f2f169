import type { Config } from '#shared/config.ts'
import { CircuitBreakers } from '#shared/domain/models/circuit-breakers.ts'
import type { Bus } from '#shared/platform/bus/index.ts'
import { openDatabase } from '#shared/platform/database/index.ts'
import { createSupabaseIdentity } from '#shared/platform/identity/supabase.ts'
import { createTokenVerifier } from '#shared/platform/identity/verify.ts'
import { readInWorker } from '#shared/platform/isolation/index.ts'
import { openMailer } from '#shared/platform/mail/open.ts'
import type { ObjectStore } from '#shared/platform/objects/index.ts'
import { createRazorpayGateway } from '#shared/platform/payments/razorpay.ts'
import { createServiceTokenVerifier } from '#shared/platform/push/service-tokens.ts'
import type { Queue } from '#shared/platform/queue/index.ts'
import { openScanner } from '#shared/platform/scanner/index.ts'
import type { StateStore } from '#shared/platform/state/index.ts'
import { createWebReader } from '#shared/platform/web/read-web.ts'
import { openModels } from '#shared/runtime/open-models.ts'
import { configuredModels, type ModelDefaults } from './configured-models.ts'
import { FlagCache } from './flags.ts'
import type { Logger } from './log.ts'
import type { Services } from './services.ts'
import { UsageLog } from './usage.ts'

/** What is another thing on one machine than on Google Cloud. */
export interface Drivers<Objects extends ObjectStore = ObjectStore> {
  bus: Bus | null
  queue: Queue | null
  state: StateStore | null
  objects: Objects
  /** Where the settings name none. */
  modelDefaults: ModelDefaults
  /** The processor is there between requests too; that of a function may stand still. */
  runsBetweenRequests: boolean
}

/**
 * Opens what functions need, on these drivers; all that is the same everywhere is made here. Nothing is connected or
 * loaded yet: each driver does that when it is first used.
 */
export function openServices<Objects extends ObjectStore>(
  config: Config,
  log: Logger,
  drivers: Drivers<Objects>,
): Services & { objects: Objects } {
  const issuer = `${config.SUPABASE_URL}/auth/v1`
  const accessTokens = createTokenVerifier({
    issuer,
    audience: config.TOKEN_AUDIENCE,
    jwksUrl: `${issuer}/.well-known/jwks.json`,
  })
  const pushTokens = createServiceTokenVerifier({
    issuer: config.PUSH_ISSUER,
    jwksUrl: config.PUSH_JWKS_URL,
    emails: config.PUSH_SERVICE_ACCOUNTS,
  })
  const database = openDatabase({
    url: config.DATABASE_URL,
    poolSize: config.DATABASE_POOL_SIZE,
    connectTimeoutSeconds: config.DATABASE_TIMEOUT,
    statementTimeoutSeconds: config.DATABASE_TIMEOUT,
    applicationName: 'adapt',
    endsReadsLater: drivers.runsBetweenRequests,
  })
  const breakers = new CircuitBreakers(() => performance.now())
  return {
    config,
    log,
    now: () => new Date(),
    database,
    objects: drivers.objects,
    identity: createSupabaseIdentity({
      url: config.SUPABASE_URL,
      key: config.SUPABASE_ANON_KEY,
      serviceRoleKey: config.SUPABASE_SERVICE_ROLE_KEY,
    }),
    scanner: openScanner(
      config.CLAMD_HOST ? { kind: 'clamd', host: config.CLAMD_HOST, port: config.CLAMD_PORT } : { kind: 'builtin' },
    ),
    readDocument: readInWorker,
    readWeb: createWebReader(),
    payments: createRazorpayGateway({
      keyId: config.RAZORPAY_KEY_ID ?? null,
      keySecret: config.RAZORPAY_KEY_SECRET ?? null,
      baseUrl: config.RAZORPAY_BASE_URL,
    }),
    mailer: openMailer(config, log),
    models: openModels(breakers, drivers.modelDefaults),
    modelStates() {
      // As they are now: settings follow their source.
      const models = Object.entries(configuredModels(this.config, drivers.modelDefaults))
      return Object.fromEntries(
        models.map(([alias, names]) => [alias, Object.fromEntries(names.map((name) => [name, breakers.state(name)]))]),
      ) as ReturnType<Services['modelStates']>
    },
    bus: drivers.bus,
    queue: drivers.queue,
    state: drivers.state,
    usage: new UsageLog({ database, log }),
    flags: new FlagCache({ database, log, now: () => new Date() }),
    async verifyAccessToken(token) {
      const { sub, email, aal } = await accessTokens.verify(token)
      return { sub, email: typeof email === 'string' ? email : '', aal: aal ?? 'aal1' }
    },
    async verifyPushToken(token, audience) {
      await pushTokens.verify(token, audience)
    },
    validateResponses: config.APP_ENV !== 'production',
  }
}
