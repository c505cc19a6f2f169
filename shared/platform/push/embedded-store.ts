import { type Db, type JobInsert, PgBoss } from 'pg-boss'
import postgres from 'postgres'
import { Batches } from '../batches.ts'
import { PlatformError } from '../errors.ts'

export interface Log {
  debug(message: string, fields?: Record<string, unknown>): void
  info(message: string, fields?: Record<string, unknown>): void
  warn(message: string, fields?: Record<string, unknown>): void
  error(message: string, fields?: Record<string, unknown>): void
}

/** What every kind of job keeps beside its own data. */
export interface JobData {
  /** Answers that were failures; deliveries that our own death interrupted are not among them. */
  failures: number
}

export interface StoredJob<Data extends JobData> {
  id: string
  data: Data
  /** Claims before this one. */
  retryCount: number
  /** Minus the fair queue's tag. */
  priority: number
  startAfter: Date
}

export interface NewJob {
  id: string
  data: JobData & object
  /** Tag of the fair queue; lower is served earlier. */
  tag: number
  /** Whom the tag was given for. */
  flow: string
  startAfter?: Date
  /** Jobs with the same key are served in order; only for ordered queues, and there on every job. */
  orderingKey?: string
  deadlineSeconds: number
  /** How long the finished job is remembered, so that another with its id is dropped. */
  rememberSeconds: number
}

export interface UnheardEvent {
  id: string
  topic: string
  attributes: Record<string, string>
  body: string
}

export interface QueueDepth {
  queue: string
  /** Due now. */
  waiting: number
  /** Due later: not before a given time, or between two attempts. */
  delayed: number
  active: number
  /** Age of the oldest that is due and waits. */
  oldestSeconds: number
}

/** pg-boss never gives up on its own: how many attempts there are is the lanes' decision. */
const unlimited = 1_000_000
/** Beyond the delivery's deadline, for a claim whose end was never recorded. */
const claimGraceSeconds = 300

/**
 * The embedded cloud's durable memory: pg-boss, used as a store that claims, settles, postpones and forgets jobs.
 *
 * New jobs are durable when `insert` resolves. Claims and settlements are committed without waiting for the disk: what
 * a power cut undoes of them is only delivered again.
 */
export class JobStore {
  readonly #boss: PgBoss
  readonly #sql: postgres.Sql
  readonly #durable: Db
  readonly #inserts = new Map<string, Batches<NewJob>>()

  private constructor(boss: PgBoss, sql: postgres.Sql) {
    this.#boss = boss
    this.#sql = sql
    this.#durable = {
      executeSql: async (text, values) => ({ rows: await sql.unsafe(text, values as string[], { prepare: true }) }),
    }
  }

  /** @throws PlatformError UNAVAILABLE when the database can't be reached. */
  static async open(databaseUrl: string, log: Log): Promise<JobStore> {
    const options = {
      connectionString: databaseUrl,
      application_name: 'embedded-cloud',
      max: 3,
      // Connections are few and a new one costs milliseconds of password hashing: keep them.
      idleTimeoutMillis: 0,
      options: '-c synchronous_commit=off',
      schedule: false,
      maintenanceIntervalSeconds: 300,
      bamIntervalSeconds: 3600,
      flowIntervalSeconds: 3600,
      monitorVacuum: false,
    }
    const boss = new PgBoss(options)
    boss.on('error', (error) => log.error('embedded cloud: database', { error }))
    boss.on('warning', ({ message, data }) => log.debug(`embedded cloud: ${message}`, { data }))
    const sql = postgres(databaseUrl, {
      max: 2,
      onnotice: () => {},
      connection: { application_name: 'embedded-cloud publish' },
    })
    try {
      await boss.start()
      await sql`
        create unlogged table if not exists unheard_events (
          id text primary key, topic text not null, attributes jsonb not null, body text not null,
          published_at timestamptz not null default now())`
      return new JobStore(boss, sql)
    } catch (error) {
      await Promise.allSettled([boss.stop({ graceful: false }), sql.end({ timeout: 0 })])
      throw databaseError(error)
    }
  }

  /** Makes the queues that are not there yet. */
  async ensureQueues(queues: { name: string; isOrdered: boolean }[]): Promise<void> {
    const known = new Set((await this.#boss.getQueues()).map((queue) => queue.name))
    for (const { name, isOrdered } of queues) {
      if (known.has(name)) continue
      await this.#boss.createQueue(name, { policy: isOrdered ? 'key_strict_fifo' : 'standard' })
    }
  }

  /** @throws PlatformError UNAVAILABLE when jobs can't be stored right now. */
  async check(): Promise<void> {
    try {
      await this.#sql`select`
    } catch (error) {
      throw databaseError(error)
    }
  }

  /**
   * Stores jobs durably; one whose id the queue remembers is dropped. Those that come while others are on their way to
   * the disk share the next statement.
   */
  insert(queue: string, jobs: NewJob[]): Promise<void> {
    let inserts = this.#inserts.get(queue)
    if (!inserts) {
      inserts = new Batches((all) => this.#insertAll(queue, all))
      this.#inserts.set(queue, inserts)
    }
    return inserts.add(jobs)
  }

  async #insertAll(queue: string, jobs: NewJob[]): Promise<void> {
    // The same job may come twice at once: the first one stays.
    const byId = new Map<string, NewJob>()
    for (const job of jobs) if (!byId.has(job.id)) byId.set(job.id, job)
    await this.#boss.insert(queue, [...byId.values()].map(toInsert), { db: this.#durable })
  }

  /** Keeps events that nobody subscribes to for a minute, for whoever watches what is published. */
  async noteUnheard(events: readonly UnheardEvent[]): Promise<void> {
    await this.#sql`
      with forgotten as (delete from unheard_events where published_at < now() - interval '1 minute')
      insert into unheard_events (id, topic, attributes, body)
      select id, topic, attributes, body
      from jsonb_to_recordset(${this.#sql.json(events as never)}) as e (id text, topic text, attributes jsonb, body text)
      on conflict (id) do nothing`
  }

  async claim<Data extends JobData>(queue: string, count: number): Promise<StoredJob<Data>[]> {
    return this.#boss.fetch<Data>(queue, { batchSize: count, includeMetadata: true })
  }

  /** Settles jobs that need no further delivery; jobs claimed anew since are left alone. */
  async complete(queue: string, jobs: { id: string; retryCount: number }[]): Promise<void> {
    await this.#boss.complete(queue, jobs)
  }

  /** Gives a job back with new data, to be claimed again after `at`. */
  async postpone<Data extends JobData>(queue: string, job: StoredJob<Data>, data: Data, at: Date): Promise<void> {
    await this.#transaction(async (db) => {
      await this.#boss.fail(queue, job, null, { db })
      await this.#boss.update(queue, data, { id: job.id, startAfter: at, db })
    })
  }

  /** Settles a job and stores another in its place, both or neither. */
  async replace(queue: string, job: StoredJob<JobData>, otherQueue: string, other: NewJob): Promise<void> {
    await this.#transaction(async (db) => {
      await this.#boss.complete(queue, job, null, { db })
      await this.#boss.insert(otherQueue, [toInsert(other)], { db })
    })
  }

  async remove(queue: string, ids: string[]): Promise<void> {
    if (ids.length > 0) await this.#boss.deleteJob(queue, ids)
  }

  /** Jobs of a queue that are not claimed. */
  async waiting<Data extends JobData>(queue: string): Promise<StoredJob<Data>[]> {
    return this.#boss.findJobs<Data>(queue, { queued: true })
  }

  /**
   * Gives back every claim. Only for the start: claims that exist then were held by a process that is no more.
   *
   * @returns how many there were.
   */
  async releaseClaims(): Promise<number> {
    const rows = await this.#sql<{ name: string; ids: string[] }[]>`
      select name, array_agg(id::text) as ids from pgboss.job where state = 'active' group by name`
    for (const { name, ids } of rows) await this.#boss.fail(name, ids, { message: 'interrupted' })
    return rows.reduce((sum, { ids }) => sum + ids.length, 0)
  }

  /** Per queue, the earliest time from which something in it can be claimed. */
  async dueTimes(queue?: string): Promise<{ queue: string; at: Date }[]> {
    return this.#sql<{ queue: string; at: Date }[]>`
      select name as queue, min(start_after) as at from pgboss.job
      where state < 'active' ${queue === undefined ? this.#sql`` : this.#sql`and name = ${queue}`} group by name`
  }

  /** Per queue and flow, the last tag of what waits, and the first of the whole queue. */
  async waitingTags(): Promise<{ queue: string; flow: string; last: number; first: number }[]> {
    return this.#sql<{ queue: string; flow: string; last: number; first: number }[]>`
      select name as queue, coalesce(group_id, '') as flow, -min(priority) as last,
        min(-max(priority)) over (partition by name) as first
      from pgboss.job where state < 'active' group by name, group_id`
  }

  async depth(): Promise<QueueDepth[]> {
    return this.#sql<QueueDepth[]>`
      select name as queue,
        count(*) filter (where state < 'active' and start_after <= now())::int as waiting,
        count(*) filter (where state < 'active' and start_after > now())::int as delayed,
        count(*) filter (where state = 'active')::int as active,
        coalesce(extract(epoch from now() - min(start_after) filter (where state < 'active' and start_after <= now())),
          0)::float8 as "oldestSeconds"
      from pgboss.job where state <= 'active' group by name order by name`
  }

  async close(): Promise<void> {
    await this.#boss.stop({ graceful: false })
    await this.#sql.end({ timeout: 1 })
  }

  async #transaction(work: (db: Db) => Promise<void>): Promise<void> {
    const transaction = await this.#boss.getDb().beginTransaction?.()
    if (!transaction) throw new Error('pg-boss runs on its own pool, which has transactions')
    try {
      await work(transaction.db)
      await transaction.commit()
    } catch (error) {
      await transaction.rollback()
      throw error
    }
  }
}

function toInsert(job: NewJob): JobInsert {
  return {
    id: job.id,
    data: job.data,
    priority: -job.tag,
    ...(job.flow === '' ? {} : { group: { id: job.flow } }),
    ...(job.startAfter === undefined ? {} : { startAfter: job.startAfter.toISOString() }),
    ...(job.orderingKey === undefined ? {} : { singletonKey: job.orderingKey }),
    retryLimit: unlimited,
    retryDelay: 0,
    expireInSeconds: job.deadlineSeconds + claimGraceSeconds,
    deleteAfterSeconds: job.rememberSeconds,
  }
}

export function databaseError(error: unknown): PlatformError {
  if (error instanceof PlatformError) return error
  const message = `The embedded cloud's database failed: ${(error as Error).message}`
  return new PlatformError('UNAVAILABLE', message, { cause: error })
}
