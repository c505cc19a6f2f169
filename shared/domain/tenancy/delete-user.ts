import { AppError } from '../errors.ts'
import type { Sql } from '../sql.ts'
import { endMembership, hasOwner, lockMemberships } from './members.ts'
import { type Belonging, type Enter, listBelongings } from './places.ts'

/**
 * Deletes a person: memberships, personal data and what was sent to their address go at once; a row without any of it
 * stays, so that a token which is still valid makes nobody of it. Their account at the identity provider is removed by
 * `forgetAccounts`, after this is committed: done before, or in between, a crash would leave the data of somebody who
 * can't sign in any more to ask for it.
 *
 * The transaction must be in no organization yet.
 *
 * @param options.confirm their e-mail address, or their id when they have none
 * @param options.left called inside each organization that they leave
 * @throws AppError VALIDATION_ERROR when they didn't confirm, CONFLICT while they are the last owner of an organization
 */
export async function deleteUser(
  sql: Sql,
  userId: string,
  options: { confirm: string; enter: Enter; left(belonging: Belonging): Promise<void> },
): Promise<void> {
  // Waits for whoever is joining them to an organization at this moment; see holdUser.
  const [user] = await sql<{ email: string }[]>`
    select email from users where id = ${userId} and deleted_at is null for no key update`
  if (!user) throw new AppError('UNAUTHENTICATED', 'The token is not valid')
  assertConfirmed(options.confirm, user.email || userId)
  await sql`delete from invitations where lower(email) = lower(${user.email})`
  const owned: string[] = []
  for (const belonging of await listBelongings(sql, userId)) {
    const { organization_id: orgId, organization_name: name, role } = belonging
    await options.enter(orgId)
    await lockMemberships(sql, orgId)
    await endMembership(sql, orgId, userId)
    await options.left(belonging)
    if (role === 'owner' && !(await isBeingDeleted(sql, orgId)) && !(await hasOwner(sql, orgId))) owned.push(name)
  }
  if (owned.length > 0) {
    const names = owned.map((name) => `"${name}"`).join(', ')
    throw new AppError('CONFLICT', `You are the last owner of ${names}: make someone else an owner or delete it first`)
  }
  await sql`
    update users
    set deleted_at = now(), updated_at = now(), email = '', display_name = null, locale = default,
      time_zone = default, preferences = default
    where id = ${userId}`
}

function assertConfirmed(given: string, wanted: string): void {
  if (given.trim().toLowerCase() === wanted.toLowerCase()) return
  throw new AppError('VALIDATION_ERROR', 'The request is not valid', [
    { field: 'body.confirm', message: 'must be your e-mail address' },
  ])
}

async function isBeingDeleted(sql: Sql, orgId: string): Promise<boolean> {
  const rows = await sql`select 1 from organizations where id = ${orgId} and deleting_at is not null`
  return rows.length > 0
}

/** So many accounts in one run: each is a call to the identity provider. */
const accountsPerRun = 20

/**
 * Has the identity provider forget deleted people, those who wait longest first. Runs in the runtime's own scope; what
 * fails is tried again by the next run.
 * @param removeAccount removes the account of a token's subject; removing what is gone must be fine
 * @returns the ids of those whose accounts could not be removed, with why
 */
export async function forgetAccounts(
  sql: Sql,
  removeAccount: (authSub: string) => Promise<void>,
): Promise<{ userId: string; error: unknown }[]> {
  const waiting = await sql<{ id: string; auth_sub: string }[]>`
    select id, auth_sub from users where deleted_at is not null and account_deleted_at is null
    order by updated_at
    limit ${accountsPerRun}
    for no key update skip locked`
  const failures: { userId: string; error: unknown }[] = []
  for (const { id, auth_sub } of waiting) {
    try {
      await removeAccount(auth_sub)
      await sql`update users set account_deleted_at = now() where id = ${id}`
    } catch (error) {
      failures.push({ userId: id, error })
      // To the end of the line, so that one that always fails holds up nobody.
      await sql`update users set updated_at = now() where id = ${id}`
    }
  }
  return failures
}

/** Longer than any access token lives: until then it is known whose it was. */
const keptDays = 2

/** Removes what is left of people who were deleted and whom the identity provider has forgotten. */
export async function pruneDeletedUsers(sql: Sql, now: Date): Promise<void> {
  await sql`
    delete from users
    where deleted_at < ${now}::timestamptz - make_interval(days => ${keptDays}) and account_deleted_at is not null`
}
