import { hash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { drain } from '../../drain.ts'
import { ApiError } from './api-error.ts'

const maximumBodyBytes = 64 * 1024

/** @throws ApiError 413 */
async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  // Not destroyed when the loop is left early: the refusal still has to go out on this connection.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > maximumBodyBytes) throw new ApiError(413, 'The request is too large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** A JSON body; `{}` when there is none. @throws ApiError 400 or 413 */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  const text = await readText(request)
  if (text === '') return {}
  try {
    return JSON.parse(text)
  } catch {
    throw new ApiError(400, 'The request body is not JSON')
  }
}

/** A form as browsers send it. @throws ApiError 415 or 413 */
export async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  if (request.headers['content-type']?.split(';')[0]?.trim() !== 'application/x-www-form-urlencoded') {
    throw new ApiError(415, 'The request body must be a form')
  }
  return new URLSearchParams(await readText(request))
}

/** Whether the request bears the key, as HTTP Basic. */
export function hasKey({ headers }: IncomingMessage, keyId: string, keySecret: string): boolean {
  const given = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(headers.authorization ?? '')?.[1] ?? ''
  const expected = Buffer.from(`${keyId}:${keySecret}`).toString('base64')
  return timingSafeEqual(hash('sha256', given, 'buffer'), hash('sha256', expected, 'buffer'))
}

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response
    .writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' })
    .end(JSON.stringify(body))
}

export function sendPage(
  response: ServerResponse,
  status: number,
  page: { html: string; headers: Record<string, string> },
): void {
  response.writeHead(status, { ...page.headers, 'cache-control': 'no-store' }).end(page.html)
}

export function sendError(request: IncomingMessage, response: ServerResponse, error: ApiError): void {
  drain(request)
  sendJson(response, error.status, error.toBody())
}
