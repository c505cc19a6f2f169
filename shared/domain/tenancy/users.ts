import * as v from 'valibot'
import { AppError, notFound } from '../errors.ts'
import type { Json, Sql } from '../sql.ts'
import { type Colleague, Preferences, type Profile, type ProfileChange } from './profile.ts'

type ProfileRow = Omit<Profile, 'preferences'> & { preferences: unknown }

const columns = ['id', 'email', 'display_name', 'locale', 'time_zone', 'preferences', 'created_at', 'updated_at']

/**
 * The profile of the person who asks.
 * @param lock keeps others from changing it until the transaction ends
 */
export async function readProfile(sql: Sql, userId: string, lock = false): Promise<Profile> {
  const [row] = await sql<ProfileRow[]>`
    select ${sql(columns)} from users where id = ${userId} and deleted_at is null
    ${lock ? sql`for no key update` : sql``}`
  if (!row) throw notFound('User')
  return { ...row, preferences: v.parse(Preferences, row.preferences) }
}

/** Changes what is named and leaves the rest. */
export async function updateProfile(sql: Sql, userId: string, change: ProfileChange): Promise<Profile> {
  const before = await readProfile(sql, userId, true)
  const preferences = v.parse(Preferences, {
    ...before.preferences,
    ...change.preferences,
    notifications: { ...before.preferences.notifications, ...change.preferences?.notifications },
  })
  const [row] = await sql<ProfileRow[]>`
    update users set
      display_name = ${change.display_name === undefined ? before.display_name : change.display_name},
      locale = ${change.locale ?? before.locale},
      time_zone = ${change.time_zone ?? before.time_zone},
      preferences = ${sql.json(preferences as unknown as Json)},
      updated_at = now()
    where id = ${userId}
    returning ${sql(columns)}`
  return { ...row!, preferences }
}

/** Someone of the caller's organization, or the caller. @throws AppError NOT_FOUND for everybody else */
export async function readColleague(sql: Sql, userId: string): Promise<Colleague> {
  const [row] = await sql<Colleague[]>`
    select id, email, display_name, created_at from users where id = ${userId} and deleted_at is null`
  if (!row) throw notFound('User')
  return row
}

/**
 * Makes sure that a person is still there, and stays until the transaction ends: for whatever would join them to an
 * organization.
 * @throws AppError UNAUTHENTICATED when they have been deleted
 */
export async function holdUser(sql: Sql, userId: string): Promise<void> {
  const rows = await sql`select 1 from users where id = ${userId} and deleted_at is null for share`
  if (rows.length === 0) throw new AppError('UNAUTHENTICATED', 'The token is not valid')
}
