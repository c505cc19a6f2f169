import { AppError } from '#shared/domain/errors.ts'
import { etagOf, matchesEtag } from '#shared/domain/etag.ts'
import type { Route, TextResponse } from './declarations.ts'
import { type HttpRequest, type HttpResponse, sendStream, sendText } from './http.ts'
import { validate } from './validate.ts'

/** What a handler answers. */
export interface Reply {
  status: number
  body: unknown
  headers?: Readonly<Record<string, string>>
}

/**
 * Sends a handler's answer as its route declares it. JSON that shows a resource carries an entity tag; a GET whose
 * `If-None-Match` names it gets 304.
 */
export async function sendReply(
  route: Route,
  request: HttpRequest,
  response: HttpResponse,
  reply: Reply,
  signal: AbortSignal,
): Promise<void> {
  const declared = route.responses[reply.status]
  if (declared === undefined) throw new Error(`the handler answered ${reply.status}, which its route does not declare`)
  for (const [header, value] of Object.entries(reply.headers ?? {})) response.setHeader(header, value)
  const headOnly = request.method === 'HEAD'
  if (declared === null) {
    response.writeHead(reply.status).end()
  } else if (isText(declared)) {
    if (!response.hasHeader('content-type')) response.setHeader('content-type', declared.mediaTypes[0] ?? 'text/plain')
    response.statusCode = reply.status
    const { body } = reply
    if (typeof body === 'string' || body instanceof Uint8Array) {
      response.setHeader('content-length', Buffer.byteLength(body))
      response.end(headOnly ? undefined : body)
    } else {
      response.setHeader('x-accel-buffering', 'no')
      if (headOnly) response.end()
      else await sendStream(response, body as AsyncIterable<string>, signal)
    }
  } else {
    const json = JSON.stringify(reply.body)
    if (reply.status === 200 && route.method !== 'POST') {
      const etag = etagOf(json)
      response.setHeader('etag', etag)
      if (route.method === 'GET' && matchesEtag(request.headers['if-none-match'], etag)) {
        response.writeHead(304).end()
        return
      }
    }
    sendText(response, reply.status, json, headOnly)
  }
}

export function isText(declared: object): declared is TextResponse {
  return (declared as { kind?: string }).kind === 'text'
}

/** @throws Error when the handler answered something that its route does not declare */
export function validateReply(name: string, route: Route, reply: Reply): void {
  const declared = route.responses[reply.status]
  if (!declared || isText(declared)) return
  try {
    // As the caller gets it: dates are strings by then.
    validate(declared, JSON.parse(JSON.stringify(reply.body)), 'response')
  } catch (error) {
    const details = error instanceof AppError ? JSON.stringify(error.details) : String(error)
    throw new Error(`the answer of ${name} is not what it declares: ${details}`)
  }
}
