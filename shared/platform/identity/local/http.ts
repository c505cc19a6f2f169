import type { IncomingMessage, ServerResponse } from 'node:http'
import { drain } from '../../drain.ts'
import { GoTrueError } from './gotrue-error.ts'

const maximumBodyBytes = 64 * 1024
/** From this version on an error's `code` is its error code; before, its HTTP status. */
const namedErrorsVersion = '2024-01-01'

/** @throws GoTrueError 413 */
async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  // Not destroyed when the loop is left early: the refusal still has to go out on this connection.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > maximumBodyBytes) throw new GoTrueError(413, 'validation_failed', 'Request body is too large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/**
 * Reads a form as browsers send it.
 *
 * @throws GoTrueError validation_failed, or 413
 */
export async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  if (request.headers['content-type']?.split(';')[0]?.trim() !== 'application/x-www-form-urlencoded') {
    throw new GoTrueError(415, 'validation_failed', 'Request body must be a form')
  }
  return new URLSearchParams(await readText(request))
}

/**
 * Reads a JSON object from a request.
 *
 * @throws GoTrueError bad_json, or 413
 */
export async function readJsonObject(request: IncomingMessage): Promise<Record<string, unknown>> {
  const text = await readText(request)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new GoTrueError(400, 'bad_json', 'Could not parse request body as JSON')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new GoTrueError(400, 'bad_json', 'Request body must be a JSON object')
  }
  return value as Record<string, unknown>
}

/** The token of an `Authorization: Bearer` header. */
export function bearerOf(request: IncomingMessage): string {
  const [scheme, token, ...rest] = (request.headers.authorization ?? '').split(' ')
  if (scheme?.toLowerCase() !== 'bearer' || !token || rest.length > 0) {
    throw new GoTrueError(401, 'no_authorization', 'This endpoint requires a valid Bearer token')
  }
  return token
}

/** Text of a member that may be missing. */
export function textOf(value: unknown, name: string): string {
  if (value === undefined || value === null) return ''
  if (typeof value !== 'string') throw new GoTrueError(400, 'validation_failed', `${name} must be a string`)
  return value
}

export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
) {
  response.writeHead(status, {
    // Any page may ask, as with Supabase: there are no cookies, who asks must hold a token.
    'access-control-allow-origin': '*',
    'access-control-expose-headers': 'retry-after, x-supabase-api-version',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...(body !== undefined && { 'content-type': 'application/json; charset=utf-8' }),
    ...headers,
  })
  response.end(body === undefined ? undefined : JSON.stringify(body))
}

/** Answers a browser, which is on a page of ours: no other page may read it. */
export function sendPage(response: ServerResponse, status: number, html: string, headers: Record<string, string>) {
  response.writeHead(status, { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff', ...headers })
  response.end(html)
}

export function sendPreflight(response: ServerResponse): void {
  sendJson(response, 204, undefined, {
    'access-control-allow-methods': 'GET, POST, PUT, PATCH, DELETE',
    'access-control-allow-headers': 'authorization, apikey, content-type, x-client-info, x-supabase-api-version',
    'access-control-max-age': '3600',
  })
}

/** Answers with an error in the form of the API version that the client speaks. */
export function sendError(request: IncomingMessage, response: ServerResponse, error: GoTrueError): void {
  const { status, code, message, extra, headers } = error
  const version = request.headers['x-supabase-api-version']
  const named = typeof version === 'string' && /^\d{4}-\d\d-\d\d$/.test(version) && version >= namedErrorsVersion
  const body = named ? { code, message, ...extra } : { code: status, error_code: code, msg: message, ...extra }
  sendJson(response, status, body, { ...headers, ...(named && { 'x-supabase-api-version': namedErrorsVersion }) })
  drain(request)
}
