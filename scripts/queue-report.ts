import type { Sql } from '#shared/domain/sql.ts'
import type { DiscoveredFunction } from '#shared/runtime/discover.ts'
import { buildPushPlan } from '#shared/runtime/manifest.ts'

/** Where messages wait for their functions, and how it is there. */
export interface QueueReport {
  kind: 'queue' | 'subscription' | 'schedules' | 'dead-letters' | 'undeclared'
  name: string
  /** Due now. */
  waiting: number
  /** Due later: not before a given time, or between two attempts. */
  delayed: number
  active: number
  /** Age of the oldest that is due and waits. */
  oldestSeconds: number
  /** New within the last minute, and done within it. */
  addedPerMinute: number
  donePerMinute: number
  /** Open ones of the functions that it serves. */
  deadLetters: number
}

export type Depth = Omit<QueueReport, 'kind' | 'deadLetters'>

/** Reads what the embedded cloud keeps, by the names of its own queues; those where nothing is or was are left out. */
export function readDepths(sql: Sql): Promise<Depth[]> {
  return sql<Depth[]>`
    select name,
      count(*) filter (where state < 'active' and start_after <= now())::integer as waiting,
      count(*) filter (where state < 'active' and start_after > now())::integer as delayed,
      count(*) filter (where state = 'active')::integer as active,
      coalesce(extract(epoch from now() - min(start_after) filter (where state < 'active' and start_after <= now())),
        0)::float8 as "oldestSeconds",
      count(*) filter (where created_on > now() - interval '1 minute')::integer as "addedPerMinute",
      count(*) filter (where state = 'completed')::integer as "donePerMinute"
    from pgboss.job
    where state <= 'active' or (state = 'completed' and completed_on > now() - interval '1 minute')
    group by name`
}

export interface Kept {
  /** Name of the function that gave up. */
  consumer: string
  count: number
}

/** Counts the dead letters of each function that nobody has sent again or discarded. */
export function readDeadLetters(sql: Sql): Promise<Kept[]> {
  return sql<Kept[]>`
    select consumer, count(*)::integer as count from dead_letters where status = 'open' group by consumer`
}

/** Messages that are committed and not sent yet. */
export async function readOutbox(sql: Sql): Promise<{ waiting: number; oldestSeconds: number }> {
  const [outbox] = await sql<{ waiting: number; oldestSeconds: number }[]>`
    select count(*)::integer as waiting,
      coalesce(extract(epoch from now() - min(created_at)), 0)::float8 as "oldestSeconds"
    from outbox`
  return outbox ?? { waiting: 0, oldestSeconds: 0 }
}

/** Brings the three together: every queue and subscription that is declared, and whatever else was found. */
export function reportQueues(
  functions: readonly DiscoveredFunction[],
  depths: readonly Depth[],
  deadLetters: readonly Kept[],
): QueueReport[] {
  const plan = buildPushPlan(functions)
  const reports = new Map<string, QueueReport>()
  const reportOf = (kind: QueueReport['kind'], name: string): QueueReport => {
    const found = reports.get(`${kind} ${name}`)
    if (found) return found
    const zero = {
      waiting: 0,
      delayed: 0,
      active: 0,
      oldestSeconds: 0,
      addedPerMinute: 0,
      donePerMinute: 0,
      deadLetters: 0,
    }
    const report: QueueReport = { kind, name, ...zero }
    reports.set(`${kind} ${name}`, report)
    return report
  }
  for (const { name } of plan.queues) reportOf('queue', name)
  for (const { target } of plan.subscriptions) reportOf('subscription', target)
  reportOf('schedules', 'schedules')
  reportOf('dead-letters', 'dead-letters')

  for (const { name, ...depth } of depths) {
    const report = reportOf(...placeOf(name, (kind, short) => reports.has(`${kind} ${short}`)))
    for (const figure of ['waiting', 'delayed', 'active', 'addedPerMinute', 'donePerMinute'] as const)
      report[figure] += depth[figure]
    report.oldestSeconds = Math.max(report.oldestSeconds, depth.oldestSeconds)
  }
  const queueOf = new Map(
    functions.flatMap(({ name, declaration }) =>
      declaration.kind === 'task' ? [[name, declaration.task.queue] as const] : [],
    ),
  )
  for (const { consumer, count } of deadLetters) {
    const queue = queueOf.get(consumer)
    const isSubscribed = plan.subscriptions.some(({ target }) => target === consumer)
    const kind = queue ? 'queue' : isSubscribed ? 'subscription' : 'undeclared'
    reportOf(kind, queue ?? consumer).deadLetters += count
  }
  return [...reports.values()]
}

/** What the embedded cloud's own name of a queue stands for; a subscription has two, one of them ordered. */
function placeOf(
  name: string,
  isDeclared: (kind: QueueReport['kind'], name: string) => boolean,
): [QueueReport['kind'], string] {
  const [prefix = '', ...rest] = name.split('.')
  const kinds: Record<string, QueueReport['kind']> = { tasks: 'queue', push: 'subscription', ordered: 'subscription' }
  const [kind, short] = rest.length > 0 ? [kinds[prefix], rest.join('.')] : [name as QueueReport['kind'], name]
  return kind && isDeclared(kind, short) ? [kind, short] : ['undeclared', name]
}
