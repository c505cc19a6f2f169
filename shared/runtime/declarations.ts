import type * as v from 'valibot'
import type { Config } from '#shared/config.ts'
import type { FetchText } from '#shared/domain/agents/tools.ts'
import type { PaymentGateway } from '#shared/domain/billing/gateway.ts'
import type { HealthMonitor } from '#shared/domain/health/health.ts'
import type { Enqueue, EventType, Publish, TaskType } from '#shared/domain/messaging.ts'
import type { Models } from '#shared/domain/models/types.ts'
import type { Cursors } from '#shared/domain/paging.ts'
import type { Sealer } from '#shared/domain/sealing.ts'
import type { Json, Sql } from '#shared/domain/sql.ts'
import type { Permission, Role } from '#shared/domain/tenancy/permissions.ts'
import type { Identity } from '#shared/platform/identity/index.ts'
import type { readInWorker } from '#shared/platform/isolation/index.ts'
import type { Mailer } from '#shared/platform/mail/index.ts'
import type { Bucket, ObjectStore, SignedUrl } from '#shared/platform/objects/index.ts'
import type { Scanner, ScanResult } from '#shared/platform/scanner/index.ts'
import type { Delivery } from './delivery.ts'
import type { Logger } from './log.ts'

export type { ScanResult, SignedUrl }

type Schema = v.GenericSchema

// ---- principals -----------------------------------------------------------------------------------------------

/** A person whose token was verified; in no organization yet, or on a route that needs none. */
export interface SignedIn {
  userId: string
  keyId: null
  email: string
}

/** A person inside one organization and, where they have one, one workspace of it. */
export interface Member extends SignedIn {
  orgId: string
  workspaceId: string | null
  role: Role
  permissions: ReadonlySet<Permission>
}

/** A program with an API key of an organization. */
export interface Machine {
  userId: null
  keyId: string
  email: null
  orgId: string
  workspaceId: string | null
  /** The one workspace that the key is made for; null: any of the organization. */
  boundWorkspaceId: string | null
  role: null
  permissions: ReadonlySet<Permission>
}

/** Background work on behalf of an organization. */
export interface Service {
  orgId: string
  workspaceId: string | null
  /** The user whose request caused the work, if any. */
  userId: string | null
}

/**
 * `public`: anyone. `signed-in`: any verified user. `operator`: someone who runs this installation. Otherwise whoever
 * has the permission in the organization: a member by their role, or a program by its key's scopes.
 */
export type Access = 'public' | 'signed-in' | 'operator' | Permission

/** Who may be calling a route. */
export type PrincipalOf<R extends { access: Access; caller?: 'person' }> = R['access'] extends 'public'
  ? null
  : R['access'] extends 'signed-in' | 'operator'
    ? SignedIn
    : R extends { caller: 'person' }
      ? Member
      : Member | Machine

// ---- context --------------------------------------------------------------------------------------------------

/** What a handler may touch, before and inside its transaction. */
export interface BaseContext<Principal> {
  principal: Principal
  requestId: string
  /** The moment the request or delivery began. */
  now: Date
  log: Logger
  /** Aborted when the caller is gone or the deadline has passed. */
  signal: AbortSignal
  config: Config
  objects: ObjectStore
  identity: Identity
  scanner: Scanner
  /** Reads the text of a file, isolated from this process. */
  readDocument: typeof readInWorker
  /** Asks models within the budgets; for `prepare` and `respond`, since it waits. */
  models: Models
  /** Asks the payment gateway; for `prepare` and `respond`, since it waits. @throws AppError UNAVAILABLE where none is configured */
  payments: PaymentGateway
  /** Sends mails; for `prepare`, since it waits. */
  mailer: Mailer
  /** Reads a text of the public web, never of a private network. @throws AppError */
  fetchText: FetchText
  /** Signs and opens the opaque cursors of lists, bound to this function and organization. */
  cursors: Cursors
  /** Locks up what a client keeps for us; `purpose` says what it is, so that no other function takes it for its own. */
  sealer(purpose: string): Sealer
  /** Asks what this process depends on how it is. */
  health: HealthMonitor
  /** Whether a feature flag is on for this organization; unknown flags are off. */
  isEnabled(flag: string): Promise<boolean>
  /** Runs a short transaction of its own for this principal: for `prepare` and for streamed answers. */
  read<Result>(work: (sql: Sql) => Promise<Result>): Promise<Result>
  /**
   * Runs a short transaction of its own that is real before the handler goes on: for what others must know before
   * something outside is asked (a lease, a reservation). It must be harmless when done again.
   */
  commit<Result>(work: (sql: Sql) => Promise<Result>): Promise<Result>
}

/** Inside the one transaction whose commit makes the handler's effects real, all at once. */
export interface Context<Principal> extends BaseContext<Principal> {
  sql: Sql
  publish: Publish
  enqueue: Enqueue
  /** Makes the rest of this transaction work inside another organization: only for creating one, and for tokens that prove theirs. */
  enter(orgId: string): Promise<void>
  /** Writes into the organization's audit log, just before the commit. */
  audit(action: string, entry?: AuditDetail): void
}

export interface AuditDetail {
  /** What was acted on; its kind is the first part of the action. */
  targetId?: string | null
  /** What a reader wants to know of it; never a secret. */
  details?: Readonly<Record<string, Json>>
}

/** A job also sees how its message arrived. */
export interface JobContext extends Context<Service> {
  delivery: Delivery
}

// ---- resources ------------------------------------------------------------------------------------------------

/** What the deployed function needs; the manifest turns it into settings and least-privilege grants. */
export interface Resources {
  timeoutSeconds?: number
  memoryMegabytes?: number
  buckets?: readonly Bucket[]
  publishes?: readonly EventType[]
  enqueues?: readonly TaskType[]
  /** Sends whatever others left in the outbox. */
  sendsEverything?: boolean
  secrets?: readonly string[]
}

/** The module with the handler is loaded on the first call, never to read a declaration. */
type LoadHandler = () => Promise<unknown>

// ---- routes ---------------------------------------------------------------------------------------------------

export type Method = 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE'

/** An answer that isn't JSON: text of one of these media types, or a stream of it. */
export interface TextResponse {
  kind: 'text'
  mediaTypes: readonly string[]
  description: string
}

export function text(description: string, ...mediaTypes: string[]): TextResponse {
  return { kind: 'text', mediaTypes, description }
}

export type Responses = Readonly<Record<number, Schema | TextResponse | null>>

/** A route on its way out: RFC 9745 and RFC 8594. */
export interface Deprecation {
  /** ISO dates. */
  since: string
  sunset: string
  /** What to use instead. */
  successor?: string
}

interface RouteInput {
  method: Method
  /** `/v1/projects/{project_id}`. */
  path: string
  summary: string
  description?: string
  access: Access
  /** Refuses API keys: for routes that make sense, or are safe, only in a person's hands. */
  caller?: 'person'
  /** Takes an API key as the password of HTTP Basic too, for clients that know nothing else (TAXII, EDL). */
  basic?: true
  /** Also answered while the organization is being deleted. */
  whileDeleting?: true
  params?: Schema
  query?: Schema
  headers?: Schema
  body?: Schema
  /**
   * Takes a body of any media type as the bytes that came, unparsed: for what is signed over them. `maximumBodyBytes`
   * holds for it too.
   */
  rawBody?: true
  /** Success answers by status; null: no body. */
  responses: Responses
  /** Larger bodies are refused; the default is 1 MB. */
  maximumBodyBytes?: number
  /** What a call takes from the caller's rate limit; 1 when absent. */
  cost?: number
  /** Honours `Idempotency-Key`: a POST that creates or charges. */
  idempotent?: true
  /** Honours `If-Match`: the handler's module exports `current`, which reads (and locks) what is about to change. */
  ifMatch?: true
  /** The action that a success writes into the audit log, e.g. `project.created`. */
  audit?: string
  deprecated?: Deprecation
  resources?: Resources
  handler: LoadHandler
}

export type Route<Input extends RouteInput = RouteInput> = Input & { readonly kind: 'route' }

export function defineRoute<const Input extends RouteInput>(input: Input): Route<Input> {
  return { ...input, kind: 'route' }
}

type OutputOf<S> = S extends Schema ? v.InferOutput<S> : Record<string, never>

/** The validated request. */
export interface RequestOf<R extends RouteInput> {
  params: OutputOf<R['params']>
  query: OutputOf<R['query']>
  body: R['rawBody'] extends true ? Uint8Array : OutputOf<R['body']>
  /** By their names in small letters; those of the declaration's schema, else all. */
  headers: R['headers'] extends Schema ? v.InferOutput<R['headers']> : Readonly<Record<string, string | undefined>>
}

type BodyOf<S> = S extends Schema
  ? v.InferInput<S>
  : S extends TextResponse
    ? string | Uint8Array | AsyncIterable<string>
    : null

export type ReplyOf<R extends RouteInput> = {
  [Status in keyof R['responses'] & number]: {
    status: Status
    body: BodyOf<R['responses'][Status]>
    headers?: Readonly<Record<string, string>>
  }
}[keyof R['responses'] & number]

/**
 * The part of a route that waits for something outside the database, run before the transaction. What it returns is
 * handed to `run`.
 */
export type PrepareRoute<R extends Route, Prepared> = (
  context: BaseContext<PrincipalOf<R>>,
  request: RequestOf<R>,
) => Promise<Prepared>

/** The handler of a route. */
export type RunRoute<R extends Route, Prepared = undefined> = (
  context: Context<PrincipalOf<R>>,
  request: RequestOf<R>,
  prepared: Prepared,
) => Promise<ReplyOf<R>>

/** A route that needs no transaction of its own exports `respond` instead of `run`. */
export type Respond<R extends Route> = (
  context: BaseContext<PrincipalOf<R>>,
  request: RequestOf<R>,
) => Promise<ReplyOf<R>>

/** With `ifMatch`: the representation that a GET would answer, its row locked. */
export type CurrentRoute<R extends Route> = (
  context: Context<PrincipalOf<R>>,
  request: RequestOf<R>,
) => Promise<unknown>

// ---- jobs: events, tasks, schedules -------------------------------------------------------------------------------

/** Attempts and backoff of one subscription. */
export interface Retry {
  attempts: number
  minimumBackoffSeconds: number
  maximumBackoffSeconds: number
}

interface EventInput {
  on: EventType
  summary: string
  retry?: Retry
  resources?: Resources
  handler: LoadHandler
}
export type EventFunction<Input extends EventInput = EventInput> = Input & { readonly kind: 'event' }

export function defineEvent<const Input extends EventInput>(input: Input): EventFunction<Input> {
  return { ...input, kind: 'event' }
}

interface TaskInput {
  task: TaskType
  summary: string
  /** Also done while the organization is being deleted; other work for it ends without effect. */
  whileDeleting?: true
  /** Sees nothing of other workspaces than the message's own; other work sees the whole organization. */
  withinWorkspace?: true
  /**
   * A lease of its own fences its effects: whoever holds it writes down what it did, even when a copy of the message had
   * nothing to do and said so first.
   */
  fenced?: true
  resources?: Resources
  handler: LoadHandler
}
export type TaskFunction<Input extends TaskInput = TaskInput> = Input & { readonly kind: 'task' }

export function defineTask<const Input extends TaskInput>(input: Input): TaskFunction<Input> {
  return { ...input, kind: 'task' }
}

interface CronInput {
  /** Five fields, minute to weekday. */
  cron: string
  /** IANA zone. */
  timeZone: string
  summary: string
  resources?: Resources
  handler: LoadHandler
}
export type CronFunction<Input extends CronInput = CronInput> = Input & { readonly kind: 'cron' }

export function defineCron<const Input extends CronInput>(input: Input): CronFunction<Input> {
  return { ...input, kind: 'cron' }
}

export type JobFunction = EventFunction | TaskFunction
export type Declaration = Route | EventFunction | TaskFunction | CronFunction

export type PayloadOf<F> = F extends { on: EventType<infer P> }
  ? v.InferOutput<P>
  : F extends { task: TaskType<infer P> }
    ? v.InferOutput<P>
    : never

/**
 * The slow part of a job, run before the transaction: it has no effects of its own, so a crash simply repeats it. What
 * it returns is handed to `run`.
 */
export type PrepareJob<F extends JobFunction, Prepared> = (
  context: BaseContext<Service>,
  payload: PayloadOf<F>,
) => Promise<Prepared>

/** The effects of a job, in one transaction with its inbox row: they happen once, however often it is delivered. */
export type RunJob<F extends JobFunction, Prepared = undefined> = (
  context: JobContext,
  payload: PayloadOf<F>,
  prepared: Prepared,
) => Promise<void>

/** What is left to do when a job has been given up; runs in the transaction that writes the dead letter. */
export type FailedJob<F extends JobFunction> = (
  context: JobContext,
  payload: PayloadOf<F>,
  failure: { code: string; message: string },
) => Promise<void>

export interface CronContext extends Context<null> {
  /** Sends what senders left in the outbox when they died; returns how many messages that were. */
  sweepOutbox(): Promise<number>
}

/**
 * The part of a schedule that waits for something outside, before the transaction: it has no effects that would hurt when
 * they happen again. What it returns is handed to `run`.
 */
export type PrepareCron<Prepared> = (context: BaseContext<null>, run: { scheduledAt: Date }) => Promise<Prepared>

/** The handler of a schedule: works across organizations, in the runtime's own scope. */
export type RunCron<Prepared = undefined> = (
  context: CronContext,
  run: { scheduledAt: Date },
  ...prepared: Prepared extends undefined ? [] : [Prepared]
) => Promise<void>
