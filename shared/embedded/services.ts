import type { Config } from '#shared/config.ts'
import type { Bus } from '#shared/platform/bus/index.ts'
import { openDatabase } from '#shared/platform/database/index.ts'
import { createSupabaseIdentity } from '#shared/platform/identity/supabase.ts'
import { createTokenVerifier } from '#shared/platform/identity/verify.ts'
import { readInWorker } from '#shared/platform/isolation/index.ts'
import { createLocalObjects } from '#shared/platform/objects/local.ts'
import { createServiceTokenVerifier } from '#shared/platform/push/service-tokens.ts'
import type { Queue } from '#shared/platform/queue/index.ts'
import { openScanner } from '#shared/platform/scanner/index.ts'
import type { StateStore } from '#shared/platform/state/index.ts'
import { FlagCache } from '#shared/runtime/flags.ts'
import type { Logger } from '#shared/runtime/log.ts'
import type { Services } from '#shared/runtime/services.ts'
import { UsageLog } from '#shared/runtime/usage.ts'

/**
 * Opens what functions need on one machine. Nothing is connected yet: each driver does that when it is first used.
 * @param cloud the embedded cloud, or null in a process of its own, which leaves sending to the outbox sweeper
 */
export function openEmbeddedServices(
  config: Config,
  log: Logger,
  cloud: { bus: Bus; queue: Queue; state: StateStore } | null,
): Services & { objects: ReturnType<typeof createLocalObjects> } {
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
    // Alone, it is a function whose processor may stand still between requests.
    endsReadsLater: cloud !== null,
  })
  return {
    config,
    log,
    now: () => new Date(),
    database,
    objects: createLocalObjects({
      folder: config.OBJECTS_FOLDER ?? '',
      secret: config.OBJECTS_SECRET ?? '',
      publicUrl: config.PUBLIC_URL,
      origins: config.CORS_ORIGINS,
    }),
    identity: createSupabaseIdentity({
      url: config.SUPABASE_URL,
      key: config.SUPABASE_ANON_KEY,
      serviceRoleKey: config.SUPABASE_SERVICE_ROLE_KEY,
    }),
    scanner: openScanner(
      config.CLAMD_HOST ? { kind: 'clamd', host: config.CLAMD_HOST, port: config.CLAMD_PORT } : { kind: 'builtin' },
    ),
    readDocument: readInWorker,
    bus: cloud?.bus ?? null,
    queue: cloud?.queue ?? null,
    state: cloud?.state ?? null,
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
