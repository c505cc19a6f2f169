import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { drain } from '../drain.ts'
import { contentDisposition } from './content-disposition.ts'
import type { LocalStore } from './local.ts'
import { TooLargeError } from './object-file.ts'
import { isContentType, openSignedPath, type Permit } from './signed-url.ts'

export interface SignedRequestOptions {
  store: LocalStore
  secret: string
  origins: readonly string[]
  now: () => Date
  onError: (error: unknown) => void
}

/** How much of a refused upload is read and dropped before it is cut off. */
const patientBytes = 100 * 1024 * 1024

/** Answers a request that holds a signed URL; never rejects. */
export async function answerSignedRequest(
  options: SignedRequestOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const refuse = (status: number, reason: string) => {
    response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${reason}\n`)
    drain(request, patientBytes)
  }
  try {
    setCommonHeaders(request, response, options.origins)
    const { method } = request
    if (method === 'OPTIONS') return answerPreflight(response)
    if (method !== 'GET' && method !== 'PUT') {
      response.setHeader('allow', 'GET, PUT')
      return refuse(405, 'Method not allowed')
    }
    const permit = openSignedPath(request.url ?? '', options.secret, options.now())
    if (permit === 'EXPIRED') return refuse(403, 'The URL has expired')
    if (permit === 'INVALID_SIGNATURE' || permit.method !== method) return refuse(403, 'The signature does not match')
    if (method === 'GET') await sendObject(options.store, permit, response, refuse)
    else await receiveObject(options.store, permit, request, response, refuse)
  } catch (error) {
    // A client that went away has nobody to answer.
    if (request.socket.destroyed || response.destroyed) return
    options.onError(error)
    if (response.headersSent) response.destroy()
    else refuse(503, 'The object store is unavailable')
  }
}

type Refuse = (status: number, reason: string) => void

async function sendObject(store: LocalStore, permit: Permit, response: ServerResponse, refuse: Refuse): Promise<void> {
  const stored = await store.read(permit.bucket, permit.key)
  if (!stored) return refuse(404, 'No such object')
  response.writeHead(200, {
    'content-type': stored.contentType,
    'content-length': stored.sizeBytes,
    'content-disposition': contentDisposition(permit.downloadName ?? permit.key.slice(permit.key.lastIndexOf('/') + 1)),
    etag: `"${stored.generation}"`,
    'cache-control': 'private, no-store',
  })
  await pipeline(stored.body, response)
}

async function receiveObject(
  store: LocalStore,
  permit: Permit,
  request: IncomingMessage,
  response: ServerResponse,
  refuse: Refuse,
): Promise<void> {
  const { bucket, key, maximumBytes } = permit
  const sent = request.headers['content-type']
  if (permit.contentType !== null && (sent === undefined || normalized(sent) !== normalized(permit.contentType))) {
    return refuse(400, 'The content type is not the one that was signed')
  }
  const contentType = permit.contentType ?? sent ?? 'application/octet-stream'
  if (!isContentType(contentType)) return refuse(400, 'Not a content type')
  const tooLarge = () => refuse(413, `At most ${maximumBytes} bytes are accepted`)
  if (maximumBytes !== null && Number(request.headers['content-length'] ?? 0) > maximumBytes) return tooLarge()
  if (await store.exists(bucket, key)) return refuse(412, 'The object exists already')
  try {
    // Not destroyed when the loop is left early: the refusal still has to go out on this connection.
    const body = request.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>
    const generation = await store.create(bucket, key, body, contentType, maximumBytes)
    if (generation === null) return refuse(412, 'The object exists already')
    response.writeHead(200, { etag: `"${generation}"`, 'x-goog-generation': generation }).end()
  } catch (error) {
    if (!(error instanceof TooLargeError)) throw error
    tooLarge()
  }
}

function setCommonHeaders(request: IncomingMessage, response: ServerResponse, origins: readonly string[]): void {
  // A stored file is somebody's upload: no browser may run it, guess its type, or tell its URL to another site.
  response.setHeader('x-content-type-options', 'nosniff')
  response.setHeader('content-security-policy', "default-src 'none'; sandbox")
  response.setHeader('referrer-policy', 'no-referrer')
  response.setHeader('vary', 'origin')
  const { origin } = request.headers
  if (origin === undefined || !(origins.includes(origin) || origins.includes('*'))) return
  response.setHeader('access-control-allow-origin', origin)
  response.setHeader('access-control-expose-headers', 'content-disposition, etag, x-goog-generation')
}

function answerPreflight(response: ServerResponse): void {
  if (response.hasHeader('access-control-allow-origin')) {
    response.setHeader('access-control-allow-methods', 'GET, PUT')
    response.setHeader('access-control-allow-headers', 'content-type')
    response.setHeader('access-control-max-age', '3600')
  }
  response.writeHead(204).end()
}

function normalized(contentType: string): string {
  return contentType.toLowerCase().replaceAll(' ', '')
}
