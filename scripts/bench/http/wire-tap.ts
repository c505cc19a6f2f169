import { connect, createServer, type Socket } from 'node:net'

/** Counts what passes between a client and PostgreSQL (frontend/backend protocol 3.0). */
export interface WireTap {
  url: string
  /** What has passed since the last call. */
  take(): Passed
  close(): Promise<void>
}

interface Passed {
  /** Times that the client waited for an answer. */
  roundTrips: number
  /** All statements that it sent. */
  statements: number
  /** Those of them that were prepared: all but begin, settings and commit, which clients send as simple queries. */
  prepared: number
}

/** Puts a proxy before a database. */
export async function tapDatabase(databaseUrl: string): Promise<WireTap> {
  const target = new URL(databaseUrl)
  const sockets = new Set<Socket>()
  const none: Passed = { roundTrips: 0, statements: 0, prepared: 0 }
  let passed = { ...none }
  const server = createServer((client) => {
    const upstream = connect({ host: target.hostname, port: Number(target.port || 5432), noDelay: true })
    client.setNoDelay(true)
    let isWaiting = false
    let isStarted = false
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.once('close', () => {
        client.destroy()
        upstream.destroy()
        sockets.delete(socket)
      })
    }
    client.on('data', (chunk: Buffer) => {
      isWaiting = true
      // The first message has no type.
      if (isStarted) countStatements(chunk, passed)
      isStarted = true
      upstream.write(chunk)
    })
    upstream.on('data', (chunk: Buffer) => {
      if (isWaiting) passed.roundTrips++
      isWaiting = false
      client.write(chunk)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const url = new URL(databaseUrl)
  url.host = `127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
  return {
    url: url.href,
    take() {
      const taken = passed
      passed = { ...none }
      return taken
    },
    close() {
      for (const socket of sockets) socket.destroy()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

/** Simple queries (counting their parts) and executions in what a client sent; messages here are smaller than a packet. */
function countStatements(chunk: Buffer, passed: Passed): void {
  for (let at = 0; at + 5 <= chunk.length; at += 1 + chunk.readInt32BE(at + 1)) {
    const type = String.fromCharCode(chunk[at]!)
    if (type === 'E') {
      passed.statements++
      passed.prepared++
    }
    if (type !== 'Q') continue
    const query = chunk.toString('latin1', at + 5, at + 1 + chunk.readInt32BE(at + 1))
    passed.statements += query.split(';').length
  }
}
