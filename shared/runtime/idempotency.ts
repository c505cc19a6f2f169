import { createHash, randomUUID } from 'node:crypto'
import { AppError } from '#shared/domain/errors.ts'
import type { Sealer } from '#shared/domain/sealing.ts'
import type { Sql } from '#shared/domain/sql.ts'
import { type Database, nobody, type PendingStatement } from '#shared/platform/database/index.ts'
import { createSealer } from '#shared/platform/seal.ts'
import type { Logger } from './log.ts'
import type { Reply } from './reply.ts'

/** Answers are given again for so long (IETF draft-ietf-httpapi-idempotency-key-header leaves it to the server). */
const keptHours = 24

/** A holder that is silent for longer than its function may run, and this, is dead. */
const marginSeconds = 10

/** When to ask again for a request that is being executed. */
const inFlightRetrySeconds = 1

/** Between the attempts to give up a claim. */
const releasePauseMilliseconds = [50, 200, 1_000, 3_000, 10_000, 30_000]

const validKey = /^[\x21-\x7e]{1,255}$/

/** SQLSTATE of `complete_idempotent_request`. */
const claimLost = 'RF409'

export interface IdempotentRequest {
  /** The header's value. */
  key: string | string[]
  /** Of the user or API key: another's same key is another request. */
  principalId: string
  functionName: string
  /** Organization and workspace that the principal is in. */
  orgId: string | null
  workspaceId: string | null
  /** Path and query, as they came. */
  target: string
  body: Uint8Array
  /** How long the function may run. */
  timeoutSeconds: number
}

export interface IdempotencyOptions {
  database: Database
  /** At least 32 characters; the answers are sealed under it and the caller's key. */
  secret: string
  now(): Date
  log: Logger
}

/** The request was executed before: this was its answer. */
export interface Replay {
  kind: 'replay'
  reply: Reply
}

/** This request, and no other of its key, is to be executed now. */
export interface Claim {
  kind: 'claim'
  /** The statement that keeps the answer: among the last of the effect's transaction, which fails with it if the claim was lost. */
  complete(sql: Sql, reply: Reply): PendingStatement
  /**
   * Executes the request. When it fails the claim is given up, so that it can be tried again.
   * @throws AppError CONFLICT when the claim was lost, with the transaction's effects undone; else what `work` throws
   */
  run<Result>(work: () => Promise<Result>): Promise<Result>
}

interface Row {
  claim: string
  isSame: boolean
  response: Uint8Array | null
}

/**
 * Claims a request for its execution, in one short transaction of its own. Exactly one of any number of requests with
 * the same key takes effect, also when its holder dies, or is so slow that another takes over.
 * @throws AppError VALIDATION_ERROR for a key that is none or was used for another request; CONFLICT while the same
 * request is being executed
 */
export async function claimRequest(options: IdempotencyOptions, request: IdempotentRequest): Promise<Claim | Replay> {
  const { principalId, key } = request
  if (typeof key !== 'string' || !validKey.test(key)) throw refuse('must be 1 to 255 visible ASCII characters')
  const keySha256 = digest(principalId, key)
  const holder = randomUUID()
  const row = await options.database
    .transaction(nobody, (sql) => claim(sql, keySha256, holder, request))
    .catch(async (error: unknown) => {
      // It may have been claimed all the same, and nobody would know by whom.
      await giveUp(options, keySha256, holder)
      throw error
    })
  const sealer = createSealer(options.secret, `idempotent answer\n${principalId}\n${key}`)
  if (row.claim === holder) return new HeldClaim(options, keySha256, holder, sealer)
  if (!row.isSame) throw refuse('was used for another request')
  if (row.response === null) {
    throw new AppError('CONFLICT', 'The same request is being executed', [], {
      retryAfterSeconds: inFlightRetrySeconds,
    })
  }
  return { kind: 'replay', reply: open(sealer, row.response, options.now()) }
}

/**
 * One statement, so that nothing can happen in between: it makes the row, or takes it over from a holder whose time is
 * up or from a request of yesterday, or leaves it as it is; in any case it returns it.
 */
async function claim(sql: Sql, key: Buffer, holder: string, request: IdempotentRequest): Promise<Row> {
  const { functionName, orgId, workspaceId, target, body, timeoutSeconds } = request
  const requestSha256 = digest(functionName, orgId ?? '', workspaceId ?? '', target, body)
  const isFree = sql`(known.expires_at <= now() or (known.response is null and known.claimed_until <= now()))`
  const taken = (column: string) =>
    sql`${sql(column)} = case when ${isFree} then excluded.${sql(column)} else known.${sql(column)} end`
  const [row] = await sql<Row[]>`
    insert into idempotent_requests as known (key_sha256, request_sha256, claim, claimed_until, expires_at)
    values (${key}, ${requestSha256}, ${holder}, now() + make_interval(secs => ${timeoutSeconds + marginSeconds}),
      now() + make_interval(hours => ${keptHours}))
    on conflict (key_sha256) do update set
      ${taken('request_sha256')}, ${taken('claim')}, ${taken('claimed_until')}, ${taken('expires_at')},
      ${taken('response')}, ${taken('created_at')}
    returning claim, request_sha256 = ${requestSha256} as "isSame", response`
  return row!
}

class HeldClaim implements Claim {
  readonly kind = 'claim'
  readonly #options: IdempotencyOptions
  readonly #key: Buffer
  readonly #holder: string
  readonly #sealer: Sealer
  #isKept = false

  constructor(options: IdempotencyOptions, key: Buffer, holder: string, sealer: Sealer) {
    this.#options = options
    this.#key = key
    this.#holder = holder
    this.#sealer = sealer
  }

  complete(sql: Sql, reply: Reply): PendingStatement {
    const sealed = seal(this.#sealer, reply, this.#options.now())
    this.#isKept = true
    return sql`select complete_idempotent_request(${this.#key}, ${this.#holder}, ${sealed})`
  }

  async run<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      const result = await work()
      if (!this.#isKept) throw new Error('an idempotent route must keep its answer in the transaction of its effect')
      return result
    } catch (error) {
      if ((error as { code?: unknown } | null)?.code === claimLost) {
        throw new AppError('CONFLICT', 'It took too long: the same request is being executed again', [], {
          cause: error,
          retryAfterSeconds: inFlightRetrySeconds,
        })
      }
      await giveUp(this.#options, this.#key, this.#holder)
      throw error
    }
  }
}

/**
 * Gives up a claim. A request that failed had no effect; one whose commit was answered by silence may have had, and then has
 * its answer. What kills a request often kills this too, so it is tried again in the background.
 */
async function giveUp(options: IdempotencyOptions, key: Buffer, holder: string, attempt = 0): Promise<void> {
  const { database, log } = options
  try {
    await database.transaction(
      nobody,
      (sql) => sql`
        delete from idempotent_requests
        where key_sha256 = ${key} and claim = ${holder} and response is null`,
    )
  } catch (error) {
    if (attempt === 0) log.warn('the claim of a request that failed can not be given up yet', { error })
    const pause = releasePauseMilliseconds[attempt]
    // Then it runs out by itself.
    if (pause !== undefined) setTimeout(() => void giveUp(options, key, holder, attempt + 1), pause).unref()
  }
}

function seal(sealer: Sealer, reply: Reply, now: Date): Buffer {
  const { status, headers = {}, body } = reply
  if (body instanceof Uint8Array || (typeof body === 'object' && body !== null && Symbol.asyncIterator in body)) {
    throw new Error('only an answer of JSON or text can be given again')
  }
  // A little longer than the row, whose time the database measures.
  const expiresAt = new Date(now.getTime() + (keptHours + 1) * 3_600_000)
  return Buffer.from(sealer.seal(JSON.stringify({ status, headers, body }), expiresAt), 'base64url')
}

function open(sealer: Sealer, response: Uint8Array, now: Date): Reply {
  const bytes = sealer.open(Buffer.from(response).toString('base64url'), now)
  // The secret was changed since: it was executed, and that is all there is to say.
  if (bytes === null) throw new AppError('CONFLICT', 'The request was executed, but its answer is no longer available')
  const { status, headers, body } = JSON.parse(Buffer.from(bytes).toString()) as Required<Reply>
  return { status, body, headers: { ...headers, 'idempotent-replayed': 'true' } }
}

/** SHA-256 over the parts, each with its length, so that no two lists of parts look the same. */
function digest(...parts: (string | Uint8Array)[]): Buffer {
  const hash = createHash('sha256')
  for (const part of parts) {
    const bytes = typeof part === 'string' ? Buffer.from(part) : part
    hash.update(`${bytes.length}:`).update(bytes)
  }
  return hash.digest()
}

function refuse(message: string): AppError {
  return new AppError('VALIDATION_ERROR', 'The request is not valid', [{ field: 'header.idempotency-key', message }])
}
