import { generateKeyPairSync } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { v1 } from '@google-cloud/secret-manager'
import type { SecretManagerClient } from '#shared/platform/secrets/gcp.ts'
import { crc32c } from '#shared/platform/secrets/gcp-crc32c.ts'

/** What goes wrong with one request: an HTTP status with a gRPC one, no answer, a late one, a page, a flipped bit. */
export type SecretFault =
  | { status: number; code: string }
  | { lateMilliseconds: number }
  | 'never'
  | 'cut off'
  | 'page of a proxy'
  | 'flipped bit'
  | 'without checksum'

export interface SecretManagerFake {
  port: number
  /** File of a service account's key, which any client of the fake may use. */
  credentials: string
  /** Makes Google's own client over REST, with a service account's key, speaking to this fake. */
  openClient(): Promise<SecretManagerClient>
  /** Adds a version, which is the latest from now on. */
  add(name: string, value: string | Uint8Array): void
  /** Disables the latest version, as an administrator would. */
  disable(name: string): void
  /** What goes wrong with the next requests, one each. */
  faults: SecretFault[]
  /** Names of versions that were asked for. */
  requests: string[]
  stop(): Promise<void>
}

interface Version {
  data: Buffer
  isEnabled: boolean
}

const accessPath = /^\/v1\/(projects\/acme\/secrets\/([A-Za-z0-9_-]{1,255})\/versions\/latest):access$/

/** Starts a server that speaks what we use of Secret Manager's REST API, v1: projects.secrets.versions.access. */
export async function startSecretManagerFake(): Promise<SecretManagerFake> {
  const secrets = new Map<string, Version[]>()
  const faults: SecretFault[] = []
  const requests: string[] = []
  const folder = await mkdtemp(join(tmpdir(), 'secret-manager-'))
  const credentials = join(folder, 'service-account.json')
  await writeFile(credentials, serviceAccount())

  const server = createServer(async (request, response) => {
    const [, version, name] = accessPath.exec(decodeURIComponent(new URL(request.url!, 'http://fake').pathname)) ?? []
    if (version) requests.push(version)
    const fault = faults.shift()
    if (fault && (await spoil(fault, response))) return
    const refusal = refusalOf(request, name, secrets)
    if (refusal) return refuse(response, ...refusal)
    const versions = secrets.get(name!)!
    const { data } = versions.at(-1)!
    const sent = Buffer.from(data)
    if (fault === 'flipped bit') sent[0]! ^= 1
    const checksum = fault === 'without checksum' ? {} : { dataCrc32c: String(crc32c(data)) }
    const full = `projects/123456789012/secrets/${name}/versions/${versions.length}`
    sendJson(response, 200, { name: full, payload: { data: sent.toString('base64'), ...checksum } })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo

  return {
    port,
    credentials,
    faults,
    requests,
    add(name, value) {
      const versions = secrets.get(name) ?? []
      secrets.set(name, [...versions, { data: Buffer.from(value), isEnabled: true }])
    },
    disable(name) {
      secrets.get(name)!.at(-1)!.isEnabled = false
    },
    async openClient() {
      process.env.GOOGLE_APPLICATION_CREDENTIALS = credentials
      process.env.METADATA_SERVER_DETECTION ??= 'none'
      const client = new v1.SecretManagerServiceClient({
        fallback: true,
        protocol: 'http',
        servicePath: '127.0.0.1',
        port,
      } as ConstructorParameters<typeof v1.SecretManagerServiceClient>[0])
      await client.initialize()
      return client as SecretManagerClient
    },
    async stop() {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
      if (process.env.GOOGLE_APPLICATION_CREDENTIALS === credentials) delete process.env.GOOGLE_APPLICATION_CREDENTIALS
      await rm(folder, { recursive: true })
    },
  }
}

/** With a key of its own, the client signs its tokens itself and needs nobody else. */
function serviceAccount(): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return JSON.stringify({
    type: 'service_account',
    project_id: 'acme',
    client_email: 'function@acme.iam.gserviceaccount.com',
    private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
  })
}

/** Returns whether that was the answer. */
async function spoil(fault: SecretFault, response: ServerResponse): Promise<boolean> {
  if (fault === 'never') return true
  if (fault === 'cut off') {
    response.destroy()
    return true
  }
  if (fault === 'page of a proxy') {
    response.writeHead(502, { 'content-type': 'text/html' }).end('<html><title>502 Bad Gateway</title></html>')
    return true
  }
  if (typeof fault === 'string') return false
  if ('lateMilliseconds' in fault) {
    await sleep(fault.lateMilliseconds)
    return false
  }
  refuse(response, fault.status, fault.code)
  return true
}

function refusalOf(
  request: IncomingMessage,
  name: string | undefined,
  secrets: ReadonlyMap<string, Version[]>,
): [number, string] | undefined {
  if (!/^Bearer \S+\.\S+\.\S+$/.test(request.headers.authorization ?? '')) return [401, 'UNAUTHENTICATED']
  const latest = name === undefined ? undefined : secrets.get(name)?.at(-1)
  if (request.method !== 'GET' || !latest) return [404, 'NOT_FOUND']
  return latest.isEnabled ? undefined : [400, 'FAILED_PRECONDITION']
}

function refuse(response: ServerResponse, status: number, code: string): void {
  const reason = { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: code, domain: 'secretmanager' }
  sendJson(response, status, { error: { code: status, status: code, message: `refused: ${code}`, details: [reason] } })
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=UTF-8' }).end(JSON.stringify(body))
}
