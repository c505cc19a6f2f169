import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { PlatformError } from '#shared/platform/errors.ts'
import { discoverFunctions } from '#shared/runtime/discover.ts'
import { asOwner, findCloudUrl, findOwnerUrl, noEmbeddedCloud } from '../owner-database.ts'
import { type QueueReport, readDeadLetters, readDepths, readOutbox, reportQueues } from '../queue-report.ts'

export const summary = 'Show what waits in each queue and subscription, for how long, and what was given up'
export const usage = `queues [--all] [--json]

Works on the databases themselves, as their owner: that of the product at DATABASE_OWNER_URL and that of its embedded
cloud at CLOUD_DATABASE_URL (else "cloud" on the same server), else those of the product on this machine (DATA_FOLDER,
else .data). Without --all, a queue in which nothing is or was within the last minute is left out of the table. Exits
with 1 when there is no embedded cloud: on Google Cloud, see "gcloud tasks queues list" and "gcloud pubsub subscriptions
list".`

export async function run(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: { all: { type: 'boolean' }, json: { type: 'boolean' } } })
  if (existsSync('.env')) process.loadEnvFile('.env')
  try {
    const url = findOwnerUrl(process.env)
    const depths = await asOwner(findCloudUrl(process.env), readDepths).catch(explain)
    const { deadLetters, outbox } = await asOwner(url, async (sql) => ({
      deadLetters: await readDeadLetters(sql),
      outbox: await readOutbox(sql),
    }))
    const queues = reportQueues(await discoverFunctions(), depths, deadLetters)
    console.log(values.json ? JSON.stringify({ queues, outbox }) : table(queues, outbox, values.all ?? false))
    return 0
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error
    console.error(error.message)
    return 1
  }
}

function explain(error: unknown): never {
  const elsewhere =
    'On Google Cloud the queues are Cloud Tasks’ and Pub/Sub’s: see "gcloud tasks queues list" and "gcloud pubsub subscriptions list"; what was given up is listed by GET /v1/dead-letters.'
  throw noEmbeddedCloud((error as PlatformError).cause ?? {}, elsewhere) ?? error
}

function table(
  queues: readonly QueueReport[],
  outbox: { waiting: number; oldestSeconds: number },
  isWhole: boolean,
): string {
  const shown = queues.filter(
    (queue) =>
      isWhole ||
      queue.kind === 'queue' ||
      queue.waiting + queue.delayed + queue.active + queue.addedPerMinute + queue.donePerMinute + queue.deadLetters > 0,
  )
  const head = ['', 'name', 'waiting', 'oldest', 'later', 'active', 'in/min', 'done/min', 'dead letters']
  const rows = shown.map(({ kind, name, waiting, oldestSeconds, delayed, active, ...rest }) => [
    kind === name ? '' : kind,
    name,
    String(waiting),
    waiting > 0 ? age(oldestSeconds) : '-',
    ...[delayed, active, rest.addedPerMinute, rest.donePerMinute, rest.deadLetters].map(String),
  ])
  const unsent = outbox.waiting > 0 ? `${outbox.waiting}, oldest ${age(outbox.oldestSeconds)}` : 'none'
  return `${aligned([head, ...rows])}\n\nCommitted and not sent yet (outbox): ${unsent}`
}

/** Names to the left, figures to the right. */
function aligned(rows: readonly string[][]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows
    .map((row) =>
      row
        .map((cell, column) => (column < 2 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
        .join('  '),
    )
    .join('\n')
}

function age(seconds: number): string {
  if (seconds < 60) return `${Math.round(seconds)} s`
  if (seconds < 3600) return `${Math.round(seconds / 60)} min`
  return `${(seconds / 3600).toFixed(1)} h`
}
