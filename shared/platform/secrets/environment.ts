import { PlatformError } from '../errors.ts'
import type { SecretStore } from './index.ts'
import { assertSecretName } from './secret-name.ts'

/**
 * Reads secrets from environment values: `razorpay-webhook-secret` is looked up as `RAZORPAY_WEBHOOK_SECRET`.
 *
 * The record is read at every call, so that a value replaced in it is seen at once.
 *
 * @param values - `process.env`, or what was parsed from a `.env` file.
 */
export function createEnvironmentSecrets(values: Record<string, string | undefined>): SecretStore {
  return {
    async read(name) {
      const variable = environmentVariableOf(name)
      const value = Object.hasOwn(values, variable) ? values[variable] : undefined
      // An empty variable is how a shell or a `.env` template says "not set": an empty secret would disarm its check.
      if (!value) throw new PlatformError('NOT_FOUND', `secret ${name} is not set: expected it in ${variable}`)
      return value
    },
  }
}

/**
 * Turns a secret's name into the name of the variable that holds it.
 *
 * @param name - 1 to 255 letters, digits, `-` and `_`, as Secret Manager allows.
 * @throws PlatformError INVALID_ARGUMENT for any other name.
 */
export function environmentVariableOf(name: string): string {
  assertSecretName(name)
  return name.replaceAll('-', '_').toUpperCase()
}
