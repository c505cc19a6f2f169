import { AppError } from '#shared/domain/errors.ts'
import type { Models } from '#shared/domain/models/types.ts'
import type { Sql } from '#shared/domain/sql.ts'
import { nobody, type PendingStatement, type Scope } from '#shared/platform/database/index.ts'
import { PlatformError } from '#shared/platform/errors.ts'
import { createSealer } from '#shared/platform/seal.ts'
import { AuditTrail } from './audit-trail.ts'
import { createCursors } from './cursors.ts'
import type { BaseContext, Context, Resources } from './declarations.ts'
import type { Logger } from './log.ts'
import { Outbox } from './outbox.ts'
import { monitorOf } from './probes.ts'
import type { Services } from './services.ts'

/** What one request or delivery brings along. */
export interface Call<Principal> {
  functionName: string
  resources: Resources
  principal: Principal
  scope: Scope
  requestId: string
  traceparent: string | null
  now: Date
  log: Logger
  signal: AbortSignal
  /** The caller's address; null for background work. */
  address: string | null
}

export function baseContext<Principal>(services: Services, call: Call<Principal>): BaseContext<Principal> {
  return {
    principal: call.principal,
    requestId: call.requestId,
    now: call.now,
    log: call.log,
    signal: call.signal,
    config: services.config,
    objects: services.objects,
    identity: services.identity,
    scanner: services.scanner,
    readDocument: services.readDocument,
    fetchText: async (url, signal) => {
      try {
        return await services.readWeb(url, signal)
      } catch (error) {
        throw toWebError(error)
      }
    },
    models: modelsOf(services, call),
    payments: services.payments,
    mailer: services.mailer,
    health: monitorOf(services),
    cursors: createCursors(
      services.config.SIGNING_SECRET,
      `${call.functionName}\n${call.scope.orgId ?? call.scope.userId ?? ''}`,
    ),
    sealer: (purpose) => createSealer(services.config.SIGNING_SECRET, purpose),
    isEnabled: (flag) => services.flags.isEnabled(flag, call.scope.orgId),
    read: (work) => services.database.transaction(call.scope, work, { readOnly: true }),
    commit: (work) => services.database.transaction(call.scope, work),
  }
}

/** Made when they are asked first, which few calls do. */
function modelsOf(services: Services, call: Call<unknown>): Models {
  let opened: Models | undefined
  return {
    complete(...asking) {
      const { config, models, objects, now, database } = services
      opened ??= models.forCall({
        config,
        log: call.log,
        objects,
        now,
        commit: (work) => database.transaction(call.scope, work),
      })
      return opened.complete(...asking)
    },
  }
}

/** What is wrong with an address is whoever's who gave it. */
function toWebError(error: unknown): unknown {
  if (!(error instanceof PlatformError)) return error
  const code = error.code === 'INVALID_ARGUMENT' ? 'VALIDATION_ERROR' : 'UNAVAILABLE'
  return new AppError(code, `Not read: ${error.message}`, [], { cause: error })
}

/** What the runtime knows beyond what it shows to handlers. */
export type OwnContext<Principal> = Context<Principal> & { readonly audited: boolean }

/**
 * Runs `work` in the one transaction of a call. What it audits and sends is written together with the commit; messages
 * leave after it.
 * @param options.keep more statements for the end of the transaction
 */
export async function inTransaction<Principal, Result>(
  services: Services,
  call: Call<Principal>,
  work: (context: OwnContext<Principal>) => Promise<Result>,
  options: { readOnly?: boolean; keep?: (sql: Sql, result: Result) => PendingStatement[] } = {},
): Promise<Result> {
  let { orgId } = call.scope
  const organization = () => {
    if (orgId === null)
      throw new Error('messages and audit entries belong to an organization, and this call is in none')
    return orgId
  }
  const outbox = new Outbox({
    orgId: organization,
    workspaceId: workspaceIdOf(call.principal),
    actorId: call.scope.userId,
    requestId: call.requestId,
    traceparent: call.traceparent,
    now: call.now,
    sends: [...(call.resources.publishes ?? []), ...(call.resources.enqueues ?? [])],
  })
  const trail = new AuditTrail(call, organization)
  const result = await services.database.transaction(
    call.scope,
    (sql: Sql) =>
      work({
        ...baseContext(services, call),
        sql,
        isEnabled: (flag) => services.flags.isEnabled(flag, orgId, sql),
        publish: outbox.publish,
        enqueue: outbox.enqueue,
        async enter(id) {
          await sql`select set_config('app.org_id', ${id}, true), set_config('app.workspace_id', 'any', true)`
          orgId = id
        },
        audit: (action, detail) => trail.note(action, detail),
        get audited() {
          return !trail.isEmpty
        },
      }),
    {
      readOnly: options.readOnly ?? false,
      last: (sql, done) => [...outbox.statements(sql), ...trail.statements(sql), ...(options.keep?.(sql, done) ?? [])],
    },
  )
  await outbox.flush(services)
  return result
}

function workspaceIdOf(principal: unknown): string | null {
  return (principal as { workspaceId?: string | null } | null)?.workspaceId ?? null
}

/** The scope of background work: the whole organization, unless it is told to stay in one workspace. */
export function serviceScope(orgId: string, userId: string | null, workspaceId: Scope['workspaceId'] = 'any'): Scope {
  return { ...nobody, orgId, userId, workspaceId }
}
