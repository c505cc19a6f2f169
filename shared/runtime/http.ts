import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { AppError } from '#shared/domain/errors.ts'
import type { Deprecation } from './declarations.ts'

export type HttpRequest = IncomingMessage
export type HttpResponse = ServerResponse

const securityHeaders: Readonly<Record<string, string>> = {
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
}

const exposedHeaders = [
  'X-Request-ID',
  'ETag',
  'Retry-After',
  'Location',
  'X-RateLimit-Limit',
  'X-RateLimit-Remaining',
  'X-RateLimit-Reset',
  'Idempotent-Replayed',
  'Deprecation',
  'Sunset',
  'Link',
].join(', ')

/** Tells callers of a route that it goes away: RFC 9745 and RFC 8594. */
export function deprecationHeaders({ since, sunset, successor }: Deprecation): Record<string, string> {
  return {
    deprecation: `@${Date.parse(since) / 1000}`,
    sunset: new Date(sunset).toUTCString(),
    ...(successor === undefined ? {} : { link: `<${successor}>; rel="successor-version"` }),
  }
}

/** The caller's request id when it is a sane one, else a new one. */
export function requestIdOf(request: HttpRequest): string {
  const given = request.headers['x-request-id']
  return typeof given === 'string' && /^[A-Za-z0-9._-]{8,128}$/.test(given) ? given : randomUUID()
}

/** Version 00; an id of nothing but zeros is none (W3C Trace Context, section 3.2.2). */
const validTraceparent = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/

/** The W3C trace context of the caller, or null. */
export function traceparentOf(request: HttpRequest): string | null {
  const given = request.headers.traceparent
  return typeof given === 'string' && validTraceparent.test(given) ? given : null
}

/** The request's path, percent-encoded as it came, and its query. */
export function targetOf(request: HttpRequest): { pathname: string; searchParams: URLSearchParams } {
  const { url = '/' } = request
  const mark = url.indexOf('?')
  return {
    pathname: mark < 0 ? url : url.slice(0, mark),
    searchParams: new URLSearchParams(mark < 0 ? '' : url.slice(mark)),
  }
}

/** Sets the headers that every answer carries, and those of CORS for the origins that are allowed. */
export function setCommonHeaders(
  request: HttpRequest,
  response: HttpResponse,
  options: { requestId: string; origins: readonly string[]; methods: readonly string[] },
): void {
  for (const [name, value] of Object.entries(securityHeaders)) response.setHeader(name, value)
  response.setHeader('x-request-id', options.requestId)
  response.setHeader('vary', 'Origin')
  const { origin } = request.headers
  if (origin === undefined || !options.origins.includes(origin)) return
  response.setHeader('access-control-allow-origin', origin)
  response.setHeader('access-control-expose-headers', exposedHeaders)
  if (request.method !== 'OPTIONS') return
  response.setHeader('access-control-allow-methods', options.methods.join(', '))
  response.setHeader(
    'access-control-allow-headers',
    'Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Last-Event-ID, Mcp-Method, Mcp-Name, ' +
      'Mcp-Protocol-Version, Traceparent, X-Org-Id, X-Request-ID, X-Workspace-Id',
  )
  response.setHeader('access-control-max-age', '600')
}

/**
 * Reads the whole body.
 * @throws AppError PAYLOAD_TOO_LARGE as soon as the limit is passed
 */
export function readBody(request: HttpRequest, maximumBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const tooLarge = () => new AppError('PAYLOAD_TOO_LARGE', `The body is larger than ${maximumBytes} bytes`)
    if (Number(request.headers['content-length'] ?? 0) > maximumBytes) throw tooLarge()
    const chunks: Buffer[] = []
    let size = 0
    const take = (chunk: Buffer) => {
      size += chunk.length
      if (size <= maximumBytes) return void chunks.push(chunk)
      // Who sends too much is still to be told so: the connection goes on.
      request.off('data', take).pause()
      reject(tooLarge())
    }
    request.on('data', take)
    request.once('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)))
    request.once('error', reject)
    request.once('close', () => reject(new Error('the caller is gone')))
  })
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

/**
 * Parses a JSON body.
 * @throws AppError UNSUPPORTED_MEDIA_TYPE or VALIDATION_ERROR
 */
export function parseJson(request: HttpRequest, body: Buffer): unknown {
  const { 'content-type': type = '', 'content-encoding': coding = 'identity' } = request.headers
  const [mediaType, ...parameters] = type.split(';').map((part) => part.trim().toLowerCase())
  // JSON has no charset but UTF-8 (RFC 8259, section 8.1): who names another one would be read wrongly.
  const isOther = parameters.some((one) => one.startsWith('charset=') && !/^charset="?utf-?8"?$/.test(one))
  if (mediaType !== 'application/json' || isOther || coding.trim().toLowerCase() !== 'identity') {
    throw new AppError('UNSUPPORTED_MEDIA_TYPE', 'The body must be application/json in UTF-8, without a content coding')
  }
  try {
    return JSON.parse(utf8.decode(body))
  } catch {
    throw new AppError('VALIDATION_ERROR', 'The body is not valid JSON', [
      { field: 'body', message: 'is not valid JSON' },
    ])
  }
}

export function sendJson(response: HttpResponse, status: number, body: unknown): void {
  sendText(response, status, JSON.stringify(body))
}

/** Sends JSON that is text already; as text, so that it goes out in one piece with the headers. */
export function sendText(response: HttpResponse, status: number, json: string, headOnly = false): void {
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(json),
  })
  response.end(headOnly ? undefined : json)
}

/** Streams text to the caller; stops when they are gone. */
export async function sendStream(
  response: HttpResponse,
  chunks: AsyncIterable<string>,
  signal: AbortSignal,
): Promise<void> {
  response.flushHeaders()
  for await (const chunk of chunks) {
    if (signal.aborted) break
    if (!response.write(chunk)) await once(response, 'drain', { signal }).catch(() => {})
  }
  response.end()
}
