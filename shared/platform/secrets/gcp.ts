import { PlatformError } from '../errors.ts'
import { type CallOptions, ClientCalls } from '../google/client-calls.ts'
import { grpcStatus, isPassing, statusOf, toPlatformError } from '../google/status.ts'
import { crc32c } from './gcp-crc32c.ts'
import type { SecretStore } from './index.ts'
import { assertSecretName } from './secret-name.ts'

/** Of Google's `v1.SecretManagerServiceClient`, what we call. */
export interface SecretManagerClient {
  accessSecretVersion(request: { name: string }, options: CallOptions): Promise<[AccessedVersion, ...unknown[]]>
  close(): Promise<unknown>
}

interface AccessedVersion {
  payload?: {
    data?: Uint8Array | string | null
    /** Of the data; 64 bits wide in the protocol, so text or an object that prints as a number. */
    dataCrc32c?: unknown
  } | null
}

export interface SecretManagerOptions {
  projectId: string
  /** For one read with every retry; 10,000 by default. */
  timeoutMilliseconds?: number
  /** `host:port` of an emulator, which speaks plain HTTP. */
  emulatorHost?: string
  /** Makes the client; by default Google's, loaded at the first read, with the credentials of the environment. */
  openClient?: () => Promise<SecretManagerClient>
}

export interface SecretManagerSecrets extends SecretStore {
  close(): Promise<void>
}

const service = 'Secret Manager'

/**
 * Reads secrets from Secret Manager: each read asks for the latest version. Nothing is kept here: the configuration
 * keeps what it has read, asks again every five minutes and goes on with the last good values when that fails.
 */
export function createSecretManagerSecrets(options: SecretManagerOptions): SecretManagerSecrets {
  const calls = new ClientCalls({
    service,
    open: options.openClient ?? (() => openClient(options.emulatorHost)),
    timeoutMilliseconds: options.timeoutMilliseconds ?? 10_000,
    attemptMilliseconds: 3_000,
  })
  return {
    async read(name) {
      assertSecretName(name)
      const version = `projects/${options.projectId}/secrets/${name}/versions/latest`
      try {
        return await calls.call(
          async (client, callOptions) => textOf((await client.accessSecretVersion({ name: version }, callOptions))[0]),
          (error) => error instanceof DamagedOnTheWay || isPassing(error),
        )
      } catch (error) {
        // The latest version is disabled or destroyed: to the reader there is no value.
        if (statusOf(error) === grpcStatus.FAILED_PRECONDITION) {
          throw new PlatformError('NOT_FOUND', `${service}: the latest version of ${name} is not enabled`, {
            cause: error,
          })
        }
        throw toPlatformError(service, error)
      }
    },
    close: () => calls.close(),
  }
}

class DamagedOnTheWay extends Error {
  constructor() {
    super('a value arrived with a checksum that is not its own')
  }
}

/** The value as text, exactly. Its bytes are shown to nobody: no message here holds any of them. */
function textOf({ payload }: AccessedVersion): string {
  const data = payload?.data ?? ''
  const bytes = typeof data === 'string' ? Buffer.from(data, 'base64') : data
  const checksum = payload?.dataCrc32c
  if (checksum !== undefined && checksum !== null && Number(checksum) !== crc32c(bytes)) throw new DamagedOnTheWay()
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new PlatformError('DATA_DAMAGED', `${service}: the secret's value is not text in UTF-8`)
  }
}

/** Over REST: gRPC takes 40 ms and 13 MB more for the first call, and a start reads but a few secrets. */
async function openClient(emulatorHost?: string): Promise<SecretManagerClient> {
  const { SecretManagerServiceClient } = (await import('@google-cloud/secret-manager')).default.v1
  const client = new SecretManagerServiceClient({ fallback: true, ...(emulatorHost && emulator(emulatorHost)) })
  // A client whose credentials could not be read remembers that for good; this one is then not kept.
  await client.initialize()
  return client as SecretManagerClient
}

function emulator(host: string): object {
  const { hostname, port } = new URL(`http://${host}`)
  return { protocol: 'http', servicePath: hostname, port: Number(port) }
}
