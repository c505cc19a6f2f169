import { type Config, ConfigSchema, type Environment, readConfig } from '../config.ts'
import { PlatformError } from '../platform/errors.ts'
import type { SecretStore } from '../platform/secrets/index.ts'
import { referencesOf, resolveReferences } from './references.ts'
import { findUnsafeEnvironment } from './unsafe.ts'

const refreshMilliseconds = 5 * 60_000

/**
 * Settings that are read anew for each call. The others went into connections and clients when those were opened, and
 * take effect at the next start.
 */
const readAtCallTime: readonly string[] = ['SIGNING_SECRET', 'MAXIMUM_UPLOAD_BYTES']

export interface ConfigSource {
  /**
   * The configuration. When it refers to secrets and was read more than five minutes ago it is read anew, meanwhile:
   * there is no timer, since an instance that serves no request has no processor.
   */
  current(): Config
  /** Reads the secrets anew; returns the names of the settings that changed. Keeps the last good ones if that fails. */
  refresh(): Promise<string[]>
  /** Null, or why the settings could not be read anew the last time. */
  problem(): string | null
  /** From here on says what changes, first of all which names in the environment look like misspelt settings. */
  tell(log: Told): void
}

interface Told {
  info(message: string, fields?: Record<string, unknown>): void
  warn(message: string, fields?: Record<string, unknown>): void
}

/**
 * Reads the configuration with the secrets that it refers to, and follows them.
 * @throws PlatformError that names every problem and shows no value
 */
export async function createConfigSource(
  environment: Environment,
  secrets: SecretStore,
  options: { embeddedDrivers?: boolean; now?: () => Date } = {},
): Promise<ConfigSource> {
  const { now = () => new Date(), embeddedDrivers = false } = options
  if (!embeddedDrivers && referencesOf(environment).length > 0) assertSecretsStaySecret(environment)
  const misspelt = new Set<string>()
  const read = async () =>
    readConfig(await resolveReferences(environment, secrets), {
      embeddedDrivers,
      warn: (message) => misspelt.add(message),
    })
  let config = await read()
  const isFixed = referencesOf(environment).length === 0
  let readAt = now().getTime()
  let problem: string | null = null
  let refreshing: Promise<string[]> | null = null
  let log: Told | null = null

  async function readAnew(): Promise<string[]> {
    readAt = now().getTime()
    try {
      const next = await read()
      const changed = changedSettings(config, next)
      config = next
      problem = null
      if (changed.length > 0) tellChanged(changed, log)
      return changed
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error)
      log?.warn('settings could not be read anew; the last good ones stay', { problem })
      return []
    } finally {
      refreshing = null
    }
  }

  function refresh(): Promise<string[]> {
    refreshing ??= readAnew()
    return refreshing
  }

  return {
    current() {
      if (!isFixed && now().getTime() - readAt >= refreshMilliseconds) void refresh()
      return config
    },
    refresh,
    problem: () => problem,
    tell(to) {
      log = to
      for (const message of misspelt) log.warn(message)
    },
  }
}

/** Reading the secrets would already show them, before the settings could be refused. */
function assertSecretsStaySecret(environment: Environment): void {
  const [problem] =
    environment.APP_ENV === 'production' || environment.APP_ENV === 'staging' ? findUnsafeEnvironment(environment) : []
  if (problem) throw new PlatformError('INVALID_ARGUMENT', `The configuration has 1 problem(s):\n  ${problem}`)
}

function changedSettings(before: Config, after: Config): string[] {
  const names = Object.keys(ConfigSchema.entries) as (keyof Config)[]
  return names.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]))
}

function tellChanged(changed: readonly string[], log: Told | null): void {
  const later = changed.filter((name) => !readAtCallTime.includes(name))
  if (later.length < changed.length) {
    log?.info('settings changed', { settings: changed.filter((name) => readAtCallTime.includes(name)) })
  }
  if (later.length > 0) log?.warn('settings changed that take effect at the next start', { settings: later })
}
