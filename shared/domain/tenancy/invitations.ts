import { requireMemberSeat, requireSeat } from '../billing/entitlements/seats.ts'
import { AppError, notFound } from '../errors.ts'
import { endOfIds, type Page } from '../paging.ts'
import type { Sql } from '../sql.ts'
import type { OpenedToken } from './invitation-tokens.ts'
import { assertMayManage } from './member-rules.ts'
import { lockActor, lockMemberships } from './members.ts'
import { readOrganization } from './organizations.ts'
import type { Role } from './permissions.ts'
import type { Invitation, InvitationPreview, Organization } from './schemas.ts'
import { holdUser } from './users.ts'

const columns = (sql: Sql, now: Date) => sql`
  id, email, role, workspace_ids,
  case
    when accepted_at is not null then 'accepted'
    when revoked_at < expires_at then 'revoked'
    when expires_at <= ${now} then 'expired'
    else 'open'
  end as status,
  expires_at, accepted_at, created_by, created_at`

/** When somebody is let in, and whose seats hold for organizations that pay nothing. */
export interface SeatsAsked {
  now: Date
  defaultPlanId: string
}

export interface InvitationDraft {
  id: string
  orgId: string
  email: string
  role: Role
  workspaceIds: readonly string[]
  tokenSha256: string
  expiresAt: Date
  createdBy: string
}

/**
 * Keeps an invitation whose token was made for it.
 * @throws AppError PERMISSION_DENIED for a role that the caller may not give or a workspace that they may not enter,
 *   CONFLICT when the address is a member's or has an open invitation, BUDGET_EXCEEDED when every seat is taken
 * @param defaultPlanId whose seats hold for organizations that pay nothing
 */
export async function createInvitation(
  sql: Sql,
  draft: InvitationDraft,
  { now, defaultPlanId }: SeatsAsked,
): Promise<Invitation> {
  const { orgId, email } = draft
  const actor = await lockActor(sql, { orgId, userId: draft.createdBy }, 'members:manage')
  assertMayManage(actor, draft.role)
  await assertMayEnter(sql, actor.userId, draft.workspaceIds)
  const known = await sql`
    select 1 from memberships m join users u on u.id = m.user_id
    where m.org_id = ${orgId} and lower(u.email) = lower(${email})`
  if (known.length > 0) throw new AppError('CONFLICT', 'This address belongs to a member already')
  // Makes room: an expired invitation is as good as none.
  await sql`
    update invitations set revoked_at = expires_at
    where lower(email) = lower(${email}) and accepted_at is null and revoked_at is null and expires_at <= ${now}`
  const [invitation] = await sql<Invitation[]>`
    insert into invitations (id, org_id, email, role, workspace_ids, token_sha256, expires_at, created_by)
    values (${draft.id}, ${orgId}, ${email}, ${draft.role}, ${sql.json([...new Set(draft.workspaceIds)])},
      decode(${draft.tokenSha256}, 'hex'), ${draft.expiresAt}, ${draft.createdBy})
    on conflict (org_id, lower(email)) where accepted_at is null and revoked_at is null do nothing
    returning ${columns(sql, now)}`
  if (!invitation) throw new AppError('CONFLICT', 'There is an open invitation to this address; revoke it first')
  // It is counted already.
  await requireSeat(sql, { orgId, at: now, defaultPlanId })
  return invitation
}

/** Those of some workspaces that a member may enter. */
const enterable = (sql: Sql, workspaceIds: readonly string[], userId: string | null) => sql`
  select w.org_id, w.id from workspaces w
  where w.id in (select value::uuid from jsonb_array_elements_text(${sql.json([...workspaceIds])}))
    and w.deleting_at is null and exists (
      select from memberships m
      left join workspace_members p on p.workspace_id = w.id and p.user_id = m.user_id
      where m.org_id = w.org_id and m.user_id = ${userId}
        and (m.role in ('owner', 'admin') or p.user_id is not null))`

/** Nobody lets others in where they may not go themselves. */
async function assertMayEnter(sql: Sql, userId: string, workspaceIds: readonly string[]): Promise<void> {
  const wanted = [...new Set(workspaceIds)]
  const found = await enterable(sql, wanted, userId)
  if (found.length < wanted.length) throw notFound('Workspace')
}

/** The invitations of the organization, newest first. */
export function listInvitations(sql: Sql, orgId: string, page: Page, now: Date): Promise<Invitation[]> {
  return sql<Invitation[]>`
    select ${columns(sql, now)} from invitations
    where org_id = ${orgId} and id < ${page.before ?? endOfIds}
    order by id desc
    limit ${page.size + 1}`
}

/**
 * Makes the link of an invitation useless; doing it again is fine.
 * @throws AppError NOT_FOUND, PERMISSION_DENIED for one to a role that the caller may not give, CONFLICT when it was
 *   accepted
 */
export async function revokeInvitation(
  sql: Sql,
  { orgId, actorId, id }: { orgId: string; actorId: string; id: string },
): Promise<void> {
  const actor = await lockActor(sql, { orgId, userId: actorId }, 'members:manage')
  const [row] = await sql<{ role: Role; accepted: boolean }[]>`
    select role, accepted_at is not null as accepted from invitations where id = ${id} for no key update`
  if (!row) throw notFound('Invitation')
  assertMayManage(actor, row.role)
  if (row.accepted) throw new AppError('CONFLICT', 'It was accepted already; remove the member instead')
  await sql`update invitations set revoked_at = coalesce(revoked_at, now()) where id = ${id}`
}

/** What is wrong with a token is nobody's business. */
export function invalidInvitation(): AppError {
  return new AppError('NOT_FOUND', 'This invitation is not valid (any more); ask for a new one')
}

interface OpenInvitation extends InvitationPreview {
  email: string
  workspace_ids: string[]
  created_by: string | null
}

/**
 * The open invitation of a token; the transaction must have entered its organization.
 * @throws AppError NOT_FOUND when it was used or revoked, has expired, or its organization is being deleted
 */
async function openInvitation(sql: Sql, token: OpenedToken, now: Date, lock: boolean): Promise<OpenInvitation> {
  const [invitation] = await sql<OpenInvitation[]>`
    select o.name as organization_name, i.role, i.expires_at, i.email, i.workspace_ids, i.created_by
    from invitations i join organizations o on o.id = i.org_id
    where i.id = ${token.invitationId} and i.org_id = ${token.orgId}
      and i.token_sha256 = decode(${token.sha256}, 'hex')
      and i.accepted_at is null and i.revoked_at is null and i.expires_at > ${now} and o.deleting_at is null
    ${lock ? sql`for no key update of i` : sql``}`
  if (!invitation) throw invalidInvitation()
  return invitation
}

/** What an invitation is to, for whoever has its link. @throws AppError NOT_FOUND */
export async function previewInvitation(sql: Sql, token: OpenedToken, now: Date): Promise<InvitationPreview> {
  const { organization_name, role, expires_at } = await openInvitation(sql, token, now, false)
  return { organization_name, role, expires_at }
}

/**
 * Makes the invited person a member, once. The transaction must have entered the organization that the token names.
 * @throws AppError NOT_FOUND when the invitation is not good any more, PERMISSION_DENIED when it is for another address,
 *   CONFLICT when the person is a member already, BUDGET_EXCEEDED when every seat is taken
 */
export async function acceptInvitation(
  sql: Sql,
  token: OpenedToken,
  person: { userId: string; email: string },
  { now, defaultPlanId }: SeatsAsked,
): Promise<Organization> {
  await holdUser(sql, person.userId)
  // Before the invitation, like whoever revokes it: seats are counted under this lock.
  await lockMemberships(sql, token.orgId)
  const { email, role, workspace_ids, created_by } = await openInvitation(sql, token, now, true)
  const [same] = await sql<{ same: boolean }[]>`select lower(${email}) = lower(${person.email}) as same`
  if (!same?.same) {
    throw new AppError(
      'PERMISSION_DENIED',
      'This invitation is for another e-mail address than the one you signed in with',
    )
  }
  const { orgId, invitationId } = token
  const joined = await sql`
    insert into memberships (org_id, user_id, role) values (${orgId}, ${person.userId}, ${role})
    on conflict (org_id, user_id) do nothing
    returning 1`
  if (joined.length === 0) throw new AppError('CONFLICT', 'You are a member of this organization already')
  await requireMemberSeat(sql, { orgId, at: now, defaultPlanId })
  // Only where the inviter may still go: they may have lost their place there since.
  await sql`
    insert into workspace_members (org_id, workspace_id, user_id, role)
    select org_id, id, ${person.userId}, 'member' from (${enterable(sql, workspace_ids, created_by)}) w
    on conflict (workspace_id, user_id) do nothing`
  await sql`
    update invitations set accepted_at = ${now}, accepted_by = ${person.userId} where id = ${invitationId}`
  const { settings: _, ...organization } = await readOrganization(sql, orgId, person.userId)
  return organization
}
