import { connect } from 'node:net'

/** A connection to a product that a test writes on byte by byte. */
export interface RawExchange {
  /** What came back, as one text; resolves when the other side closes, or `whole` says that it is enough. */
  answer: Promise<string>
  write(bytes: string | Uint8Array): void
  /** Closes our side for good, like a client that was killed. */
  kill(): void
}

/** @param whole whether what came is all; by default when the other side closes */
export function openRaw(url: string, whole: (text: string) => boolean = () => false): RawExchange {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port) })
  let text = ''
  const answer = new Promise<string>((resolve) => {
    socket.on('data', (chunk) => {
      text += chunk
      if (!whole(text)) return
      resolve(text)
      socket.destroy()
    })
    // A reset is an end like any other: what came before it counts.
    socket.on('error', () => resolve(text))
    socket.on('close', () => resolve(text))
  })
  return { answer, write: (bytes) => void socket.write(bytes), kill: () => void socket.destroy() }
}

/** Head of a request. */
export function requestHead(method: string, path: string, headers: Record<string, string>): string {
  const lines = Object.entries({ host: 'product', ...headers }).map(([name, value]) => `${name}: ${value}`)
  return `${method} ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`
}

/** One chunk of a body in `transfer-encoding: chunked`. */
export function chunkOf(bytes: string): string {
  return `${Buffer.byteLength(bytes).toString(16)}\r\n${bytes}\r\n`
}
