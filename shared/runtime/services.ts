import type { Config } from '#shared/config.ts'
import type { ConfigSource } from '#shared/configuration/source.ts'
import type { PaymentGateway } from '#shared/domain/billing/gateway.ts'
import type { CircuitState } from '#shared/domain/models/circuit-breakers.ts'
import type { ModelAlias, Models } from '#shared/domain/models/types.ts'
import type { Sql } from '#shared/domain/sql.ts'
import type { Bus } from '#shared/platform/bus/index.ts'
import type { Database } from '#shared/platform/database/index.ts'
import type { Identity } from '#shared/platform/identity/index.ts'
import type { readInWorker } from '#shared/platform/isolation/index.ts'
import type { Mailer } from '#shared/platform/mail/index.ts'
import type { ObjectStore } from '#shared/platform/objects/index.ts'
import type { Queue } from '#shared/platform/queue/index.ts'
import type { Scanner } from '#shared/platform/scanner/index.ts'
import type { StateStore } from '#shared/platform/state/index.ts'
import type { ReadWeb } from '#shared/platform/web/read-web.ts'
import type { FlagCache } from './flags.ts'
import type { Logger } from './log.ts'
import type { UsageLog } from './usage.ts'

export interface AccessClaims {
  sub: string
  email: string
  /** Authenticator assurance level: `aal2` after a second factor. */
  aal: string
}

/** Models, as those who work for an organization have them. */
export interface ModelService {
  /** Those of one request or delivery: what they cost is booked in transactions of its scope. */
  forCall(call: {
    config: Config
    log: Logger
    objects: ObjectStore
    now(): Date
    commit<Result>(work: (sql: Sql) => Promise<Result>): Promise<Result>
  }): Models
}

/** Everything a function needs from outside, opened once per process. */
export interface Services {
  config: Config
  /** Null, or why the settings that refer to secrets could not be read anew. */
  configProblem?: () => string | null
  log: Logger
  now(): Date
  database: Database
  objects: ObjectStore
  identity: Identity
  scanner: Scanner
  readDocument: typeof readInWorker
  /** Reads texts of the public web. */
  readWeb: ReadWeb
  models: ModelService
  payments: PaymentGateway
  mailer: Mailer
  /** Models of each alias, with the state of each one's circuit in this process; asks none of them. */
  modelStates(): Readonly<Record<ModelAlias, Readonly<Record<string, CircuitState>>>>
  /** Null in a process that leaves sending to the outbox sweeper. */
  bus: Bus | null
  queue: Queue | null
  /** What instances share for a short time; null in a process that counts for itself. */
  state: StateStore | null
  /** What requests were, and when API keys were used last: written in the background. */
  usage: UsageLog
  flags: FlagCache
  /** Throws when the access token isn't to be trusted. */
  verifyAccessToken(token: string): Promise<AccessClaims>
  /** Throws when the push token isn't to be trusted for this audience. */
  verifyPushToken(token: string, audience: string): Promise<void>
  /** In tests and development every answer is checked against its declaration. */
  validateResponses: boolean
}

/** Makes the services' settings follow their source, for all who look at them at each call. */
export function followConfig<Opened extends Services>(services: Opened, source: ConfigSource): Opened {
  Object.defineProperty(services, 'config', { enumerable: true, get: () => source.current() })
  services.configProblem = () => source.problem()
  return services
}
