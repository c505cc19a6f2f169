import * as v from 'valibot'
import { PlatformError } from './platform/errors.ts'

const integer = (minimum: number, maximum: number) =>
  v.pipe(
    v.string(),
    v.regex(/^\d+$/, 'must be a whole number'),
    v.transform(Number),
    v.minValue(minimum),
    v.maxValue(maximum),
  )
const list = v.pipe(
  v.string(),
  v.transform((value) =>
    value
      .split(',')
      .map((item) => item.trim())
      .filter(Boolean),
  ),
)
const url = v.pipe(v.string(), v.url())
const secret = v.pipe(v.string(), v.minLength(32, 'must have at least 32 characters'))

/** Every setting of the product, from the environment. The descriptions are the documentation. */
export const ConfigSchema = v.object({
  APP_ENV: v.pipe(
    v.optional(v.picklist(['development', 'test', 'staging', 'production']), 'development'),
    v.description('Which environment this is; production validates strictly'),
  ),
  LOG_LEVEL: v.pipe(
    v.optional(v.picklist(['debug', 'info', 'warn', 'error']), 'info'),
    v.description('Least severe level that is logged'),
  ),
  PUBLIC_URL: v.pipe(url, v.description('Where clients reach the product, without a trailing slash')),
  FUNCTIONS_URL: v.pipe(
    url,
    v.description(
      'Where Pub/Sub, Cloud Tasks and Cloud Scheduler reach the functions: {FUNCTIONS_URL}/{function name}',
    ),
  ),
  DATABASE_URL: v.pipe(url, v.description('PostgreSQL connection of the role adapt_app')),
  DATABASE_POOL_SIZE: v.pipe(v.optional(integer(1, 50), '5'), v.description('Connections of one instance')),
  DATABASE_TIMEOUT: v.pipe(
    v.optional(integer(1, 300), '30'),
    v.description('Seconds to wait for a connection, and for a statement'),
  ),
  SUPABASE_URL: v.pipe(url, v.description('Supabase project, or the embedded issuer')),
  SUPABASE_ANON_KEY: v.pipe(v.string(), v.minLength(1), v.description('Public key that Supabase wants with each call')),
  TOKEN_AUDIENCE: v.pipe(v.optional(v.string(), 'authenticated'), v.description('Audience of access tokens')),
  PUSH_ISSUER: v.pipe(
    v.optional(v.string(), 'https://accounts.google.com'),
    v.description('Issuer of the OIDC tokens of pushes'),
  ),
  PUSH_JWKS_URL: v.pipe(
    v.optional(url, 'https://www.googleapis.com/oauth2/v3/certs'),
    v.description('Keys of the issuer of pushes'),
  ),
  PUSH_SERVICE_ACCOUNTS: v.pipe(list, v.description('Comma-separated e-mail addresses that may push')),
  CURSOR_SECRET: v.pipe(secret, v.description('Signs the cursors of lists')),
  CORS_ORIGINS: v.pipe(v.optional(list, ''), v.description('Comma-separated origins of browsers that may call')),
  OBJECTS_FOLDER: v.pipe(v.optional(v.string()), v.description('Embedded objects: folder of the buckets')),
  OBJECTS_SECRET: v.pipe(v.optional(secret), v.description('Embedded objects: signs their URLs')),
  MAXIMUM_UPLOAD_BYTES: v.pipe(
    v.optional(integer(1, 5_000_000_000), '50000000'),
    v.description('Largest file that can be uploaded'),
  ),
  CLAMD_HOST: v.pipe(
    v.optional(v.string()),
    v.description('clamd to scan uploads with; without it the built-in EICAR check'),
  ),
  CLAMD_PORT: v.pipe(v.optional(integer(1, 65535), '3310'), v.description('Port of clamd')),
})

export type Config = v.InferOutput<typeof ConfigSchema>

/**
 * Reads the configuration.
 * @param environment e.g. `process.env`; empty values count as absent
 * @throws PlatformError INVALID_ARGUMENT that names every problem
 */
export function readConfig(environment: Record<string, string | undefined>): Config {
  const given = Object.fromEntries(
    Object.keys(ConfigSchema.entries).flatMap((name) => (environment[name] ? [[name, environment[name]]] : [])),
  )
  const result = v.safeParse(ConfigSchema, given)
  if (result.success) return result.output
  // Valibot quotes what it received, which may be a secret.
  const problems = result.issues.map(
    (issue) => `  ${v.getDotPath(issue)}: ${issue.message.replace(/(?: but received|: Received) .*$/s, '')}`,
  )
  const message = `The configuration has ${problems.length} problem(s):\n${problems.join('\n')}`
  throw new PlatformError('INVALID_ARGUMENT', message)
}
