import { connect, type Socket } from 'node:net'

/** Makes the text of one request from its number. */
export type MakeRequest = (number: number) => string

export interface Load {
  requests: number
  seconds: number
  /** Milliseconds of every request, ascending. */
  latencies: Float64Array
}

/**
 * Asks over so many kept connections, each one request after the other, for a time or a number of requests. Plain
 * sockets and prepared texts: the client shall cost little beside the server.
 *
 * @param status that every answer must have
 * @throws Error with the first answer that has another
 */
export async function load(
  url: string,
  makeRequest: MakeRequest,
  options: { connections: number; status: number; seconds?: number; requests?: number },
): Promise<Load> {
  const { connections, status, seconds = Number.POSITIVE_INFINITY, requests = Number.POSITIVE_INFINITY } = options
  const { hostname, port } = new URL(url)
  const startedAt = performance.now()
  const until = startedAt + seconds * 1000
  const latencies: number[] = []
  let number = 0
  const worker = async () => {
    const connection = await open(hostname, Number(port))
    try {
      while (performance.now() < until && number < requests) {
        const text = makeRequest(number++)
        const askedAt = performance.now()
        const answer = await connection.ask(text)
        latencies.push(performance.now() - askedAt)
        if (answer.status !== status) throw new Error(`answered ${answer.status} instead of ${status}:\n${answer.text}`)
      }
    } finally {
      connection.close()
    }
  }
  await Promise.all(Array.from({ length: connections }, worker))
  return {
    requests: latencies.length,
    seconds: (performance.now() - startedAt) / 1000,
    latencies: Float64Array.from(latencies).sort(),
  }
}

/** The value that so many per cent are not above. */
export function percentile(sorted: Float64Array, percent: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? Number.NaN
}

interface Connection {
  ask(request: string): Promise<{ status: number; text: string }>
  close(): void
}

async function open(host: string, port: number): Promise<Connection> {
  const socket = await new Promise<Socket>((resolve, reject) => {
    const connecting = connect({ host, port, noDelay: true }, () => resolve(connecting))
    connecting.once('error', reject)
  })
  let received = ''
  let waiting: { resolve(answer: { status: number; text: string }): void; reject(error: Error): void } | null = null
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    received += chunk
    const headEnd = received.indexOf('\r\n\r\n')
    if (headEnd < 0) return
    const length = Number(/content-length: (\d+)/i.exec(received.slice(0, headEnd))?.[1])
    if (received.length < headEnd + 4 + length) return
    const text = received
    received = ''
    waiting?.resolve({ status: Number(text.slice(9, 12)), text })
  })
  socket.on('close', () => waiting?.reject(new Error('the server closed the connection')))
  return {
    ask(request) {
      return new Promise((resolve, reject) => {
        waiting = { resolve, reject }
        socket.write(request)
      })
    },
    close() {
      waiting = null
      socket.destroy()
    },
  }
}
