import type { Environment } from '#shared/config.ts'
import { createSecretManagerSecrets } from '#shared/platform/secrets/gcp.ts'
import type { SecretStore } from '#shared/platform/secrets/index.ts'

/**
 * Opens Secret Manager, which the settings are read from that refer to it. So it goes by the environment alone: there is
 * no configuration yet. The client is loaded by the first reference.
 */
export function openGoogleSecrets(environment: Environment): SecretStore {
  const { GOOGLE_CLOUD_PROJECT: projectId = '', SECRET_MANAGER_EMULATOR_HOST: emulatorHost } = environment
  return createSecretManagerSecrets({ projectId, ...(emulatorHost ? { emulatorHost } : {}) })
}
