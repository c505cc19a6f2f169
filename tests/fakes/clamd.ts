import { createServer, type Server, type Socket } from 'node:net'
import { isEicarTestFile } from '#shared/platform/scanner/eicar.ts'

/** How a fake clamd behaves. */
export interface FakeClamdOptions {
  /** clamd's StreamMaxLength, 25 MiB by default. */
  streamMaximumBytes?: number
  /** Said in place of the verdict. */
  answer?: string
  /** Ends the connection in place of the verdict. */
  hangUp?: boolean
  /** Says nothing at all. */
  silent?: boolean
}

/** A running fake. */
export interface FakeClamd {
  port: number
  /** Bytes of file content received in all. */
  receivedBytes(): number
  close(): Promise<void>
}

const CHUNK_HEADER_BYTES = 4

/**
 * Speaks clamd's session protocol on a TCP port of its own: zIDSESSION, zVERSION, zINSTREAM with length-prefixed chunks,
 * zEND (clamd(8)). It knows the EICAR test file and nothing else.
 */
export async function startFakeClamd(options: FakeClamdOptions = {}): Promise<FakeClamd> {
  const sockets = new Set<Socket>()
  let received = 0
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket)).on('error', () => {})
    const session = new FakeSession(socket, options, (bytes) => {
      received += bytes
    })
    socket.on('data', (data) => session.receive(data))
  })
  await listen(server)
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The fake clamd got no port')
  return {
    port: address.port,
    receivedBytes: () => received,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy()
        server.close(() => resolve())
      }),
  }
}

class FakeSession {
  readonly #socket: Socket
  readonly #options: FakeClamdOptions
  readonly #count: (bytes: number) => void
  #buffer: Buffer = Buffer.alloc(0)
  #commands = 0
  #file: Buffer[] | null = null
  #fileBytes = 0

  constructor(socket: Socket, options: FakeClamdOptions, count: (bytes: number) => void) {
    this.#socket = socket
    this.#options = options
    this.#count = count
  }

  receive(data: Buffer): void {
    if (this.#options.silent) return
    this.#buffer = Buffer.concat([this.#buffer, data])
    while (this.#file ? this.#readChunk(this.#file) : this.#readCommand());
  }

  #readCommand(): boolean {
    const end = this.#buffer.indexOf(0)
    if (end < 0) return false
    const command = this.#buffer.subarray(0, end).toString()
    this.#buffer = this.#buffer.subarray(end + 1)
    if (command === 'zIDSESSION') return true
    if (command === 'zEND') {
      this.#socket.end()
      return false
    }
    this.#commands++
    if (command === 'zVERSION') this.#reply('FakeClam 1.0/1/today')
    else if (command === 'zINSTREAM') this.#file = []
    else this.#reply('UNKNOWN COMMAND')
    return true
  }

  #readChunk(file: Buffer[]): boolean {
    if (this.#buffer.length < CHUNK_HEADER_BYTES) return false
    const length = this.#buffer.readUInt32BE(0)
    if (this.#buffer.length < CHUNK_HEADER_BYTES + length) return false
    file.push(this.#buffer.subarray(CHUNK_HEADER_BYTES, CHUNK_HEADER_BYTES + length))
    this.#buffer = this.#buffer.subarray(CHUNK_HEADER_BYTES + length)
    this.#fileBytes += length
    this.#count(length)
    if (this.#fileBytes > (this.#options.streamMaximumBytes ?? 25 * 1024 * 1024)) {
      this.#reply('INSTREAM size limit exceeded. ERROR')
      this.#socket.end()
      return false
    }
    if (length === 0) this.#judge(Buffer.concat(file))
    return true
  }

  #judge(file: Buffer): void {
    this.#file = null
    if (this.#options.hangUp) this.#socket.destroy()
    else if (this.#options.answer !== undefined) this.#reply(this.#options.answer)
    else this.#reply(isEicarTestFile(file) ? 'stream: Eicar-Test-Signature FOUND' : 'stream: OK')
  }

  #reply(text: string): void {
    this.#socket.write(`${this.#commands}: ${text}\0`)
  }
}

function listen(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => resolve())
  })
}
