import { connect, type Socket } from 'node:net'
import postgres from 'postgres'
import { PlatformError } from '../errors.ts'
import { guarded } from './guarded.ts'

/** Who a transaction works for; row-level security sees exactly this. Null and false deny. */
export interface Scope {
  orgId: string | null
  userId: string | null
  /** One workspace, or `any` for jobs, which work for the whole organization. */
  workspaceId: string | null
  /** The runtime's own fixed statements across organizations: never set from a request. */
  system: boolean
}

export const nobody: Scope = { orgId: null, userId: null, workspaceId: null, system: false }
export const system: Scope = { ...nobody, system: true }

export interface DatabaseOptions {
  /** With `?host=/folder` over the Unix socket in that folder, as Cloud SQL has them. */
  url: string
  poolSize: number
  connectTimeoutSeconds: number
  /** For the server, which ends what takes longer; a server that says nothing at all is given up 2 s later. */
  statementTimeoutSeconds: number
  applicationName: string
  /**
   * A transaction that only read may stay open for 3 ms, to be ended in one packet with the next one's begin. Not where
   * the processor is taken away as soon as there is an answer: it would stay open until then.
   */
  endsReadsLater?: boolean
}

/** A statement that is not sent yet. */
export type PendingStatement = postgres.PendingQuery<postgres.Row[]>

export interface TransactionOptions<Result> {
  /** Nothing can be written; the commit, which has nothing to say, goes along with the next transaction. */
  readOnly?: boolean
  /** The last statements: they travel in one packet with the commit, which is void if one of them fails. */
  last?: (sql: postgres.ISql, result: Result) => PendingStatement[]
}

export interface Database {
  /**
   * Runs `work` in one transaction of this scope and commits. Everything is rolled back when `work` throws, when a
   * statement failed (even if its error was caught), or when the connection was lost at any moment: no statement can
   * run outside the transaction.
   * @throws PlatformError CONNECTION_LOST when the connection died; whether a commit under way took effect is then unknown
   */
  transaction<Result>(
    scope: Scope,
    work: (sql: postgres.ISql) => Promise<Result>,
    options?: TransactionOptions<Result>,
  ): Promise<Result>
  /** Begins to connect, so that the first transaction has less to wait for; if it fails, that transaction says so. */
  connect(): void
  close(): Promise<void>
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

function setting(name: string, value: string | null): string {
  if (value === null) return ''
  if (value !== 'any' && value !== 'on' && !uuid.test(value)) {
    throw new PlatformError('INVALID_ARGUMENT', 'a scope holds UUIDs only')
  }
  return `; set local app.${name} = '${value}'`
}

/**
 * `begin` and the scope in one message, so that a transaction costs no round trip more than its statements. What isn't
 * set is empty, which denies: a local setting ends with its transaction. (`set local` costs the server less than half of
 * `set_config`, which is planned and run as a query.)
 */
function beginStatement(scope: Scope, readOnly: boolean): string {
  return (
    `begin ${readOnly ? 'read only' : 'read write'}` +
    setting('org_id', scope.orgId) +
    setting('user_id', scope.userId) +
    setting('workspace_id', scope.workspaceId) +
    setting('system', scope.system ? 'on' : null)
  )
}

/**
 * One connection. Once lost it is not used again: postgres.js would reconnect it silently, in the middle of a
 * transaction too, and hands the last error of the old connection to the first statement of the new one.
 */
interface Slot {
  client: postgres.Sql
  lost: boolean
  /** A transaction that only read is still to be ended: together with the next one's begin, at once, or by this timer. */
  owesCommit: boolean
  endTimer: NodeJS.Timeout | null
}

/** So long a connection may stay in a transaction that is over. */
const owedMilliseconds = 3
/** The server ends every statement, and every transaction that waits for its next one, when their time is over; so long it may take to say so. */
const silenceGraceSeconds = 2

/** @param onSilence told when nothing has come or gone for longer than the server leaves anybody waiting */
function openSlot(options: DatabaseOptions, onSilence: (slot: Slot, socket: Socket) => void): Slot {
  const { url, socket } = locate(options.url, (opened) => {
    opened.on('error', () => {
      // Before postgres.js is told: between a socket's error and its close it takes statements that it never answers.
      slot.lost = true
    })
    opened.setTimeout((options.statementTimeoutSeconds + silenceGraceSeconds) * 1000, () => {
      const { bytesRead } = opened
      // What came while this process was busy is read first.
      setImmediate(() => {
        if (opened.bytesRead === bytesRead) onSilence(slot, opened)
      })
    })
  })
  const slot: Slot = {
    lost: false,
    owesCommit: false,
    endTimer: null,
    client: postgres(url, {
      max: 1,
      // A connection must not be closed by a timer in the middle of a transaction.
      idle_timeout: 0,
      max_lifetime: null,
      connect_timeout: options.connectTimeoutSeconds,
      // Saves a round trip per connection; we pass lists as JSON instead of arrays.
      fetch_types: false,
      backoff: false,
      onnotice: () => {},
      onclose: () => {
        slot.lost = true
      },
      connection: {
        application_name: options.applicationName,
        statement_timeout: options.statementTimeoutSeconds * 1000,
        idle_in_transaction_session_timeout: options.statementTimeoutSeconds * 1000,
        // The second wall against statements that slip out of a transaction: outside of one nothing can be written.
        default_transaction_read_only: true,
        TimeZone: 'UTC',
      },
      types: {
        bigint: { to: 20, from: [20], parse: Number, serialize: String },
        // Timestamps leave the database as the API shows them.
        date: {
          to: 1184,
          from: [1082, 1114, 1184],
          serialize: (value: Date | string) => new Date(value).toISOString(),
          parse: toIsoString,
        },
      },
      ...{ socket },
    }),
  }
  return slot
}

/** `2026-11-21 12:18:29.123456+00` as `2026-11-21T12:18:29.123Z`: what a Date would make of it, at a tenth of the cost. */
function toIsoString(value: string): string {
  if (value.length < 22 || !value.endsWith('+00') || value[10] !== ' ') return new Date(value).toISOString()
  const fraction = value[19] === '.' ? value.slice(20, Math.min(23, value.length - 3)) : ''
  return `${value.slice(0, 10)}T${value.slice(11, 19)}.${fraction.padEnd(3, '0')}Z`
}

/**
 * Where the server is: a socket of our own, since postgres.js leaves Nagle's algorithm on, which stalls COPY and
 * pipelined statements, and takes no Unix socket from a URL.
 * @param onOpen told of each socket before postgres.js is
 */
function locate(databaseUrl: string, onOpen: (socket: Socket) => void) {
  const url = new URL(databaseUrl)
  const folder = url.searchParams.get('host')
  // postgres.js would send it to the server as a setting.
  url.searchParams.delete('host')
  const host = decodeURIComponent(url.hostname)
  const port = Number(url.port || 5432)
  const target = folder === null ? { host, port, noDelay: true } : { path: `${folder}/.s.PGSQL.${port}` }
  const open = () => {
    const socket = connect(target)
    onOpen(socket)
    // What is written before it is connected waits in the socket; `host` is read for the TLS server name.
    return Object.assign(socket, { host })
  }
  return { url: url.href, socket: open }
}

export function openDatabase(options: DatabaseOptions): Database {
  const idle: Slot[] = []
  const busy = new Set<Slot>()
  const waiting: Waiter[] = []
  let isClosed = false
  const open = () => openSlot(options, giveUpSilent)

  /**
   * Ends a connection that leaves its transaction without an answer: the other side is gone and nobody said so. Those that
   * are idle went the same way, as far as anybody knows.
   */
  function giveUpSilent(slot: Slot, socket: Socket): void {
    if (!busy.has(slot)) return
    for (const other of idle) other.lost = true
    const message = 'the database server is silent'
    socket.destroy(Object.assign(new Error(message), { code: 'ETIMEDOUT' }))
  }

  /** The idle connection used last, which leaves the others to the server's own time-outs; else a new one; else the next to be free. */
  function acquire(): Slot | Promise<Slot> {
    if (isClosed) throw new PlatformError('CONNECTION_LOST', 'the database is closed')
    const slot = idle.pop()
    if (slot?.lost) {
      discard(slot)
      return acquire()
    }
    return !slot && busy.size >= options.poolSize ? queueUp() : take(slot ?? open())
  }

  function queueUp(): Promise<Slot> {
    return new Promise((resolve, reject) => {
      const waiter: Waiter = { resolve, reject, timer: setTimeout(giveUp, options.connectTimeoutSeconds * 1000) }
      function giveUp() {
        waiting.splice(waiting.indexOf(waiter), 1)
        reject(new PlatformError('UNAVAILABLE', 'no database connection became free in time'))
      }
      waiting.push(waiter)
    })
  }

  function take(slot: Slot): Slot {
    busy.add(slot)
    return slot
  }

  function release(slot: Slot): void {
    busy.delete(slot)
    if (slot.lost || isClosed) discard(slot)
    const next = waiting.shift()
    if (next) {
      clearTimeout(next.timer)
      next.resolve(take(slot.lost ? open() : slot))
    } else if (!slot.lost && !isClosed) {
      idle.push(slot)
      if (slot.owesCommit && options.endsReadsLater) endSoon(slot)
      else if (slot.owesCommit) endRead(slot)
    }
  }

  function endSoon(slot: Slot): void {
    slot.endTimer ??= setTimeout(() => {
      if (slot.owesCommit && !slot.lost && !busy.has(slot) && !isClosed) endRead(slot)
    }, owedMilliseconds).unref()
    slot.endTimer.refresh()
  }

  return {
    async transaction(scope, work, options = {}) {
      const begin = beginStatement(scope, options.readOnly ?? false)
      const slot = await acquire()
      try {
        return await inTransaction(slot, begin, work, options)
      } finally {
        release(slot)
      }
    },
    connect() {
      const slot = open()
      // A transaction may take the slot at once: its statements follow this one.
      slot.client.unsafe('select').catch(() => {
        slot.lost = true
      })
      idle.push(slot)
    },
    async close() {
      isClosed = true
      for (const { timer, reject } of waiting.splice(0)) {
        clearTimeout(timer)
        reject(new PlatformError('CONNECTION_LOST', 'the database is closed'))
      }
      await Promise.all([...idle, ...busy].map((slot) => slot.client.end({ timeout: 2 })))
    },
  }
}

function endRead(slot: Slot): void {
  slot.owesCommit = false
  send(slot, 'commit').catch(() => {})
}

interface Waiter {
  resolve(slot: Slot): void
  reject(error: PlatformError): void
  timer: NodeJS.Timeout
}

function discard(slot: Slot): void {
  slot.client.end({ timeout: 0 }).catch(() => {})
}

async function inTransaction<Result>(
  slot: Slot,
  begin: string,
  work: (sql: postgres.ISql) => Promise<Result>,
  { readOnly, last }: TransactionOptions<Result>,
): Promise<Result> {
  const lost = () => new PlatformError('CONNECTION_LOST', 'the database connection was lost in a transaction')
  let open = true
  let over = false
  const hasEnded = () => new PlatformError('INVALID_ARGUMENT', 'the transaction has ended')
  const assertOpen = () => {
    if (!open) throw hasEnded()
    if (slot.lost) throw lost()
  }

  // Not awaited: the first statement follows it in the same packet. Its failure is looked at before anything commits.
  const begun = send(slot, slot.owesCommit ? `commit; ${begin}` : begin)
  slot.owesCommit = false
  begun.catch(() => {})
  try {
    const sql = guarded(slot.client, assertOpen, () => (over ? hasEnded() : null))
    const result = await work(sql)
    // Whatever has gone wrong by now is known before the commit is sent.
    await begun
    assertOpen()
    if (readOnly) {
      if (last && last(sql, result).length > 0) {
        throw new PlatformError('INVALID_ARGUMENT', 'a transaction that only reads has nothing to write at its end')
      }
      open = false
      slot.owesCommit = true
      return result
    }
    const finals = (last?.(sql, result) ?? []).map((statement) => statement.execute().then(null, rethrow))
    open = false
    const commit = send(slot, 'commit')
    for (const sent of [...finals, commit]) sent.catch(() => {})
    for (const statement of finals) await statement
    const committed = await commit
    // PostgreSQL answers a commit of a failed transaction with a rollback.
    if (committed.command !== 'COMMIT') {
      throw new PlatformError('INVALID_ARGUMENT', 'a statement of the transaction failed and its error was swallowed')
    }
    if (slot.lost) throw lost()
    return result
  } catch (error) {
    open = false
    // A failure to begin explains all that followed from it.
    const cause = await begun.then(
      () => error,
      (first) => first,
    )
    // Between the error of a socket and its close postgres.js takes statements that it never answers.
    if (isConnectionError(cause)) slot.lost = true
    if (!slot.lost) await send(slot, 'rollback').catch(() => {})
    throw isConnectionError(cause) || slot.lost ? asConnectionLost(cause) : cause
  } finally {
    over = true
  }
}

/** Sends statements of ours, which bring no values along, as one simple query. */
function send(slot: Slot, statements: string): Promise<{ command: string }> {
  return slot.client.unsafe(statements).simple().then(null, rethrow)
}

function rethrow(error: unknown): never {
  throw error
}

const connectionErrors = new Set([
  'CONNECTION_CLOSED',
  'CONNECTION_DESTROYED',
  'CONNECTION_ENDED',
  'CONNECT_TIMEOUT',
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ENOENT',
  'ETIMEDOUT',
  // PostgreSQL: terminated by the administrator, crash of a sibling, starting up, too many connections.
  '57P01',
  '57P02',
  '57P03',
  '53300',
  '25P03',
])

function isConnectionError(error: unknown): boolean {
  return connectionErrors.has((error as { code?: string } | null)?.code ?? '')
}

function asConnectionLost(cause: unknown): PlatformError {
  if (cause instanceof PlatformError && cause.code === 'CONNECTION_LOST') return cause
  return new PlatformError('CONNECTION_LOST', 'the database connection was lost or could not be made', { cause })
}
