import { setTimeout as sleep } from 'node:timers/promises'
import { PlatformError } from '../errors.ts'
import { type CallOptions, ClientCalls } from '../google/client-calls.ts'
import { grpcStatus, statusOf, toPlatformError } from '../google/status.ts'
import { assertWhole, expiryOf, textOf, validKey } from './entry-rules.ts'
import {
  type Document,
  documentId,
  type Entry,
  newFields,
  type Precondition,
  parseVersion,
  readEntry,
  type Timestamp,
  type Value,
  versionOf,
} from './gcp-document.ts'
import type { StateStore } from './index.ts'

/** Of Google's `v1.FirestoreClient`, what we call. */
export interface FirestoreClient {
  getDocument(request: { name: string }, options: CallOptions): Promise<[Document, ...unknown[]]>
  commit(request: { database: string; writes: Write[] }, options: CallOptions): Promise<[Committed, ...unknown[]]>
  close(): Promise<unknown>
}

interface Committed {
  writeResults: { updateTime: Timestamp; transformResults: Value[] }[]
}

/** Of google.firestore.v1.Write, what we use. */
interface Write {
  update?: Document
  delete?: string
  updateMask?: { fieldPaths: string[] }
  updateTransforms?: { fieldPath: string; increment: Value }[]
  currentDocument?: Precondition
}

export interface FirestoreStateOptions {
  projectId: string
  /** `(default)` by default. */
  databaseId?: string
  /** Collection of its own: its documents are the entries, `expires_at` is the field of its TTL policy. */
  collection: string
  /** For one operation with every retry; 5,000 by default. */
  timeoutMilliseconds?: number
  /** `host:port` of an emulator. */
  emulatorHost?: string
  /** Makes the client; by default Google's, loaded at the first call, with the credentials of the environment. */
  openClient?: () => Promise<FirestoreClient>
  now?: () => Date
}

export interface FirestoreState extends StateStore {
  close(): Promise<void>
}

const service = 'Firestore'
/** Others start a counter anew at the same time; each round one of them succeeds. */
const startRounds = 20

/**
 * Opens the state store in Firestore. Neither Google's client nor gRPC is loaded before the first operation.
 *
 * Everything is one request, without a transaction: Firestore adds by itself (field transforms tell the sum) and compares
 * update times by itself (preconditions). What is over is absent here at once; the collection's TTL policy removes it
 * within a day or so.
 */
export function createFirestoreState(options: FirestoreStateOptions): FirestoreState {
  return new FirestoreStore(options)
}

class FirestoreStore implements FirestoreState {
  readonly #calls: ClientCalls<FirestoreClient>
  readonly #database: string
  readonly #collection: string
  readonly #now: () => Date

  constructor(options: FirestoreStateOptions) {
    const { projectId, databaseId = '(default)', collection, timeoutMilliseconds = 5_000 } = options
    this.#calls = new ClientCalls({
      service,
      open: options.openClient ?? (() => openFirestoreClient(options.emulatorHost)),
      timeoutMilliseconds,
      attemptMilliseconds: timeoutMilliseconds / 2,
    })
    this.#database = `projects/${projectId}/databases/${databaseId}`
    this.#collection = `${this.#database}/documents/${collection}`
    this.#now = options.now ?? (() => new Date())
  }

  async prepare(): Promise<void> {
    try {
      await this.#calls.open()
    } catch (error) {
      throw toPlatformError(service, error)
    }
  }

  async read(key: string): Promise<{ value: unknown; version: string } | null> {
    const entry = await this.#get(this.#nameOf(key))
    if (!entry || !this.#isLive(entry)) return null
    return { value: entry.text === undefined ? entry.sum : JSON.parse(entry.text), version: versionOf(entry) }
  }

  async write(
    key: string,
    value: unknown,
    { ttlSeconds, ifVersion }: { ttlSeconds: number; ifVersion?: string | null },
  ): Promise<boolean> {
    const document = this.#newDocument(key, textOf(value), ttlSeconds)
    if (ifVersion === undefined) {
      await this.#run((client, options) => client.commit(this.#commit({ update: document }), options))
      return true
    }
    if (ifVersion === null) return this.#create(document)
    const version = parseVersion(ifVersion)
    if (!version || !this.#isLive(version)) return false
    return this.#writeIf(document, { updateTime: version.updateTime })
  }

  async add(key: string, amount: number, { ttlSeconds }: { ttlSeconds: number }): Promise<number> {
    assertWhole(amount)
    const document = this.#newDocument(key, String(amount), ttlSeconds)
    let expected: Precondition | null = null
    for (let round = 1; round <= startRounds; round++) {
      if (expected === null) {
        const after = await this.#increment(document.name, amount)
        if (after !== null && this.#isLive(after)) return sumOf(after)
        expected = preconditionOf(after)
      }
      if (await this.#writeIf(document, expected)) return amount
      await sleep(Math.random() * 2 ** Math.min(round, 6))
      const entry = await this.#get(document.name)
      expected = entry && this.#isLive(entry) ? null : preconditionOf(entry)
    }
    throw new PlatformError('UNAVAILABLE', `${service}: too many start this counter at once`)
  }

  async remove(key: string): Promise<void> {
    const name = this.#nameOf(key)
    await this.#run((client, options) => client.commit(this.#commit({ delete: name }), options))
  }

  close(): Promise<void> {
    return this.#calls.close()
  }

  #nameOf(key: string): string {
    return `${this.#collection}/${documentId(validKey(key))}`
  }

  #newDocument(key: string, text: string, ttlSeconds: number): Document {
    return { name: this.#nameOf(key), fields: newFields(key, text, expiryOf(this.#now(), ttlSeconds)) }
  }

  #isLive({ expires }: { expires: number }): boolean {
    return expires > this.#now().getTime()
  }

  #commit(write: Write): { database: string; writes: Write[] } {
    return { database: this.#database, writes: [write] }
  }

  async #run<Result>(
    work: (client: FirestoreClient, options: CallOptions) => Promise<Result>,
    mayRepeat?: (error: unknown) => boolean,
  ): Promise<Result> {
    try {
      return await this.#calls.call(work, mayRepeat)
    } catch (error) {
      throw toPlatformError(service, error)
    }
  }

  async #get(name: string): Promise<Entry | null> {
    return this.#run(async (client, options) => {
      try {
        const [document] = await client.getDocument({ name }, options)
        return readEntry(document)
      } catch (error) {
        if (statusOf(error) === grpcStatus.NOT_FOUND) return null
        throw error
      }
    })
  }

  /** Writes what is only to be written where nothing is, or what is over. */
  async #create(document: Document): Promise<boolean> {
    if (await this.#writeIf(document, { exists: false })) return true
    const entry = await this.#get(document.name)
    if (entry && this.#isLive(entry)) return false
    return this.#writeIf(document, preconditionOf(entry))
  }

  /**
   * Writes under a precondition; false when it doesn't hold.
   *
   * An attempt whose answer was lost may have succeeded, and then the next one finds its own writing in the way.
   */
  async #writeIf(document: Document, currentDocument: Precondition): Promise<boolean> {
    let isUnclear = false
    return this.#run(async (client, options) => {
      try {
        await client.commit(this.#commit({ update: document, currentDocument }), options)
        return true
      } catch (error) {
        if (!isRefusal(error)) {
          // Of a request that lost against others (ABORTED), nothing was done.
          isUnclear ||= statusOf(error) !== grpcStatus.ABORTED
          throw error
        }
        if (!isUnclear) return false
      }
      const entry = await this.#get(document.name)
      if (entry?.nonce === document.fields.nonce?.stringValue) return true
      throw new PlatformError('UNAVAILABLE', `${service}: others wrote before it was known whether this was written`)
    })
  }

  /**
   * Adds to a counter that is there; null when none is. What is over has been added to in vain; what is no counter has
   * got a sum that nobody reads.
   */
  async #increment(name: string, amount: number): Promise<Increment | null> {
    const write = {
      update: { name, fields: {} },
      updateMask: { fieldPaths: [] },
      updateTransforms: [
        { fieldPath: 'sum', increment: { integerValue: amount } },
        { fieldPath: 'is_counter', increment: { integerValue: 0 } },
        { fieldPath: 'expires', increment: { integerValue: 0 } },
      ],
      currentDocument: { exists: true },
    }
    // Repeated only when it lost against others: after any other failure it may have been added.
    const isLost = (error: unknown) => statusOf(error) === grpcStatus.ABORTED
    return this.#run(async (client, options) => {
      try {
        const [{ writeResults }] = await client.commit(this.#commit(write), options)
        const { updateTime, transformResults } = writeResults[0]!
        const [sum, isCounter, expires] = transformResults.map(({ integerValue }) => Number(integerValue))
        return { sum: sum!, isCounter: isCounter === 1, expires: expires!, updateTime }
      } catch (error) {
        if (statusOf(error) === grpcStatus.NOT_FOUND) return null
        throw error
      }
    }, isLost)
  }
}

interface Increment extends Pick<Entry, 'sum' | 'expires' | 'updateTime'> {
  isCounter: boolean
}

function sumOf({ sum, isCounter }: Increment): number {
  if (isCounter && Number.isSafeInteger(sum)) return sum
  throw new PlatformError('INVALID_ARGUMENT', 'the value under this key is no counter, or it would overflow')
}

function preconditionOf(entry: Pick<Entry, 'updateTime'> | null): Precondition {
  return entry ? { updateTime: entry.updateTime } : { exists: false }
}

/** The precondition did not hold. */
function isRefusal(error: unknown): boolean {
  const status = statusOf(error)
  return (
    status === grpcStatus.FAILED_PRECONDITION || status === grpcStatus.ALREADY_EXISTS || status === grpcStatus.NOT_FOUND
  )
}

/**
 * Over REST: gRPC takes 30 ms and 6 MB more for the first call, in every function that counts requests, and the few
 * calls of a function gain nothing by it.
 */
export async function openFirestoreClient(emulatorHost?: string): Promise<FirestoreClient> {
  const { FirestoreClient } = (await import('@google-cloud/firestore')).default.v1
  const client = new FirestoreClient({ fallback: true, ...(emulatorHost === undefined ? {} : emulator(emulatorHost)) })
  // A client whose credentials could not be read remembers that for good; this one is then not kept.
  await client.initialize()
  return client as unknown as FirestoreClient
}

/** The emulator takes this token for that of an administrator, whom no rules bind. */
function emulator(host: string): object {
  const url = new URL(`http://${host}`)
  const auth = {
    getRequestHeaders: async () => new Headers({ authorization: 'Bearer owner' }),
    fetch: (address: string, { method, headers, body, signal }: RequestInit) =>
      fetch(address, { method, headers, body, signal } as RequestInit),
  }
  return { protocol: 'http', servicePath: url.hostname, port: Number(url.port), auth }
}
