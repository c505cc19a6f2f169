import { ConfigSchema, type Environment } from '../config.ts'
import { PlatformError } from '../platform/errors.ts'
import type { SecretStore } from '../platform/secrets/index.ts'

const scheme = 'sm://'

/** Names of settings whose value is a reference to a secret. */
export function referencesOf(environment: Environment): string[] {
  return Object.keys(ConfigSchema.entries).filter((name) => environment[name]?.startsWith(scheme))
}

/**
 * Puts the secrets in place of settings that refer to them as `sm://NAME`. A line break at the end of a secret, which
 * editors and `echo` leave there, is dropped.
 *
 * @throws PlatformError NOT_FOUND, or UNAVAILABLE when the store failed; it names all that could not be read and shows
 *   no value
 */
export async function resolveReferences(environment: Environment, secrets: SecretStore): Promise<Environment> {
  const settings = referencesOf(environment)
  if (settings.length === 0) return environment
  const reading = new Map<string, Promise<string>>()
  const problems: string[] = []
  let storeFailed = false
  const resolved = await Promise.all(
    settings.map(async (setting) => {
      const name = environment[setting]!.slice(scheme.length)
      try {
        const read = reading.get(name) ?? readSecret(secrets, name)
        reading.set(name, read)
        return [setting, await read]
      } catch (error) {
        const { code } = error as { code?: string }
        const isAbsent = code === 'NOT_FOUND' || code === 'INVALID_ARGUMENT'
        storeFailed ||= !isAbsent
        problems.push(
          `${setting}: ${isAbsent ? `there is no secret ${describe(name)}` : 'its secret could not be read'}`,
        )
        return [setting, undefined]
      }
    }),
  )
  if (problems.length > 0) {
    const message = `The configuration has ${problems.length} problem(s):\n${problems.map((line) => `  ${line}`).join('\n')}`
    throw new PlatformError(storeFailed ? 'UNAVAILABLE' : 'NOT_FOUND', message)
  }
  return { ...environment, ...Object.fromEntries(resolved) }
}

async function readSecret(secrets: SecretStore, name: string): Promise<string> {
  const value = (await secrets.read(name)).replace(/\r?\n$/, '')
  // The environment as a store finds SIGNING_SECRET=sm://cursor-secret in itself.
  if (value === '' || value.startsWith(scheme))
    throw new PlatformError('NOT_FOUND', 'the secret is empty or a reference')
  return value
}

/** The name as it may be shown: what is not one might be a secret in the wrong place. */
function describe(name: string): string {
  return /^[A-Za-z0-9_-]{1,255}$/.test(name) ? `"${name}"` : 'of such a name'
}
