import * as v from 'valibot'
import { billingSettings } from './configuration/billing.ts'
import { findDriverProblems } from './configuration/drivers.ts'
import { findMisspelt } from './configuration/misspelt.ts'
import { modelSettings } from './configuration/models.ts'
import { findUnsafeEnvironment, findUnsafeSettings } from './configuration/unsafe.ts'
import { isSecret, split, url } from './configuration/values.ts'
import { parseDollars } from './domain/costs/money.ts'
import { PlatformError } from './platform/errors.ts'

const integer = (minimum: number, maximum: number) =>
  v.pipe(
    v.string(),
    v.regex(/^\d+$/, 'must be a whole number'),
    v.transform(Number),
    v.minValue(minimum),
    v.maxValue(maximum),
  )
const list = v.pipe(v.string(), split)
/** A secret that we make ourselves, at random. */
const secret = v.pipe(
  v.string(),
  v.minLength(32, 'must have at least 32 characters'),
  v.metadata({ secret: true, random: true }),
)

const installation = {
  APP_ENV: v.pipe(
    v.optional(v.picklist(['development', 'test', 'staging', 'production']), 'development'),
    v.description('Which environment this is; staging and production refuse to start with unsafe settings'),
  ),
  LOG_LEVEL: v.pipe(
    v.optional(v.picklist(['debug', 'info', 'warn', 'error']), 'info'),
    v.description('Least severe level that is logged'),
  ),
  PUBLIC_URL: v.pipe(url, v.description('Where clients reach the product')),
  FUNCTIONS_URL: v.pipe(
    url,
    v.description(
      'Where Pub/Sub, Cloud Tasks and Cloud Scheduler reach the functions: {FUNCTIONS_URL}/{function name}',
    ),
  ),
}

const database = {
  DATABASE_URL: v.pipe(v.string(), v.url(), isSecret(), v.description('PostgreSQL connection of the role adapt_app')),
  DATABASE_POOL_SIZE: v.pipe(v.optional(integer(1, 50), '5'), v.description('Connections of one instance')),
  DATABASE_TIMEOUT: v.pipe(
    v.optional(integer(1, 300), '30'),
    v.description('Seconds to wait for a connection, and for a statement'),
  ),
}

const signIn = {
  SUPABASE_URL: v.pipe(url, v.description('Supabase project, or the embedded issuer')),
  SUPABASE_ANON_KEY: v.pipe(
    v.string(),
    v.minLength(1),
    isSecret(),
    v.description('Public key that Supabase wants with each call'),
  ),
  SUPABASE_SERVICE_ROLE_KEY: v.pipe(
    v.optional(v.pipe(v.string(), v.minLength(20, 'must have at least 20 characters'))),
    isSecret(),
    v.description('Key that may delete accounts at Supabase; without it nobody can delete theirs'),
  ),
  TOKEN_AUDIENCE: v.pipe(v.optional(v.string(), 'authenticated'), v.description('Audience of access tokens')),
}

const pushes = {
  PUSH_ISSUER: v.pipe(
    v.optional(v.string(), 'https://accounts.google.com'),
    v.description('Issuer of the OIDC tokens of pushes'),
  ),
  PUSH_JWKS_URL: v.pipe(
    v.optional(url, 'https://www.googleapis.com/oauth2/v3/certs'),
    v.description('Keys of the issuer of pushes'),
  ),
  PUSH_SERVICE_ACCOUNTS: v.pipe(list, v.description('Comma-separated e-mail addresses that may push')),
}

const http = {
  SIGNING_SECRET: v.pipe(
    secret,
    v.description(
      'Signs cursors and seals invitations and kept answers: what was made with another one is void. Needs no restart',
    ),
  ),
  CORS_ORIGINS: v.pipe(v.optional(list, ''), v.description('Comma-separated origins of browsers that may call')),
  TRUSTED_PROXY_HOPS: v.pipe(
    v.optional(integer(0, 5), '0'),
    v.description(
      'Proxies of ours that append to X-Forwarded-For: 0 none, 1 Cloud Run, 2 its application load balancer too',
    ),
  ),
  RATE_LIMIT_PRINCIPAL_PER_MINUTE: v.pipe(
    v.optional(integer(1, 1_000_000), '1000'),
    v.description('Cost of requests that a user or an API key may make a minute, and at most at once'),
  ),
  RATE_LIMIT_ADDRESS_PER_MINUTE: v.pipe(
    v.optional(integer(1, 1_000_000), '10000'),
    v.description('Cost of requests that may come from an IPv4 address or an IPv6 /64 a minute, and at most at once'),
  ),
}

const agents = {
  MAXIMUM_ACTIVE_RUNS: v.pipe(
    v.optional(integer(1, 10_000), '20'),
    v.description('Runs of agents that an organization may have under way at once'),
  ),
}

const documents = {
  MAXIMUM_UPLOAD_BYTES: v.pipe(
    v.optional(integer(1, 5_000_000_000), '50000000'),
    v.description('Largest file that can be uploaded'),
  ),
  CLAMD_HOST: v.pipe(
    v.optional(v.string()),
    v.description('clamd to scan uploads with; without it the built-in EICAR check'),
  ),
  CLAMD_PORT: v.pipe(v.optional(integer(1, 65535), '3310'), v.description('Port of clamd')),
}

const budgets = {
  MONTHLY_WORKSPACE_BUDGET_USD: v.pipe(
    v.optional(
      v.pipe(
        v.string(),
        v.check((text) => parseDollars(text) !== null, 'must be US dollars, at most six decimals, e.g. 25 or 12.50'),
      ),
      '25',
    ),
    v.description(
      'US dollars that a workspace may spend on models in a calendar month (UTC), unless it has a budget of its own',
    ),
  ),
}

/** Settings of the drivers that functions run on, each deployed alone. */
const google = {
  GOOGLE_CLOUD_PROJECT: v.pipe(
    v.optional(v.string()),
    v.description('Project of Google Cloud; log lines are tied to their traces in it. Deployed functions need it'),
  ),
  GOOGLE_CLOUD_LOCATION: v.pipe(
    v.optional(v.string()),
    v.description('Region of the queues of Cloud Tasks, e.g. asia-south1. Deployed functions need it'),
  ),
  TASKS_SERVICE_ACCOUNT: v.pipe(
    v.optional(v.pipe(v.string(), v.email())),
    v.description(
      'Account whose OIDC token Cloud Tasks puts on its calls: one of PUSH_SERVICE_ACCOUNTS. Deployed functions need it',
    ),
  ),
  BUCKET_ENVIRONMENT: v.pipe(
    v.optional(v.pipe(v.string(), v.regex(/^[a-z0-9][a-z0-9-]{0,29}$/, 'must be a part of a name of buckets'))),
    v.description(
      '{env} in the names of the buckets, raptorflow-{env}-uploads, -exports and -artifacts; without it APP_ENV',
    ),
  ),
  FIRESTORE_DATABASE: v.pipe(
    v.optional(v.string(), '(default)'),
    v.description('Database of Firestore with the shared state'),
  ),
}

const emulatorHost = v.pipe(v.string(), v.regex(/^[^\s/:]+:\d+$/, 'must be host:port'))
/**
 * Where emulators stand in for Google's services, by the names that Google's and other tools go by; but Cloud Storage's
 * client takes other paths when it finds STORAGE_EMULATOR_HOST.
 */
const emulators = {
  PUBSUB_EMULATOR_HOST: v.pipe(v.optional(emulatorHost), v.description('Emulator of Pub/Sub, host:port')),
  FIRESTORE_EMULATOR_HOST: v.pipe(v.optional(emulatorHost), v.description('Emulator of Firestore, host:port')),
  CLOUD_TASKS_EMULATOR_HOST: v.pipe(v.optional(emulatorHost), v.description('Emulator of Cloud Tasks, host:port')),
  VERTEX_EMULATOR_URL: v.pipe(v.optional(url), v.description('Stand-in of Vertex AI, with http://')),
  SECRET_MANAGER_EMULATOR_HOST: v.pipe(
    v.optional(emulatorHost),
    v.description('Emulator of Secret Manager over REST, host:port'),
  ),
  STORAGE_EMULATOR_URL: v.pipe(v.optional(url), v.description('Emulator of Cloud Storage, with http://')),
}

/** Settings of drivers that exist only where the product runs whole on one machine. */
const embedded = {
  OBJECTS_FOLDER: v.pipe(v.optional(v.string()), v.description('Embedded objects: folder of the buckets')),
  OBJECTS_SECRET: v.pipe(v.optional(secret), v.description('Embedded objects: signs their URLs')),
}

/** What has no place in a deployed function that takes traffic, and why. */
const foreignSettings: Readonly<Record<string, string>> = {
  ...Object.fromEntries(Object.keys(embedded).map((name) => [name, 'belongs to a driver of one machine; remove it'])),
  ...Object.fromEntries(Object.keys(emulators).map((name) => [name, 'leads to an emulator; remove it'])),
}

/** The settings as `.env.example` shows them. */
export const settingGroups = {
  Installation: installation,
  Database: database,
  'Sign-in': signIn,
  'Pushes of Pub/Sub, Cloud Tasks and Cloud Scheduler': pushes,
  HTTP: http,
  Documents: documents,
  Agents: agents,
  Budgets: budgets,
  Models: modelSettings,
  'Billing and mail': billingSettings,
  'Google Cloud': google,
  'Emulators of Google Cloud, for development and tests': emulators,
  'Embedded drivers': embedded,
}

/** Every setting of the product, from the environment. The descriptions are the documentation. */
export const ConfigSchema = v.object({
  ...installation,
  ...database,
  ...signIn,
  ...pushes,
  ...http,
  ...documents,
  ...agents,
  ...budgets,
  ...modelSettings,
  ...billingSettings,
  ...google,
  ...emulators,
  ...embedded,
})

/** What the schema says of a setting besides its values. */
export function notesOf(schema: v.GenericSchema & { wrapped?: v.GenericSchema }): SettingNotes {
  return { ...(schema.wrapped ? notesOf(schema.wrapped) : {}), ...(v.getMetadata(schema as never) as SettingNotes) }
}

interface SettingNotes {
  secret?: boolean
  random?: boolean
}

export type Config = v.InferOutput<typeof ConfigSchema>
/** Names of settings with their text, e.g. `process.env`; empty values count as absent. */
export type Environment = Readonly<Record<string, string | undefined>>

export interface ReadOptions {
  /** The drivers of one machine are in use, and their settings needed; else those of Google Cloud. */
  embeddedDrivers?: boolean
  /** Told what is no reason to refuse: names that look like misspelt settings. */
  warn?: (message: string) => void
}

/**
 * Reads the configuration.
 * @throws PlatformError INVALID_ARGUMENT that names every problem, and shows no value
 */
export function readConfig(environment: Environment, options: ReadOptions = {}): Config {
  const names = Object.keys(ConfigSchema.entries) as (keyof Config)[]
  const given: Environment = Object.fromEntries(
    names.flatMap((name) => (environment[name] ? [[name, environment[name]]] : [])),
  )
  const strict = given.APP_ENV === 'production' || given.APP_ENV === 'staging'
  const isEmbedded = options.embeddedDrivers === true
  const problems: string[] = []
  const result = v.safeParse(ConfigSchema, given)
  // Valibot quotes what it received, which may be a secret.
  for (const issue of result.issues ?? []) {
    problems.push(`${v.getDotPath(issue)}: ${issue.message.replace(/(?: but received|: Received) .*$/s, '')}`)
  }
  problems.push(...findDriverProblems(given, isEmbedded))
  if (strict) {
    const random = names.filter((name) => notesOf(ConfigSchema.entries[name]).random)
    problems.push(...findUnsafeSettings(given, random, isEmbedded ? null : foreignSettings))
    if (!isEmbedded) problems.push(...findUnsafeEnvironment(environment))
  }
  for (const { message, isOurs } of findMisspelt(environment, names)) {
    if (strict && isOurs) problems.push(message)
    else options.warn?.(message)
  }
  if (result.success && problems.length === 0) return result.output
  const message = `The configuration has ${problems.length} problem(s):\n${problems.map((line) => `  ${line}`).join('\n')}`
  throw new PlatformError('INVALID_ARGUMENT', message)
}
