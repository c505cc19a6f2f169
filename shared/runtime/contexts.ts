import type { Sql } from '#shared/domain/sql.ts'
import { nobody, type Scope } from '#shared/platform/database/index.ts'
import { createCursors } from './cursors.ts'
import type { BaseContext, Context, Resources } from './declarations.ts'
import type { Logger } from './log.ts'
import { Outbox } from './outbox.ts'
import { createSealer } from './seal.ts'
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
    cursors: createCursors(services.config.CURSOR_SECRET, `${call.functionName}\n${call.scope.orgId ?? ''}`),
    sealer: (purpose) => createSealer(services.config.CURSOR_SECRET, purpose),
    isEnabled: async () => false,
    read: (work) => services.database.transaction(call.scope, work),
  }
}

/** Runs `work` in the one transaction of a call, writes its messages before the commit and sends them after it. */
export async function inTransaction<Principal, Result>(
  services: Services,
  call: Call<Principal>,
  work: (context: Context<Principal>) => Promise<Result>,
): Promise<Result> {
  let { orgId } = call.scope
  const outbox = new Outbox({
    orgId() {
      if (orgId === null) throw new Error('a message belongs to an organization, and this call is in none')
      return orgId
    },
    workspaceId: workspaceIdOf(call.principal),
    actorId: call.scope.userId,
    requestId: call.requestId,
    traceparent: call.traceparent,
    now: call.now,
    sends: [...(call.resources.publishes ?? []), ...(call.resources.enqueues ?? [])],
  })
  const result = await services.database.transaction(call.scope, async (sql: Sql) => {
    const done = await work({
      ...baseContext(services, call),
      sql,
      publish: outbox.publish,
      enqueue: outbox.enqueue,
      async enter(id) {
        await sql`select set_config('app.org_id', ${id}, true), set_config('app.workspace_id', 'any', true)`
        orgId = id
      },
      audit() {},
    })
    await outbox.write(sql)
    return done
  })
  await outbox.flush(services)
  return result
}

function workspaceIdOf(principal: unknown): string | null {
  return (principal as { workspaceId?: string | null } | null)?.workspaceId ?? null
}

/** The scope of background work: the whole organization. */
export function serviceScope(orgId: string, userId: string | null): Scope {
  return { ...nobody, orgId, userId, workspaceId: 'any' }
}
