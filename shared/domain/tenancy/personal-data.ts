import * as v from 'valibot'
import { Id, Timestamp } from '../ids.ts'
import { Notification } from '../notifications/notifications.ts'
import type { Sql } from '../sql.ts'
import { type Enter, listPlaces } from './places.ts'
import { Place, Profile } from './profile.ts'
import { readProfile } from './users.ts'

const Created = v.strictObject({ kind: v.string(), id: Id, name: v.string(), created_at: Timestamp })
type Created = v.InferInput<typeof Created>

const Action = v.strictObject({
  occurred_at: Timestamp,
  action: v.string(),
  target_type: v.string(),
  target_id: v.nullable(v.string()),
  ip: v.nullable(v.string()),
})
type Action = v.InferInput<typeof Action>

const InvitationToMe = v.strictObject({
  id: Id,
  role: v.string(),
  created_at: Timestamp,
  expires_at: Timestamp,
  accepted_at: v.nullable(Timestamp),
})
type InvitationToMe = v.InferInput<typeof InvitationToMe>

/** Everything that is kept about one person (GDPR, articles 15 and 20). */
export const PersonalData = v.strictObject({
  exported_at: Timestamp,
  profile: Profile,
  invitations: v.pipe(v.array(InvitationToMe), v.description('Sent to your address')),
  organizations: v.array(
    v.strictObject({
      ...Place.entries,
      created: v.pipe(v.array(Created), v.description('What you made there')),
      notifications: v.array(Notification),
      actions: v.pipe(v.array(Action), v.description('What the audit log says of you')),
    }),
  ),
})
export type PersonalData = v.InferInput<typeof PersonalData>

/** The kinds of things that remember who made them, with what tells one from another. */
const kinds = [
  { kind: 'project', table: 'projects', name: 'name' },
  { kind: 'document', table: 'documents', name: 'file_name' },
  { kind: 'export', table: 'exports', name: 'format' },
  { kind: 'blocklist', table: 'blocklists', name: 'name' },
  { kind: 'invitation', table: 'invitations', name: 'email' },
  { kind: 'api_key', table: 'api_keys', name: 'name' },
  { kind: 'job', table: 'jobs', name: 'kind' },
  { kind: 'brief', table: 'briefs', name: 'title' },
  { kind: 'brief_comment', table: 'brief_comments', name: 'body' },
  { kind: 'detection_rule', table: 'detection_rules', name: 'name' },
  { kind: 'relationship', table: 'relationships', name: 'relationship_type' },
] as const

/** Collects what is kept about a person, in all organizations that they belong to. The transaction must be in none yet. */
export async function collectPersonalData(sql: Sql, enter: Enter, userId: string, now: Date): Promise<PersonalData> {
  const profile = await readProfile(sql, userId)
  const invitations = await sql<InvitationToMe[]>`
    select id, role, created_at, expires_at, accepted_at from invitations
    where lower(email) = lower(${profile.email})
    order by id`
  const organizations: PersonalData['organizations'] = []
  for (const place of await listPlaces(sql, enter, userId, undefined)) {
    const { organization_id: orgId } = place
    await enter(orgId)
    organizations.push({
      ...place,
      created: await listCreated(sql, userId),
      notifications: await sql<v.InferInput<typeof Notification>[]>`
        select id, kind, title, body, subject_id, read_at, created_at from notifications
        where user_id = ${userId} order by id`,
      actions: await sql<Action[]>`
        select occurred_at, action, target_type, target_id, ip from audit_logs
        where org_id = ${orgId} and actor_kind = 'user' and actor_id = ${userId}
        order by sequence`,
    })
  }
  return { exported_at: now.toISOString(), profile, invitations, organizations }
}

async function listCreated(sql: Sql, userId: string): Promise<Created[]> {
  const created: Created[] = []
  for (const { kind, table, name } of kinds) {
    created.push(
      ...(await sql<Created[]>`
        select ${kind} as kind, id, ${sql(name)} as name, created_at from ${sql(table)}
        where created_by = ${userId} order by id`),
    )
  }
  return created
}
