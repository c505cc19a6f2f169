import type { IncomingMessage } from 'node:http'

const patienceSeconds = 5

/**
 * Reads and drops what is left of a refused request's body, so that a client that is still sending gets to see the
 * answer instead of a broken connection. One that goes on for too long or sends too much is cut off.
 */
export function drain(request: IncomingMessage, maximumBytes = 1024 * 1024): void {
  if (request.complete || request.destroyed) return
  let bytes = 0
  const timer = setTimeout(() => request.destroy(), patienceSeconds * 1000).unref()
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > maximumBytes) request.destroy()
  })
  request.on('error', () => {})
  request.once('close', () => clearTimeout(timer))
  request.resume()
}
