import { notify } from '../notifications/notifications.ts'
import type { Sql } from '../sql.ts'

export const alertKind = 'dead_letter.created'

/**
 * Tells the owners and admins of an organization that a function gave up a message of theirs: each at most once an hour
 * for each function, however many messages it gives up.
 */
export async function alertManagers(
  sql: Sql,
  letter: { id: string; orgId: string; consumer: string; error: { message: string } },
): Promise<void> {
  // One at a time; who comes second has nothing to add, and doesn't wait.
  const [turn] = await sql<{ mine: boolean }[]>`
    select pg_try_advisory_xact_lock(hashtextextended(${`${alertKind} ${letter.orgId} ${letter.consumer}`}, 0)) as mine`
  if (!turn?.mine) return
  const title = `Work was given up: ${letter.consumer}`
  const managers = await sql<{ user_id: string }[]>`
    select m.user_id from memberships m
    where m.org_id = ${letter.orgId} and m.role in ('owner', 'admin') and m.disabled_at is null
      and not exists (
        select from notifications n
        where n.org_id = m.org_id and n.user_id = m.user_id and n.kind = ${alertKind} and n.title = ${title}
          and n.created_at > now() - interval '1 hour'
      )`
  for (const { user_id: userId } of managers) {
    await notify(sql, {
      orgId: letter.orgId,
      userId,
      kind: alertKind,
      title,
      body: `${letter.error.message}. It is kept as a dead letter, to be sent again or discarded.`,
      subjectId: letter.id,
    })
  }
}
