import * as v from 'valibot'
import { type DeadLetter, givenUpBy, writeDeadLetter } from '#shared/domain/dead-letters/write.ts'
import { AppError } from '#shared/domain/errors.ts'
import { Id } from '#shared/domain/ids.ts'
import { countAttempt, noteFailedAttempt } from '#shared/domain/jobs/jobs.ts'
import type { Sql } from '#shared/domain/sql.ts'
import { system } from '#shared/platform/database/index.ts'
import { baseContext, type Call, inTransaction, serviceScope } from './contexts.ts'
import type {
  BaseContext,
  Context,
  CronFunction,
  JobContext,
  JobFunction,
  PrepareCron,
  RunCron,
  Service,
} from './declarations.ts'
import { type Delivery, readCloudTask, readPubSubPush, readScheduleTime } from './delivery.ts'
import { sendError } from './dispatch-route.ts'
import { toAppError } from './envelope.ts'
import { type HttpRequest, type HttpResponse, requestIdOf, sendJson } from './http.ts'
import { accept, admit } from './inbox.ts'
import { sweepOutbox } from './outbox.ts'
import { defaultRetry, queuePolicies } from './policies.ts'
import type { Services } from './services.ts'
import { validate } from './validate.ts'

interface JobModule {
  prepare?: (context: BaseContext<Service>, payload: unknown) => Promise<unknown>
  run: (context: JobContext, payload: unknown, prepared: unknown) => Promise<void>
  failed?: (context: JobContext, payload: unknown, failure: Failure) => Promise<void>
}

interface Failure {
  code: string
  message: string
}

type Outcome = 'done' | 'duplicate' | 'dead-lettered' | 'dropped'

/** The caller is a sender of ours, proven by its OIDC token for exactly this function. */
async function verifyPush(services: Services, name: string, request: HttpRequest): Promise<void> {
  const token = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
  if (!token) throw new AppError('UNAUTHENTICATED', 'A service token is required')
  try {
    await services.verifyPushToken(token, `${services.config.FUNCTIONS_URL}/${name}`)
  } catch (error) {
    // The senders are our own: a token that is refused is a setting that is wrong.
    services.log.warn('push refused', { function: name, error })
    throw new AppError('UNAUTHENTICATED', 'The service token is not valid', [], { cause: error })
  }
}

/**
 * Makes the request handler of an event or task function. It answers 200 when the message is dealt with (done, done
 * before, kept as a dead letter, or dropped because its organization is being deleted) and 5xx when the sender should deliver it again.
 */
export function jobHandler(
  services: Services,
  name: string,
  job: JobFunction,
): (request: HttpRequest, response: HttpResponse) => Promise<void> {
  const attempts = job.kind === 'task' ? queuePolicies[job.task.queue].attempts : (job.retry ?? defaultRetry).attempts
  const deadlineSeconds =
    job.resources?.timeoutSeconds ?? (job.kind === 'task' ? queuePolicies[job.task.queue].deadlineSeconds : 60)

  return async (request, response) => {
    let requestId = requestIdOf(request)
    let log = services.log.child({ function: name, requestId })
    try {
      await verifyPush(services, name, request)
      // An event that was given up is sent again to this function alone, as a task.
      const isTask = job.kind === 'task' || request.headers['x-cloudtasks-taskname'] !== undefined
      const delivery = await (isTask ? readCloudTask(request) : readPubSubPush(request))
      requestId = delivery.envelope?.correlation_id ?? requestId
      log = log.child({
        requestId,
        traceparent: delivery.envelope?.traceparent ?? null,
        messageId: delivery.messageId,
        attempt: delivery.attempt,
      })
      const startedAt = performance.now()
      const outcome = await handle(delivery, log, requestId)
      log.info('delivery', { outcome, milliseconds: Math.round(performance.now() - startedAt) })
      sendJson(response, 200, { outcome })
    } catch (error) {
      sendError(error, response, requestId, log)
    }
  }

  async function handle(delivery: Delivery, log: Services['log'], requestId: string): Promise<Outcome> {
    if (!delivery.envelope) {
      return giveUp(delivery, null, { code: 'MALFORMED_MESSAGE', message: 'the body is not an envelope' })
    }
    const { envelope } = delivery
    const call: Call<Service> = {
      functionName: name,
      resources: job.resources ?? {},
      principal: { orgId: envelope.org_id, workspaceId: envelope.workspace_id, userId: envelope.actor_id },
      scope: serviceScope(
        envelope.org_id,
        envelope.actor_id,
        job.kind === 'task' && job.withinWorkspace ? envelope.workspace_id : 'any',
      ),
      requestId,
      traceparent: envelope.traceparent,
      now: services.now(),
      log: log.child({ orgId: envelope.org_id }),
      signal: AbortSignal.timeout(deadlineSeconds * 1000),
      address: null,
    }
    if (delivery.attempt > attempts) {
      return giveUp(delivery, call, { code: 'ATTEMPTS_EXHAUSTED', message: `given up after ${attempts} attempts` })
    }
    try {
      return await attempt(delivery, call)
    } catch (error) {
      const shown = toAppError(error)
      const curable = shown.code === 'INTERNAL' || shown.code === 'UNAVAILABLE' || shown.code === 'RATE_LIMITED'
      if (curable && delivery.attempt < attempts) {
        await noteFailure(delivery, call, shown)
        throw error
      }
      log.error('given up', { error })
      return giveUp(delivery, call, failureOf(shown))
    }
  }

  async function attempt(delivery: Delivery, call: Call<Service>): Promise<Outcome> {
    const payload = validate((job.kind === 'task' ? job.task : job.on).payload, delivery.envelope?.payload, 'payload')
    const { prepare, run } = (await job.handler()) as JobModule
    const prepared = await prepare?.(baseContext(services, call), payload)
    return counted(delivery, call, async (context) => {
      const refusal = await refuse(context, delivery)
      const isFenced = job.kind === 'task' && job.fenced === true
      if (refusal === 'dropped' || (refusal === 'duplicate' && !isFenced)) return refusal
      await run({ ...context, delivery }, payload, prepared)
      return refusal ?? 'done'
    })
  }

  /** Runs the transaction of an attempt; if it does anything, the job that it works for counts it in the same commit. */
  function counted(
    { envelope }: Delivery,
    call: Call<Service>,
    work: (context: Context<Service>) => Promise<Outcome>,
  ): Promise<Outcome> {
    const jobId = jobOf(envelope?.payload)
    const keep = (sql: Sql, outcome: Outcome) =>
      jobId !== null && (outcome === 'done' || outcome === 'dead-lettered') ? [countAttempt(sql, jobId)] : []
    return inTransaction(services, call, work, { keep })
  }

  /** Says in the job that an attempt failed. That nobody hears of it is no reason not to repeat it. */
  async function noteFailure({ envelope }: Delivery, call: Call<Service>, error: AppError): Promise<void> {
    const jobId = jobOf(envelope?.payload)
    if (jobId === null) return
    try {
      await services.database.transaction(call.scope, (sql) => noteFailedAttempt(sql, jobId, error))
    } catch (reason) {
      call.log.warn('the failed attempt could not be noted', { error: reason })
    }
  }

  /** Notes the message as dealt with; says why nothing is to be done for it, if so. */
  async function refuse(
    { sql, principal }: Pick<JobContext, 'sql' | 'principal'>,
    { inboxKey }: Delivery,
  ): Promise<'duplicate' | 'dropped' | null> {
    if (job.kind === 'task' && job.whileDeleting) return (await accept(sql, name, inboxKey)) ? null : 'duplicate'
    const admission = await admit(sql, name, inboxKey, principal.orgId)
    if (admission === 'closed') return 'dropped'
    return admission === 'duplicate' ? 'duplicate' : null
  }

  /** Keeps the message as a dead letter and lets the function tidy up, both or neither. */
  async function giveUp(delivery: Delivery, call: Call<Service> | null, failure: Failure): Promise<Outcome> {
    const letter: DeadLetter = {
      orgId: call?.principal.orgId ?? null,
      kind: job.kind,
      queue: job.kind === 'task' ? job.task.queue : 'default',
      // What was forwarded is not this function's to be redriven to.
      ...(givenUpBy(delivery.attributes) ?? { consumer: name, attempts: delivery.attempt }),
      messageId: delivery.messageId,
      body: delivery.body,
      error: failure,
    }
    if (!call) {
      await services.database.transaction(system, (sql) => writeDeadLetter(sql, letter))
      return 'dead-lettered'
    }
    const { failed } = (await job.handler()) as JobModule
    const payload = failed && payloadOrNull(delivery)
    try {
      return await keep(
        call,
        delivery,
        letter,
        failed && payload ? (context) => failed(context, payload, failure) : null,
      )
    } catch (error) {
      // What can't tidy up must not keep the letter from being written.
      call.log.error('the failure could not be handled', { error })
      return keep(call, delivery, letter, null)
    }
  }

  function keep(
    call: Call<Service>,
    delivery: Delivery,
    letter: DeadLetter,
    tidyUp: ((context: JobContext) => Promise<void>) | null,
  ): Promise<Outcome> {
    return counted(delivery, call, async (context) => {
      // A twin of this delivery may have succeeded in the meantime, or given up already.
      const refusal = await refuse(context, delivery)
      if (refusal) return refusal
      await writeDeadLetter(context.sql, letter)
      await tidyUp?.({ ...context, delivery })
      return 'dead-lettered'
    })
  }

  function payloadOrNull(delivery: Delivery): unknown {
    try {
      return validate((job.kind === 'task' ? job.task : job.on).payload, delivery.envelope?.payload, 'payload')
    } catch {
      return null
    }
  }
}

/** The job that a message works for, by convention: `job_id` of its payload. */
function jobOf(payload: unknown): string | null {
  const { job_id: id } = (payload ?? {}) as { job_id?: unknown }
  return v.is(Id, id) ? id : null
}

function failureOf(error: AppError): Failure {
  const detail = error.details.map(({ field, message }) => `${field} ${message}`).join('; ')
  return { code: error.code, message: detail === '' ? error.message : `${error.message}: ${detail}` }
}

/** Makes the request handler of a schedule; the same schedule time has one effect. */
export function cronHandler(
  services: Services,
  name: string,
  cron: CronFunction,
): (request: HttpRequest, response: HttpResponse) => Promise<void> {
  return async (request, response) => {
    const requestId = requestIdOf(request)
    const log = services.log.child({ function: name, requestId })
    try {
      await verifyPush(services, name, request)
      const scheduledAt = readScheduleTime(request)
      const { prepare, run } = (await cron.handler()) as { prepare?: PrepareCron<unknown>; run: RunCron<unknown> }
      const call: Call<null> = {
        functionName: name,
        resources: cron.resources ?? {},
        principal: null,
        scope: system,
        requestId,
        traceparent: null,
        now: services.now(),
        log,
        signal: AbortSignal.timeout((cron.resources?.timeoutSeconds ?? 300) * 1000),
        address: null,
      }
      const prepared = await prepare?.(baseContext(services, call), { scheduledAt })
      const outcome = await inTransaction(services, call, async (context) => {
        if (!(await accept(context.sql, name, scheduledAt.toISOString()))) return 'duplicate'
        await run(
          { ...context, sweepOutbox: () => sweepOutbox(context.sql, { ...services, log }, 30) },
          { scheduledAt },
          prepared,
        )
        return 'done'
      })
      log.debug('schedule', { outcome })
      sendJson(response, 200, { outcome })
    } catch (error) {
      sendError(error, response, requestId, log)
    }
  }
}
