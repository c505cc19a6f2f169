import { AppError, notFound } from '#shared/domain/errors.ts'
import { etagOf, matchesEtagStrongly } from '#shared/domain/etag.ts'
import type { Sql } from '#shared/domain/sql.ts'
import { nobody, type Scope } from '#shared/platform/database/index.ts'
import { drain } from '#shared/platform/drain.ts'
import { type Admission, type Authenticator, challengesOf } from './authenticate.ts'
import { clientAddress, networkOf } from './client-address.ts'
import { baseContext, type Call, inTransaction, type OwnContext } from './contexts.ts'
import type { Access, BaseContext, Context, Machine, Member, RequestOf, Route, SignedIn } from './declarations.ts'
import { errorBody, statusOf, toAppError } from './envelope.ts'
import {
  deprecationHeaders,
  type HttpRequest,
  type HttpResponse,
  parseJson,
  readBody,
  requestIdOf,
  sendJson,
  setCommonHeaders,
  targetOf,
  traceparentOf,
} from './http.ts'
import { type Claim, claimRequest } from './idempotency.ts'
import { defaultTimeoutSeconds } from './policies.ts'
import type { LimitKind, RateLimiter } from './rate-limit.ts'
import { type Reply, sendReply, validateReply } from './reply.ts'
import type { Services } from './services.ts'
import { compilePath, queryObject, validate } from './validate.ts'
import { whileAdmitted } from './while-admitted.ts'

type Principal = Member | Machine | SignedIn | null
type AnyRequest = RequestOf<Route>

/** What a handler's module may export; `run` or `respond`. */
interface RouteModule {
  /** Slow work without effects (object storage, another service), before the transaction. */
  prepare?: (context: BaseContext<Principal>, request: AnyRequest) => Promise<unknown>
  run?: (context: Context<Principal>, request: AnyRequest, prepared: unknown) => Promise<Reply>
  respond?: (context: BaseContext<Principal>, request: AnyRequest) => Promise<Reply>
  current?: (context: Context<Principal>, request: AnyRequest) => Promise<unknown>
}

/** What every request passes on its way in. */
export interface Gate {
  authenticator: Authenticator
  limiter: RateLimiter
}

/** One request on its way through `routeHandler`. */
interface Exchange {
  request: HttpRequest
  response: HttpResponse
  requestId: string
  traceparent: string | null
  log: Services['log']
  signal: AbortSignal
  /** The caller's. */
  address: string
  principal: Principal
}

const defaultMaximumBodyBytes = 1_000_000
/** Of what a refused caller goes on to send: many look for an answer only when they have sent all. */
const drainedBytes = 16_000_000

/**
 * Makes the request handler of one route. It answers every request and never throws.
 * @param gate shared by all routes of the process
 * @param methods all methods of the route's path, other functions' too
 */
export function routeHandler(
  services: Services,
  { authenticator, limiter }: Gate,
  name: string,
  route: Route,
  methods: readonly string[],
): (request: HttpRequest, response: HttpResponse) => Promise<void> {
  const matchPath = compilePath(route.path)
  const isRead = route.method === 'GET'
  const own = isRead ? ['GET', 'HEAD'] : [route.method]
  const allowed = [...new Set([...methods, ...own, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS'])]
  const challenges = challengesOf(route)
  let module: RouteModule | undefined
  const cost = route.cost ?? 1
  const hasBody = route.body !== undefined || route.rawBody === true
  const deprecation = Object.entries(route.deprecated ? deprecationHeaders(route.deprecated) : {})

  return async (request, response) => {
    const startedAt = performance.now()
    const requestId = requestIdOf(request)
    const traceparent = traceparentOf(request)
    const abort = new AbortController()
    response.once('close', () => {
      if (!response.writableFinished) abort.abort()
    })
    const log = services.log.child({ function: name, requestId, traceparent })
    const exchange: Exchange = {
      request,
      response,
      requestId,
      traceparent,
      log,
      signal: abort.signal,
      address: clientAddress(request, services.config.TRUSTED_PROXY_HOPS),
      principal: null,
    }
    try {
      setCommonHeaders(request, response, { requestId, origins: services.config.CORS_ORIGINS, methods: allowed })
      for (const [header, value] of deprecation) response.setHeader(header, value)
      await limit(response, 'address', networkOf(exchange.address), route.access === 'public' ? cost : 1)
      if (request.method === 'OPTIONS') {
        response.setHeader('allow', allowed.join(', '))
        response.writeHead(204).end()
      } else if (own.includes(request.method ?? '')) {
        await answer(exchange)
      } else {
        response.setHeader('allow', allowed.join(', '))
        throw new AppError('METHOD_NOT_ALLOWED', `Use ${allowed.join(', ')}`)
      }
    } catch (error) {
      // Nobody is there any more to be told; the logs say so in nginx's way.
      if (request.destroyed && !request.complete) {
        response.statusCode = 499
        response.destroy()
      } else {
        sendError(error, response, requestId, exchange.log, challenges)
        drain(request, drainedBytes)
      }
    } finally {
      finish(exchange, performance.now() - startedAt)
    }
  }

  /** @throws AppError RATE_LIMITED */
  async function limit(
    response: HttpResponse,
    kind: LimitKind,
    id: string,
    tokens: number,
    planned: number | null = null,
  ): Promise<void> {
    const taken = limiter.take(kind, id, tokens, planned)
    const decision = taken instanceof Promise ? await taken : taken
    response.setHeader('x-ratelimit-limit', decision.limit)
    response.setHeader('x-ratelimit-remaining', decision.remaining)
    response.setHeader('x-ratelimit-reset', decision.resetSeconds)
    if (decision.allowed) return
    const { retryAfterSeconds } = decision
    const message =
      decision.limit === planned
        ? `Too many requests: your plan allows ${planned} in a minute; larger plans are at GET /v1/billing/plans`
        : 'Too many requests; try again later'
    throw new AppError('RATE_LIMITED', message, [], { retryAfterSeconds })
  }

  /** Says what became of a request. */
  function finish({ request, response, log, principal, requestId }: Exchange, milliseconds: number): void {
    const { method = '' } = request
    const { statusCode: status } = response
    log.info('request', { method, path: route.path, status, milliseconds: Math.round(milliseconds) })
    if (!principal || !('orgId' in principal)) return
    const { orgId, userId, keyId } = principal
    services.usage.record({
      orgId,
      userId,
      keyId,
      functionName: name,
      method,
      status,
      milliseconds,
      requestId,
      at: services.now(),
    })
  }

  async function answer(exchange: Exchange): Promise<void> {
    const { request, response } = exchange
    const url = targetOf(request)
    const params = matchPath(url.pathname)
    if (!params) throw notFound('Page')
    const query = queryObject(url.searchParams)
    const admission = await authenticate(exchange, params, query)
    const principal = admission?.principal ?? null
    exchange.principal = principal
    const { headers } = request
    const body = hasBody ? await readBody(request, route.maximumBodyBytes ?? defaultMaximumBodyBytes) : Buffer.alloc(0)
    const input: AnyRequest = {
      params: route.params ? validate(route.params, params, 'params') : {},
      query: validateQuery(query),
      headers: route.headers ? (validate(route.headers, headers, 'header') as never) : (headers as never),
      body: bodyOf(request, body) as never,
    }
    if (!isRead && headers['if-match'] !== undefined && !route.ifMatch) {
      throw new AppError('PRECONDITION_FAILED', 'This address does not support If-Match')
    }
    const call: Call<Principal> = {
      functionName: name,
      resources: route.resources ?? {},
      principal,
      scope: scopeOf(principal, route.access),
      requestId: exchange.requestId,
      traceparent: exchange.traceparent,
      now: services.now(),
      log: exchange.log,
      signal: exchange.signal,
      address: exchange.address,
    }
    const key = route.idempotent && principal ? headers['idempotency-key'] : undefined
    // As it was sent: a declaration of headers may leave it out.
    const work = (claim?: Claim) => execute(call, input, isRead ? undefined : headers['if-match'], claim)
    const reply = key === undefined ? await work() : await executeOnce(call, request.url ?? '', key, body, work)
    const shown = admission ? whileAdmitted(reply, admission) : reply
    await sendReply(route, request, response, shown, exchange.signal)
  }

  /** Lets the handler work once for all requests with this key; the others get the same answer. */
  async function executeOnce(
    call: Call<Principal>,
    target: string,
    key: string | string[],
    body: Buffer,
    work: (claim: Claim) => Promise<Reply>,
  ): Promise<Reply> {
    const { database, now, log } = services
    const { principal } = call
    const claim = await claimRequest(
      { database, secret: services.config.SIGNING_SECRET, now, log },
      {
        key,
        principalId: principal?.userId ?? principal?.keyId ?? '',
        functionName: name,
        orgId: call.scope.orgId,
        workspaceId: call.scope.workspaceId,
        target,
        body,
        timeoutSeconds: route.resources?.timeoutSeconds ?? defaultTimeoutSeconds.route,
      },
    )
    if (claim.kind === 'replay') return claim.reply
    return claim.run(() => work(claim))
  }

  /** Lets the handler work: in a transaction of its own unless it needs none. */
  async function execute(
    call: Call<Principal>,
    input: AnyRequest,
    condition: string | undefined,
    claim?: Claim,
  ): Promise<Reply> {
    module ??= (await route.handler()) as RouteModule
    const { prepare, run, respond, current } = module
    if (!run) {
      if (!respond) throw new Error(`the handler of ${name} exports neither run nor respond`)
      const reply = await respond(baseContext(services, call), input)
      if (services.validateResponses) validateReply(name, route, reply)
      return reply
    }
    const prepared = await prepare?.(baseContext(services, call), input)
    const work = async (context: OwnContext<Principal>) => {
      if (condition !== undefined && current) await assertMatch(condition, current(context, input))
      const reply = await run(context, input, prepared)
      if (services.validateResponses) validateReply(name, route, reply)
      if (route.audit !== undefined && reply.status < 300 && !context.audited) {
        context.audit(route.audit, {
          targetId: idOfTarget(reply.body, Object.values(input.params as Record<string, string>).at(-1)),
        })
      }
      return reply
    }
    return inTransaction(services, call, work, {
      readOnly: isRead,
      ...(claim ? { keep: (sql: Sql, reply: Reply) => [claim.complete(sql, reply)] } : {}),
    })
  }

  async function authenticate(
    exchange: Exchange,
    params: Record<string, string>,
    query: Record<string, string>,
  ): Promise<Admission | null> {
    if (route.access === 'public') return null
    const { headers } = exchange.request
    const named = {
      orgId: uuidOrNull(headers['x-org-id'], 'Organization'),
      workspaceId: uuidOrNull(headers['x-workspace-id'] ?? query.workspace_id, 'Workspace'),
    }
    const wanted = {
      orgId: named.orgId ?? uuidIn(params.organization_id),
      workspaceId: named.workspaceId ?? uuidIn(params.workspace_id),
    }
    const admission = await authenticator.authenticate(
      headers.authorization,
      route,
      wanted,
      async (id, known, perMinute) => {
        exchange.principal = known
        const orgId = known && 'orgId' in known ? { orgId: known.orgId } : {}
        exchange.log = exchange.log.child({ userId: id, ...orgId })
        await limit(exchange.response, 'principal', id, cost, perMinute)
      },
    )
    // Only now, so that it tells nobody which of the two there is.
    assertAgreement('X-Org-Id', headers['x-org-id'], params.organization_id)
    assertAgreement('X-Workspace-Id', headers['x-workspace-id'], params.workspace_id)
    assertAgreement('workspace_id', query.workspace_id, params.workspace_id)
    return admission
  }

  function bodyOf(request: HttpRequest, body: Buffer): unknown {
    if (route.rawBody) return body
    return route.body ? validate(route.body, jsonObject(request, body), 'body') : {}
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
}

/** To valibot a list is an object without the fields that are optional. */
function jsonObject(request: HttpRequest, body: Buffer): unknown {
  const value = parseJson(request, body)
  if (!Array.isArray(value)) return value
  throw new AppError('VALIDATION_ERROR', 'The request is not valid', [{ field: 'body', message: 'must be an object' }])
}

/** @throws AppError PRECONDITION_FAILED when what is there is not what the caller saw (RFC 9110, section 13.1.1) */
async function assertMatch(condition: string, current: Promise<unknown>): Promise<void> {
  if (matchesEtagStrongly(condition, etagOf(JSON.stringify(await current)))) return
  throw new AppError('PRECONDITION_FAILED', 'It was changed since you read it; read it again')
}

/** What a request acted on: what it made or answered, else what its path names last. */
function idOfTarget(body: unknown, named: string | undefined): string | null {
  const made = body as Record<string, { id?: unknown } | undefined> | null
  const id = made?.id ?? Object.values(made ?? {}).find((part) => typeof part?.id === 'string')?.id
  return typeof id === 'string' ? id : (named ?? null)
}

function scopeOf(principal: Principal, access: Access): Scope {
  if (!principal) return nobody
  if (!('orgId' in principal)) return { ...nobody, userId: principal.userId, system: access === 'operator' }
  return { ...nobody, userId: principal.userId, orgId: principal.orgId, workspaceId: principal.workspaceId }
}

/** An id in the path; a malformed one is left to the path's own validation. */
function uuidIn(param: string | undefined): string | null {
  return param !== undefined && uuid.test(param) ? param.toLowerCase() : null
}

/** @throws AppError VALIDATION_ERROR when a header or the query names another thing than the path */
function assertAgreement(field: string, named: string | string[] | undefined, inPath: string | undefined): void {
  if (named === undefined || inPath === undefined || String(named).toLowerCase() === inPath.toLowerCase()) return
  throw new AppError('VALIDATION_ERROR', 'The request is not valid', [
    { field, message: 'names another one than the path' },
  ])
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** A malformed id names nothing, like an id of nobody's. */
function uuidOrNull(value: string | string[] | undefined, what: string): string | null {
  if (value === undefined) return null
  if (typeof value === 'string' && uuid.test(value)) return value.toLowerCase()
  throw notFound(what)
}

/** Answers an error, and logs what the caller isn't told. */
export function sendError(
  error: unknown,
  response: HttpResponse,
  requestId: string,
  log: Services['log'],
  challenges: string[] = ['Bearer'],
): void {
  const shown = toAppError(error)
  if (shown.code === 'INTERNAL') log.error('request failed', { error })
  else if (shown.code === 'UNAVAILABLE') log.warn('request failed', { error })
  if (response.headersSent) {
    response.destroy()
    return
  }
  if (shown.code === 'UNAUTHENTICATED') response.setHeader('www-authenticate', challenges)
  const retryAfterSeconds = shown.retryAfterSeconds ?? (shown.code === 'UNAVAILABLE' ? 1 : null)
  if (retryAfterSeconds !== null) response.setHeader('retry-after', Math.ceil(retryAfterSeconds))
  sendJson(response, statusOf(shown), errorBody(shown, requestId))
}
