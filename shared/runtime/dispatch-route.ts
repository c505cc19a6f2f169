import { AppError, notFound } from '#shared/domain/errors.ts'
import { nobody, type Scope } from '#shared/platform/database/index.ts'
import type { Authenticator } from './authenticate.ts'
import { baseContext, type Call, inTransaction } from './contexts.ts'
import type { BaseContext, Context, Machine, Member, RequestOf, Route, SignedIn, TextResponse } from './declarations.ts'
import { errorBody, statusOf, toAppError } from './envelope.ts'
import {
  type HttpRequest,
  type HttpResponse,
  parseJson,
  readBody,
  requestIdOf,
  sendJson,
  sendStream,
  setCommonHeaders,
  traceparentOf,
  urlOf,
} from './http.ts'
import type { Services } from './services.ts'
import { compilePath, queryObject, validate } from './validate.ts'

type Principal = Member | Machine | SignedIn | null
type AnyRequest = RequestOf<Route>

interface RouteModule {
  /** Slow work without effects (object storage, another service), before the transaction. */
  prepare?: (context: BaseContext<Principal>, request: AnyRequest) => Promise<unknown>
  run: (context: Context<Principal>, request: AnyRequest, prepared: unknown) => Promise<AnyReply>
}

interface AnyReply {
  status: number
  body: unknown
  headers?: Readonly<Record<string, string>>
}

const defaultMaximumBodyBytes = 1_000_000

/** Makes the request handler of one route. It answers every request and never throws. */
export function routeHandler(
  services: Services,
  authenticator: Authenticator,
  name: string,
  route: Route,
): (request: HttpRequest, response: HttpResponse) => Promise<void> {
  const matchPath = compilePath(route.path)
  const methods = route.method === 'GET' ? ['GET', 'HEAD', 'OPTIONS'] : [route.method, 'OPTIONS']

  return async (request, response) => {
    const requestId = requestIdOf(request)
    const log = services.log.child({ function: name, requestId })
    const startedAt = performance.now()
    const abort = new AbortController()
    response.once('close', () => abort.abort())
    try {
      setCommonHeaders(request, response, { requestId, origins: services.config.CORS_ORIGINS, methods })
      if (request.method === 'OPTIONS') {
        response.setHeader('allow', methods.join(', '))
        response.writeHead(204).end()
        return
      }
      if (!methods.includes(request.method ?? '')) {
        response.setHeader('allow', methods.join(', '))
        throw new AppError('METHOD_NOT_ALLOWED', `Use ${route.method}`)
      }
      await answer(request, response, requestId, log, abort.signal)
    } catch (error) {
      // Nobody is there any more to be told.
      if (request.destroyed && !request.complete) response.destroy()
      else sendError(error, response, requestId, log)
    } finally {
      log.info('request', {
        method: request.method,
        path: route.path,
        status: response.statusCode,
        milliseconds: Math.round(performance.now() - startedAt),
      })
    }
  }

  async function answer(
    request: HttpRequest,
    response: HttpResponse,
    requestId: string,
    log: Services['log'],
    signal: AbortSignal,
  ): Promise<void> {
    const url = urlOf(request)
    const params = matchPath(url.pathname)
    if (!params) throw notFound('Page')
    const query = queryObject(url.searchParams)
    const principal = await authenticate(request, params, query)
    const input: AnyRequest = {
      params: route.params ? validate(route.params, params, 'params') : {},
      query: validateQuery(query),
      body: (route.body ? validate(route.body, await jsonBody(request), 'body') : {}) as never,
      headers: request.headers as Record<string, string | undefined>,
    }
    const call: Call<Principal> = {
      functionName: name,
      resources: route.resources ?? {},
      principal,
      scope: scopeOf(principal),
      requestId,
      traceparent: traceparentOf(request),
      now: services.now(),
      log: principal ? log.child({ userId: principal.userId, orgId: scopeOf(principal).orgId }) : log,
      signal,
    }
    const { prepare, run } = (await route.handler()) as RouteModule
    const prepared = await prepare?.(baseContext(services, call), input)
    const reply = await inTransaction(services, call, (context) => run(context, input, prepared))
    await send(request, response, reply, signal)
  }

  async function authenticate(
    request: HttpRequest,
    params: Record<string, string>,
    query: Record<string, string>,
  ): Promise<Principal> {
    if (route.access === 'public') return null
    const wanted = {
      orgId: uuidOrNull(params.organization_id ?? request.headers['x-org-id'], 'Organization'),
      workspaceId: uuidOrNull(
        request.headers['x-workspace-id'] ?? query.workspace_id ?? params.workspace_id,
        'Workspace',
      ),
    }
    return authenticator.authenticate(request.headers.authorization, route, wanted)
  }

  function validateQuery(query: Record<string, string>) {
    const { workspace_id, ...rest } = query
    const own = route.access === 'public' ? query : rest
    if (route.query) return validate(route.query, own, 'query')
    const [unknown] = Object.keys(own)
    if (unknown === undefined) return {}
    throw new AppError('VALIDATION_ERROR', 'The request is not valid', [
      { field: `query.${unknown}`, message: 'is not a known field' },
    ])
  }

  async function jsonBody(request: HttpRequest): Promise<unknown> {
    const body = parseJson(request, await readBody(request, route.maximumBodyBytes ?? defaultMaximumBodyBytes))
    // To valibot a list is an object without the fields that are optional.
    if (!Array.isArray(body)) return body
    throw new AppError('VALIDATION_ERROR', 'The request is not valid', [
      { field: 'body', message: 'must be an object' },
    ])
  }

  async function send(
    request: HttpRequest,
    response: HttpResponse,
    reply: AnyReply,
    signal: AbortSignal,
  ): Promise<void> {
    const declared = route.responses[reply.status]
    if (declared === undefined) throw new Error(`${name} answered ${reply.status}, which it does not declare`)
    for (const [header, value] of Object.entries(reply.headers ?? {})) response.setHeader(header, value)
    const headOnly = request.method === 'HEAD'
    if (declared === null) {
      response.writeHead(reply.status).end()
    } else if (isText(declared)) {
      if (!response.hasHeader('content-type'))
        response.setHeader('content-type', declared.mediaTypes[0] ?? 'text/plain')
      response.statusCode = reply.status
      if (typeof reply.body === 'string' || headOnly) response.end(headOnly ? undefined : reply.body)
      else await sendStream(response, reply.body as AsyncIterable<string>, signal)
    } else {
      if (services.validateResponses) validateReply(declared, reply)
      sendJson(response, reply.status, reply.body, headOnly)
    }
  }

  function validateReply(schema: Parameters<typeof validate>[0], reply: AnyReply): void {
    try {
      // As the caller gets it: dates are strings by then.
      validate(schema, JSON.parse(JSON.stringify(reply.body)), 'response')
    } catch (error) {
      const details = error instanceof AppError ? JSON.stringify(error.details) : String(error)
      throw new Error(`the answer of ${name} is not what it declares: ${details}`)
    }
  }
}

function isText(declared: object): declared is TextResponse {
  return (declared as { kind?: string }).kind === 'text'
}

function scopeOf(principal: Principal): Scope {
  if (!principal) return nobody
  if (!('orgId' in principal)) return { ...nobody, userId: principal.userId }
  return { ...nobody, userId: principal.userId, orgId: principal.orgId, workspaceId: principal.workspaceId }
}

/** A malformed id names nothing, like an id of nobody's. */
function uuidOrNull(value: string | string[] | undefined, what: string): string | null {
  if (value === undefined) return null
  if (typeof value === 'string' && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value))
    return value.toLowerCase()
  throw notFound(what)
}

/** Answers an error, and logs what the caller isn't told. */
export function sendError(error: unknown, response: HttpResponse, requestId: string, log: Services['log']): void {
  const shown = toAppError(error)
  if (shown.code === 'INTERNAL') log.error('request failed', { error })
  else if (shown.code === 'UNAVAILABLE') log.warn('request failed', { error })
  if (response.headersSent) {
    response.destroy()
    return
  }
  if (shown.code === 'UNAUTHENTICATED') response.setHeader('www-authenticate', 'Bearer')
  if (shown.code === 'UNAVAILABLE') response.setHeader('retry-after', '1')
  sendJson(response, statusOf(shown), errorBody(shown, requestId))
}
