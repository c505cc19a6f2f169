import { eraseAudit } from '../audit/audit-logs.ts'
import { blankRecords } from '../billing/ends/close-billing.ts'
import { applyFetched, applyGatewayEvent, endMandate, sendRefund } from '../billing/messages.ts'
import { AppError, notFound } from '../errors.ts'
import { newId } from '../ids.ts'
import { finishJob, progressJob, readJob, startJob } from '../jobs/jobs.ts'
import type { Job } from '../jobs/schemas.ts'
import type { Sql } from '../sql.ts'
import { lockActor } from '../tenancy/members.ts'
import { eraseOrganization, forgetOrganization, removeLateObjects } from './messages.ts'
import { hasRetained, retainedTables } from './retained.ts'
import { countRows, type Erased, eraseRows, type Selection } from './rows.ts'
import { listTenantTables } from './tables.ts'

const jobKind = 'organization.erase'

/** Rows of one transaction: a fraction of a second. */
const batchRows = 5000
/** Work of which nothing was heard for so long is taken up by whoever asks again. */
const silentMinutes = 30

/**
 * Closes an organization: from this commit on nobody enters it, no key, token or invitation of it works, and what is
 * under way for it ends without effect. Asking again answers the same job.
 * @param request.confirm the organization's exact name
 * @returns `mustStart`: whether the work has to be (re)started
 * @throws AppError NOT_FOUND, PERMISSION_DENIED for who may not any more, VALIDATION_ERROR when the name is another one
 */
export async function startErasure(
  sql: Sql,
  request: { orgId: string; userId: string; confirm: string },
): Promise<{ job: Job; mustStart: boolean }> {
  const { orgId, userId } = request
  // First, as whoever changes its billing does before they look at the organization.
  await sql`select from billing_accounts where org_id = ${orgId} for no key update`
  // Waits for every transaction that has written for the organization, and the next ones see that it is closed.
  const [organization] = await sql<{ name: string; deleting: boolean }[]>`
    select name, deleting_at is not null as deleting from organizations where id = ${orgId} for update`
  if (!organization) throw notFound('Organization')
  await lockActor(sql, request, 'organization:delete')
  if (organization.name !== request.confirm) {
    throw new AppError('VALIDATION_ERROR', 'The request is not valid', [
      { field: 'query.confirm', message: "must be the organization's exact name" },
    ])
  }
  if (organization.deleting) return repeat(sql, orgId)
  await sql`update organizations set deleting_at = now(), updated_at = now() where id = ${orgId}`
  await sql`update api_keys set revoked_at = now() where org_id = ${orgId} and revoked_at is null`
  await sql`update blocklists set revoked_at = now() where org_id = ${orgId} and revoked_at is null`
  await sql`
    update invitations set revoked_at = now() where org_id = ${orgId} and revoked_at is null and accepted_at is null`
  await sql`delete from memberships where org_id = ${orgId} and user_id <> ${userId}`
  const job = await startJob(sql, {
    id: newId(),
    orgId,
    workspaceId: null,
    kind: jobKind,
    total: 0,
    message: 'The organization is closed; waiting to remove everything of it',
    subjectId: orgId,
    createdBy: userId,
  })
  return { job, mustStart: true }
}

async function repeat(sql: Sql, orgId: string): Promise<{ job: Job; mustStart: boolean }> {
  const [found] = await sql<{ id: string; silent: boolean }[]>`
    select id, finished_at is null and updated_at < now() - make_interval(mins => ${silentMinutes}) as silent
    from jobs where kind = ${jobKind} and subject_id = ${orgId} order by id desc limit 1`
  if (!found) throw notFound('Organization')
  return { job: await readJob(sql, found.id), mustStart: found.silent }
}

/** An organization that is being erased. */
export interface Erasure {
  orgId: string
  jobId: string
  /** Who asked for it and may watch. */
  ownerId: string | null
  status: Job['status']
  done: number
  total: number
}

/**
 * The erasure that a task works for, or null when there is none: nothing is removed of an organization that nobody asked
 * to delete, whatever a message says. Inside the task's transaction, lock it.
 */
export async function openErasure(
  sql: Sql,
  orgId: string,
  jobId: string,
  lock: 'read' | 'lock',
): Promise<Erasure | null> {
  const [erasure] = await sql<Erasure[]>`
    select o.id as "orgId", j.id as "jobId", j.created_by as "ownerId", j.status, j.done, j.total
    from organizations o join jobs j on j.org_id = o.id and j.subject_id = o.id
    where o.id = ${orgId} and o.deleting_at is not null and j.id = ${jobId} and j.kind = ${jobKind}
    ${lock === 'lock' ? sql`for update of j` : sql``}`
  return erasure ?? null
}

/** Whether everything is gone but what its owner may still see. */
export function isOver({ status }: Erasure): boolean {
  return status === 'succeeded'
}

const ownerSeesMinutes = 15
const heldUpMinutes = 10

/** Until when its owner sees what became of a deletion that is over now. */
export function whenForgotten(now: Date): Date {
  return new Date(now.getTime() + ownerSeesMinutes * 60_000)
}

/** When a deletion that is held up goes on. */
export function whenTriedAgain(now: Date): Date {
  return new Date(now.getTime() + heldUpMinutes * 60_000)
}

/** Work of these goes on although the organization is closed. */
const ownTasks = [
  ...[eraseOrganization, forgetOrganization, removeLateObjects],
  // Money that is under way arrives, or goes back.
  ...[endMandate, sendRefund, applyFetched, applyGatewayEvent],
].map((task) => task.name)

/** Everything of the organization but what its owner may still see. */
function everythingOf({ orgId, jobId, ownerId }: Erasure): Selection {
  return {
    concerns: ({ name }) => !retainedTables.has(name),
    where(sql, { name, workspace }) {
      const own = sql`org_id = ${orgId}`
      if (name === 'memberships') return sql`${own} and user_id is distinct from ${ownerId}`
      if (name === 'jobs') return sql`${own} and id <> ${jobId}`
      if (name === 'job_events') return sql`${own} and job_id <> ${jobId}`
      if (name === 'outbox') return sql`${own} and target not in ${sql(ownTasks)}`
      // Their index is by workspace.
      if (workspace === 'always')
        return sql`${own} and workspace_id in (select id from workspaces where org_id = ${orgId})`
      return own
    },
  }
}

/** Notes that some of the work is done; before the first of it, how much there is. */
export async function noteProgress(sql: Sql, erasure: Erasure, removed: number, message: string): Promise<void> {
  // The job's own rows don't go now.
  const total = erasure.status === 'queued' ? await countRows(sql, everythingOf(erasure)) : erasure.total
  await progressJob(sql, erasure.jobId, { done: Math.min(erasure.done + removed, total), total, message })
}

/** Removes the next rows of an organization; none are left when it says 0. */
export async function eraseOrganizationRows(sql: Sql, erasure: Erasure): Promise<Erased> {
  const erased = await eraseRows(sql, everythingOf(erasure), batchRows)
  if (erased.rows > 0) return erased
  // It can't be deleted from; its own function does it, and only for an organization that is being deleted.
  const entries = await eraseAudit(sql, erasure.orgId, batchRows)
  return { rows: entries, table: entries > 0 ? 'audit_logs' : null }
}

/** Says that everything is gone. @throws Error when it isn't: a table that can't be erased is a mistake of ours */
export async function finishErasure(sql: Sql, erasure: Erasure): Promise<void> {
  for (const { name, deletable } of await listTenantTables(sql)) {
    if (deletable || retainedTables.has(name)) continue
    const rows = await sql`select 1 from ${sql(name)} where org_id = ${erasure.orgId} limit 1`
    if (rows.length > 0) throw new Error(`rows of ${name} can't be erased`)
  }
  await finishJob(sql, erasure.jobId, {
    status: 'succeeded',
    message: 'Everything of the organization is gone',
    result: { erased: erasure.total },
  })
}

/**
 * Removes the organization's own row and with it the job and the membership that were left for its owner, unless rows
 * were written while it was being closed: those go first. Of one that has paid something a row without its name stays:
 * the gateway may tell of a payment years later, and what that is answered with is sent and logged for somebody.
 * @returns `later`: a message of it still waits to be sent
 */
export async function forgetErased(sql: Sql, erasure: Erasure): Promise<'gone' | 'more' | 'later'> {
  await sql`select from organizations where id = ${erasure.orgId} for update`
  if ((await eraseOrganizationRows(sql, erasure)).rows > 0) return 'more'
  const unsent = await sql`
    select 1 from outbox where org_id = ${erasure.orgId} and target <> ${forgetOrganization.name} limit 1`
  if (unsent.length > 0) return 'later'
  if (await hasRetained(sql, erasure.orgId)) await leaveNameless(sql, erasure.orgId)
  else await sql`delete from organizations where id = ${erasure.orgId}`
  return 'gone'
}

async function leaveNameless(sql: Sql, orgId: string): Promise<void> {
  await eraseRows(
    sql,
    { concerns: ({ name }) => !retainedTables.has(name), where: () => sql`org_id = ${orgId}` },
    batchRows,
  )
  await blankRecords(sql, orgId)
  await sql`update organizations set name = ${`deleted ${orgId}`}, updated_at = now() where id = ${orgId}`
}
