import * as v from 'valibot'
import { Id, newId, Timestamp } from '../ids.ts'
import { endOfIds, type Page } from '../paging.ts'
import type { Sql } from '../sql.ts'

export const Notification = v.strictObject({
  id: Id,
  kind: v.string(),
  title: v.string(),
  body: v.string(),
  subject_id: v.nullable(Id),
  read_at: v.nullable(Timestamp),
  created_at: Timestamp,
})
export type Notification = v.InferInput<typeof Notification>

/** Tells a member something, unless they don't want to hear of it or have left. */
export async function notify(
  sql: Sql,
  note: { orgId: string; userId: string; kind: string; title: string; body: string; subjectId: string },
): Promise<void> {
  await sql`
    insert into notifications (id, org_id, user_id, kind, title, body, subject_id)
    select ${newId()}, m.org_id, m.user_id, ${note.kind}, ${note.title}, ${note.body}, ${note.subjectId}
    from memberships m join users u on u.id = m.user_id
    where m.org_id = ${note.orgId} and m.user_id = ${note.userId}
      and coalesce((u.preferences #> '{notifications,in_app}')::boolean, true)
      and not coalesce(u.preferences #> '{notifications,muted_kinds}', '[]') ? ${note.kind}`
}

/** A user's notifications in their organization, newest first. */
export function listNotifications(sql: Sql, userId: string, page: Page): Promise<Notification[]> {
  return sql<Notification[]>`
    select id, kind, title, body, subject_id, read_at, created_at from notifications
    where user_id = ${userId} and id < ${page.before ?? endOfIds}
    order by id desc
    limit ${page.size + 1}`
}
