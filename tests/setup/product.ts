import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Product, startProduct } from '#shared/embedded/product.ts'
import { createTestDatabase } from '#shared/platform/database/test-cluster.ts'
import type { DiscoveredFunction } from '#shared/runtime/discover.ts'
import { type Logger, silentLogger } from '#shared/runtime/log.ts'
import { cloneDatabase, type TestDatabase } from './database.ts'

/** Tests ask more in a minute than anybody may, and use more than a free plan has. */
const unlimited = {
  RATE_LIMIT_PRINCIPAL_PER_MINUTE: '1000000',
  RATE_LIMIT_ADDRESS_PER_MINUTE: '1000000',
  MAXIMUM_ACTIVE_RUNS: '10000',
  DEFAULT_PLAN: 'enterprise',
}

export interface TestProduct extends Product {
  database: TestDatabase
  dataFolder: string
  /** Signs up a new person and returns their access token. */
  signUp(email?: string): Promise<string>
}

/** The whole product on a free port, with a database and a cloud of its own; retries wait a hundredth of their time. */
export async function startTestProduct(
  clusterUrl: string,
  settings: Record<string, string> = {},
  log: Logger = silentLogger,
  furtherFunctions: readonly DiscoveredFunction[] = [],
): Promise<TestProduct> {
  const database = await cloneDatabase(clusterUrl)
  const cloud = await createTestDatabase(clusterUrl)
  const dataFolder = await mkdtemp(join(tmpdir(), 'adapt-test-'))
  const product = await startProduct({
    databaseUrl: database.appUrl,
    cloudDatabaseUrl: cloud.url,
    dataFolder,
    host: '127.0.0.1',
    port: 0,
    settings: { ...unlimited, APP_ENV: 'test', ...settings },
    log,
    furtherFunctions,
    backoffScale: 0.01,
  })
  return {
    ...product,
    database,
    dataFolder,
    signUp: (email) => signUpAt(product.url, email),
    async stop() {
      await product.stop()
      await database.drop()
      await cloud.drop()
      await rm(dataFolder, { recursive: true, force: true })
    },
  }
}

export const testPassword = 'a long enough password'

/** Signs up a new person; returns their access token. */
export async function signUpAt(url: string, email = `${crypto.randomUUID()}@example.org`): Promise<string> {
  const answer = await call(url, 'POST', '/v1/auth/sign-up', { body: { email, password: testPassword } })
  return (answer.body as { session: { access_token: string } }).session.access_token
}

export interface Answer {
  status: number
  /** Of every shape. */
  body: any
  headers: Headers
}

export interface CallOptions {
  token?: string
  body?: unknown
  /** Sent as it is, instead of `body` as JSON. */
  rawBody?: string
  headers?: Record<string, string>
}

/** One HTTP call; a JSON answer is parsed, any other is text. */
export async function call(url: string, method: string, path: string, options: CallOptions = {}): Promise<Answer> {
  const headers = new Headers(options.headers)
  if (options.token) headers.set('authorization', `Bearer ${options.token}`)
  const hasBody = options.body !== undefined || options.rawBody !== undefined
  if (hasBody && !headers.has('content-type')) headers.set('content-type', 'application/json')
  const response = await fetch(url + path, {
    method,
    headers,
    redirect: 'manual',
    ...(hasBody ? { body: options.rawBody ?? JSON.stringify(options.body) } : {}),
  })
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.startsWith('application/json')
  return { status: response.status, body: isJson && text !== '' ? JSON.parse(text) : text, headers: response.headers }
}

export interface NewDocument {
  fileName: string
  content: string | Uint8Array
  /** text/plain when absent. */
  contentType?: string
  tlp?: string
  /** The caller's first when absent. */
  workspaceId?: string
}

/** Announces a document and uploads its file, as a client does; what is left is to complete it. Returns its id. */
export async function uploadDocument(url: string, token: string, draft: NewDocument): Promise<string> {
  const { fileName, content, contentType = 'text/plain', tlp, workspaceId } = draft
  const answer = await call(url, 'POST', '/v1/documents', {
    token,
    headers: workspaceId ? { 'x-workspace-id': workspaceId } : {},
    body: {
      file_name: fileName,
      content_type: contentType,
      size_bytes: Buffer.byteLength(content),
      ...(tlp ? { tlp } : {}),
    },
  })
  if (answer.status !== 201) throw new Error(`announcing ${fileName}: ${answer.status} ${JSON.stringify(answer.body)}`)
  const { document, upload } = answer.body
  const put = await fetch(upload.url, { method: upload.method, headers: upload.headers, body: content as string })
  if (!put.ok) throw new Error(`uploading ${fileName}: ${put.status}`)
  return document.id
}
