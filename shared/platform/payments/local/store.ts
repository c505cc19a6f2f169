import postgres from 'postgres'
import { ensureSchema } from '../../state/ensure-schema.ts'
import { unknownId } from './api-error.ts'
import { signBody } from './signatures.ts'
import { type Kept, type Kind, type Kinds, prefixes } from './wire.ts'

const schema = `
  create table if not exists razorpay.objects (
    id text primary key,
    kind text not null,
    serial bigint generated always as identity,
    created_at bigint not null,
    wire jsonb not null,
    inside jsonb not null
  );
  create index if not exists objects_list on razorpay.objects (kind, created_at desc, serial desc);
  create index if not exists objects_order on razorpay.objects ((wire ->> 'order_id'));
  create index if not exists objects_payment on razorpay.objects ((wire ->> 'payment_id'));
  create index if not exists objects_subscription on razorpay.objects ((wire ->> 'subscription_id'));
  create index if not exists objects_receipt on razorpay.objects ((wire ->> 'receipt'));
  create table if not exists razorpay.events (
    id text primary key,
    serial bigint generated always as identity,
    type text not null,
    body text not null
  );
  create index if not exists events_list on razorpay.events (serial);
  create table if not exists razorpay.deliveries (
    serial bigint generated always as identity primary key,
    event_id text not null references razorpay.events,
    deliver_at timestamptz not null,
    attempts integer not null default 0,
    state text not null check (state in ('pending', 'delivered', 'lost', 'given_up'))
  );
  create index if not exists deliveries_pending on razorpay.deliveries (deliver_at, serial) where state = 'pending';
  create index if not exists deliveries_event on razorpay.deliveries (event_id);
`

/** An event as it is sent: these very bytes, with this signature. */
export interface SignedEvent {
  /** x-razorpay-event-id */
  id: string
  type: string
  rawBody: string
  /** x-razorpay-signature: HMAC-SHA256 of the body, in hexadecimal. */
  signature: string
}

export interface Page {
  from?: number | undefined
  to?: number | undefined
  count: number
  skip: number
}

type Linked = 'order_id' | 'payment_id' | 'subscription_id' | 'receipt'

interface Filter {
  field: Linked
  value: string
}

/** How the deliveries of new events are planned: an empty list loses the event. In seconds from now. */
export type PlanDeliveries = () => readonly number[]

/** One transaction on the gateway's objects; the events that it tells of come after its commit. */
export interface Work {
  /** Seconds since 1970. */
  readonly now: number
  newId(kind: Kind | 'event' | 'customer'): string
  /** @throws ApiError when there is none */
  get<K extends Kind>(kind: K, id: string): Promise<Kept<K>>
  put<K extends Kind>(kind: K, kept: Kept<K>): Promise<void>
  /** Those that refer to something, the oldest first. */
  linked<K extends Kind>(kind: K, field: Linked, value: string): Promise<Kept<K>[]>
  all<K extends Kind>(kind: K): Promise<Kept<K>[]>
  /** The newest first. */
  page<K extends Kind>(kind: K, page: Page, filter?: Filter): Promise<Kept<K>[]>
  /** Tells of something, with these objects as they are now. */
  emit(type: string, entities: { [K in Kind]?: Kinds[K]['wire'] }): Promise<void>
}

export interface StoreOptions {
  databaseUrl: string
  accountId: string
  webhookSecret: string
  now(): Date
  randomBytes(count: number): Uint8Array
  planDeliveries: PlanDeliveries
}

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** Keeps the objects and events of the local gateway in the embedded cloud's database. */
export async function openStore(options: StoreOptions) {
  const sql = postgres(options.databaseUrl, {
    max: 4,
    onnotice: () => {},
    connection: { application_name: 'razorpay' },
    types: { bigint: { to: 20, from: [20], parse: Number, serialize: String } },
  })
  try {
    await ensureSchema(sql, 'razorpay', schema)
  } catch (error) {
    await sql.end({ timeout: 1 })
    throw error
  }
  const newId = (prefix: string) =>
    `${prefix}_${Array.from(options.randomBytes(14), (byte) => letters[byte % letters.length]).join('')}`

  function workOn(tx: postgres.TransactionSql, now: number): Work {
    return {
      now,
      newId: (kind) => newId(kind === 'event' ? 'evt' : kind === 'customer' ? 'cust' : prefixes[kind]),
      async get(kind, id) {
        const [row] = await tx<Kept<typeof kind>[]>`
          select wire, inside from razorpay.objects where id = ${id} and kind = ${kind}`
        if (!row) throw unknownId()
        return row
      },
      async put(kind, { wire, inside }) {
        await tx`
          insert into razorpay.objects (id, kind, created_at, wire, inside)
          values (${wire.id}, ${kind}, ${wire.created_at}, ${tx.json(wire as never)}, ${tx.json(inside as never)})
          on conflict (id) do update set wire = excluded.wire, inside = excluded.inside`
      },
      linked<K extends Kind>(kind: K, field: Linked, value: string) {
        return tx<Kept<K>[]>`
          select wire, inside from razorpay.objects where kind = ${kind} and wire ->> ${field} = ${value}
          order by serial`
      },
      all<K extends Kind>(kind: K) {
        return tx<Kept<K>[]>`select wire, inside from razorpay.objects where kind = ${kind} order by serial`
      },
      page<K extends Kind>(kind: K, { from = 0, to = Number.MAX_SAFE_INTEGER, count, skip }: Page, filter?: Filter) {
        return tx<Kept<K>[]>`
          select wire, inside from razorpay.objects
          where kind = ${kind} and created_at between ${from} and ${to}
            ${filter ? tx`and wire ->> ${filter.field} = ${filter.value}` : tx``}
          order by created_at desc, serial desc limit ${count} offset ${skip}`
      },
      async emit(type, entities) {
        const id = newId('evt')
        const body = JSON.stringify({
          entity: 'event',
          account_id: options.accountId,
          event: type,
          contains: Object.keys(entities),
          payload: Object.fromEntries(Object.entries(entities).map(([name, entity]) => [name, { entity }])),
          created_at: now,
        })
        await tx`insert into razorpay.events (id, type, body) values (${id}, ${type}, ${body})`
        const delays = options.planDeliveries()
        const rows =
          delays.length === 0 ? [{ delay: 0, state: 'lost' }] : delays.map((delay) => ({ delay, state: 'pending' }))
        for (const { delay, state } of rows) {
          await tx`
            insert into razorpay.deliveries (event_id, deliver_at, state)
            values (${id}, clock_timestamp() + ${delay} * interval '1 second', ${state})`
        }
      },
    }
  }

  const toSigned = ({ id, type, body }: { id: string; type: string; body: string }): SignedEvent => ({
    id,
    type,
    rawBody: body,
    signature: signBody(body, options.webhookSecret),
  })

  const seconds = () => Math.floor(options.now().getTime() / 1000)

  return {
    /** All changes come one after the other. */
    change: <Result>(work: (work: Work) => Promise<Result>): Promise<Result> =>
      sql.begin(async (tx) => {
        await tx`select pg_advisory_xact_lock(hashtextextended('razorpay', 0))`
        return work(workOn(tx, seconds()))
      }) as Promise<Result>,

    /** As all is at one moment; waits for no change. */
    read: <Result>(work: (work: Work) => Promise<Result>): Promise<Result> =>
      sql.begin('isolation level repeatable read read only', (tx) => work(workOn(tx, seconds()))) as Promise<Result>,

    async hasDueCharges(): Promise<boolean> {
      const [row] = await sql`
        select from razorpay.objects
        where kind = 'subscription' and wire ->> 'status' <> 'created' and (wire ->> 'charge_at')::bigint <= ${seconds()}
        limit 1`
      return row !== undefined
    },

    /** Every event so far, the oldest first. */
    async events(): Promise<SignedEvent[]> {
      const rows = await sql<{ id: string; type: string; body: string }[]>`
        select id, type, body from razorpay.events order by serial`
      return rows.map(toSigned)
    },

    async dueDeliveries(count: number): Promise<(SignedEvent & { serial: number; attempts: number })[]> {
      const rows = await sql<{ id: string; type: string; body: string; serial: number; attempts: number }[]>`
        select e.id, e.type, e.body, d.serial, d.attempts
        from razorpay.deliveries d join razorpay.events e on e.id = d.event_id
        where d.state = 'pending' and d.deliver_at <= clock_timestamp()
        order by d.deliver_at, d.serial limit ${count}`
      return rows.map((row) => ({ ...toSigned(row), serial: row.serial, attempts: row.attempts }))
    },

    async delivered(serial: number): Promise<void> {
      await sql`update razorpay.deliveries set state = 'delivered', attempts = attempts + 1 where serial = ${serial}`
    },

    async failed(serial: number, again: { seconds: number } | null): Promise<void> {
      await sql`
        update razorpay.deliveries
        set attempts = attempts + 1, state = ${again ? 'pending' : 'given_up'},
          deliver_at = clock_timestamp() + ${again?.seconds ?? 0} * interval '1 second'
        where serial = ${serial}`
    },

    /** Sends again what was lost or given up. */
    async redeliver(): Promise<void> {
      await sql`
        update razorpay.deliveries set state = 'pending', attempts = 0, deliver_at = clock_timestamp()
        where state in ('lost', 'given_up')`
    },

    /** What is late, or waits to be repeated, is due now. */
    async hurry(): Promise<void> {
      await sql`update razorpay.deliveries set deliver_at = clock_timestamp() where state = 'pending'`
    },

    /** Whether every delivery has come to its end. */
    async isQuiet(): Promise<boolean> {
      const [row] = await sql`select from razorpay.deliveries where state = 'pending' limit 1`
      return !row
    },

    close: () => sql.end({ timeout: 2 }),
  }
}

export type Store = Awaited<ReturnType<typeof openStore>>
