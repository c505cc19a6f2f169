import * as v from 'valibot'
import { Id, newId } from '../ids.ts'
import { Envelope, eventType } from '../messaging.ts'
import { notify } from '../notifications/notifications.ts'
import { storableJson } from '../plain-text.ts'
import type { Sql } from '../sql.ts'

/** A function gave up messages of an organization: at least the one that is named. */
export const deadLetterCreated = eventType(
  'alerts',
  'dead_letter.created',
  v.object({
    dead_letter_id: Id,
    consumer: v.string(),
    error: v.object({ code: v.string(), message: v.string() }),
  }),
)

/** Who is told of it by these notifications can mute them by this kind. */
export const alertKind = deadLetterCreated.type

/** The function that tells people: what it gives up itself raises no alert, which would only come back to it. */
export const alerter = 'notifications-dead-letter'

export interface GivenUp {
  id: string
  orgId: string
  consumer: string
  body: unknown
  error: { code: string; message: string }
}

/**
 * Puts the alert into the outbox, for the sweeper: every function may give a message up, and few may publish. While one
 * waits there for the same function, another would say nothing new; so a flood of letters is one event a minute.
 */
export async function raiseAlert(sql: Sql, letter: GivenUp): Promise<void> {
  if (letter.consumer === alerter) return
  const { orgId, consumer, error } = letter
  const id = newId()
  const origin = v.safeParse(Envelope, letter.body)
  const envelope: Omit<Envelope, 'timestamp'> = {
    id,
    event_type: deadLetterCreated.type,
    org_id: orgId,
    workspace_id: origin.success ? origin.output.workspace_id : null,
    actor_id: null,
    correlation_id: origin.success ? origin.output.correlation_id : id,
    traceparent: origin.success ? origin.output.traceparent : null,
    payload: { dead_letter_id: letter.id, consumer, error },
  }
  await sql`
    insert into outbox (id, org_id, kind, target, attributes, body)
    select ${id}, o.id, 'event', ${deadLetterCreated.topic}, ${sql.json({ event_type: deadLetterCreated.type })},
      ${sql.json(storableJson(envelope))}::jsonb
        || jsonb_build_object('timestamp', to_char(now() at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
    from organizations o
    where o.id = ${orgId} and not exists (
      select from outbox b
      where b.org_id = o.id and b.kind = 'event' and b.target = ${deadLetterCreated.topic}
        and b.body #>> '{payload,consumer}' = ${consumer})`
}

/**
 * Tells the owners and admins of an organization that a function gave up messages of theirs: each at most once an hour
 * for each function, however many messages it gives up. Nobody is told when they are all made good already.
 */
export async function alertManagers(
  sql: Sql,
  orgId: string,
  letter: { dead_letter_id: string; consumer: string; error: { message: string } },
): Promise<void> {
  // One at a time; who comes second has nothing to add, and doesn't wait.
  const [turn] = await sql<{ mine: boolean }[]>`
    select pg_try_advisory_xact_lock(hashtextextended(${`${alertKind} ${orgId} ${letter.consumer}`}, 0)) as mine`
  if (!turn?.mine) return
  const [kept] = await sql<{ open: number }[]>`
    select count(*)::integer as open from dead_letters where consumer = ${letter.consumer} and status = 'open'`
  const open = kept?.open ?? 0
  if (open === 0) return
  const title = `Work was given up: ${letter.consumer}`
  const managers = await sql<{ user_id: string }[]>`
    select m.user_id from memberships m
    where m.org_id = ${orgId} and m.role in ('owner', 'admin') and m.disabled_at is null
      and not exists (
        select from notifications n
        where n.org_id = m.org_id and n.user_id = m.user_id and n.kind = ${alertKind} and n.title = ${title}
          and n.created_at > now() - interval '1 hour'
      )`
  const what = open === 1 ? 'It is kept as a dead letter' : `${open} messages are kept as dead letters`
  for (const { user_id: userId } of managers) {
    await notify(sql, {
      orgId,
      userId,
      kind: alertKind,
      title,
      body: `${letter.error.message}. ${what}, to be sent again or discarded.`,
      subjectId: letter.dead_letter_id,
    })
  }
}
