import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { PlatformError } from '../errors.ts'
import { piecesOf } from './content.ts'
import type { ScanContent, Scanner, ScanResult } from './index.ts'

/** Where clamd listens, and what is expected of it. */
export type ClamdConfig = ({ host: string; port: number } | { socketPath: string }) & {
  /** For connecting, 5 by default. */
  connectTimeoutSeconds?: number
  /** Without a sign of life while sending or waiting for the verdict, 120 by default (clamd's own limit). */
  idleTimeoutSeconds?: number
  /** clamd's StreamMaxLength, 100 MiB by default; larger files are refused before clamd cuts the connection. */
  maximumBytes?: number
}

const CHUNK_BYTES = 64 * 1024
const LENGTH_BYTES = 4
const MAXIMUM_REPLY_LENGTH = 64 * 1024
const DEFAULTS = { connectTimeoutSeconds: 5, idleTimeoutSeconds: 120, maximumBytes: 100 * 1024 * 1024 }

/**
 * A scanner that streams each file to clamd over TCP or a Unix socket (clamd(8): zIDSESSION, zVERSION, zINSTREAM). The
 * version is asked in the same session, so that a verdict names the signatures it was made with.
 */
export function createClamdScanner(config: ClamdConfig): Scanner {
  return { scan: (content) => scan({ ...DEFAULTS, ...config }, content) }
}

async function scan(config: ClamdConfig & typeof DEFAULTS, content: ScanContent): Promise<ScanResult> {
  const session = new Session(await open(config), config.idleTimeoutSeconds)
  try {
    session.send('zIDSESSION\0zVERSION\0zINSTREAM\0')
    await Promise.race([stream(session, content, config.maximumBytes), session.answered])
    const [version, result] = await session.replies(2)
    return verdict(version!, result!, config.maximumBytes)
  } finally {
    session.close()
  }
}

async function open(config: ClamdConfig & typeof DEFAULTS): Promise<Socket> {
  const where = 'socketPath' in config ? { path: config.socketPath } : { host: config.host, port: config.port }
  const socket = connect(where)
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(config.connectTimeoutSeconds * 1000) })
    return socket
  } catch (error) {
    socket.destroy()
    const address = 'path' in where ? where.path : `${where.host}:${where.port}`
    throw unavailable(`can't be reached at ${address}`, error)
  }
}

/** Sends the file as length-prefixed chunks; one of length zero ends it. */
async function stream(session: Session, content: ScanContent, maximumBytes: number): Promise<void> {
  let sent = 0
  for await (const piece of piecesOf(content)) {
    sent += piece.length
    if (sent > maximumBytes) throw tooLarge(maximumBytes)
    for (let at = 0; at < piece.length; at += CHUNK_BYTES) {
      if (session.ended) return
      await session.sendChunk(piece.subarray(at, at + CHUNK_BYTES))
    }
  }
  await session.sendChunk(new Uint8Array())
}

function verdict(version: string, result: string, maximumBytes: number): ScanResult {
  const engine = afterId(version, 1)
  const answer = afterId(result, 2)
  if (answer === 'stream: OK') return { infected: false, signature: null, engine }
  if (answer.startsWith('stream: ') && answer.endsWith(' FOUND')) {
    return { infected: true, signature: answer.slice('stream: '.length, -' FOUND'.length), engine }
  }
  if (answer.includes('size limit exceeded')) throw tooLarge(maximumBytes)
  throw unavailable(`answered "${answer.slice(0, 200)}"`)
}

/** A reply within a session is "<number of the command>: <reply>". */
function afterId(reply: string, id: number): string {
  const prefix = `${id}: `
  if (!reply.startsWith(prefix)) throw unavailable(`answered "${reply.slice(0, 200)}"`)
  return reply.slice(prefix.length)
}

/** One connection: what was answered so far, and whether it has ended. */
class Session {
  /** Settles when the connection has ended, whatever the cause: sending on is then of no use. */
  readonly answered: Promise<void>
  readonly #socket: Socket
  #received = ''
  #failure: PlatformError | null = null
  #ended = false
  #wake: () => void = () => {}

  constructor(socket: Socket, idleTimeoutSeconds: number) {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.setTimeout(idleTimeoutSeconds * 1000, () => {
      this.#failure = unavailable(`gave no sign of life for ${idleTimeoutSeconds} seconds`)
      socket.destroy()
    })
    socket.setEncoding('utf8')
    socket.on('data', (text: string) => {
      this.#received += text
      if (this.#received.length > MAXIMUM_REPLY_LENGTH) socket.destroy()
      this.#wake()
    })
    socket.on('error', (error) => {
      this.#failure ??= unavailable('cut the connection', error)
    })
    this.answered = new Promise((resolve) => {
      socket.on('close', () => {
        this.#ended = true
        this.#wake()
        resolve()
      })
    })
  }

  get ended(): boolean {
    return this.#ended
  }

  send(text: string): void {
    this.#socket.write(text)
  }

  /** Resolves when the connection takes more, or has ended. */
  async sendChunk(chunk: Uint8Array): Promise<void> {
    const length = new Uint8Array(LENGTH_BYTES)
    new DataView(length.buffer).setUint32(0, chunk.length)
    this.#socket.write(length)
    if (chunk.length === 0 || this.#socket.write(chunk)) return
    await new Promise<void>((resolve) => {
      this.#socket.once('drain', resolve)
      void this.answered.then(resolve)
    })
  }

  /** The first replies, each ended by NUL. */
  async replies(count: number): Promise<string[]> {
    for (;;) {
      const replies = this.#received.split('\0').slice(0, -1)
      if (replies.length >= count) return replies
      if (this.#ended) throw this.#failure ?? unavailable('ended the connection without a verdict')
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  close(): void {
    if (!this.#ended) this.#socket.write('zEND\0')
    this.#socket.destroySoon()
  }
}

function unavailable(what: string, cause?: unknown): PlatformError {
  return new PlatformError('UNAVAILABLE', `The virus scanner ${what}.`, { cause })
}

function tooLarge(maximumBytes: number): PlatformError {
  return new PlatformError(
    'INVALID_ARGUMENT',
    `The file is larger than the virus scanner takes (${maximumBytes} bytes).`,
  )
}
