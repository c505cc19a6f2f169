import { Agent, request as send } from 'node:http'

export interface PostRequest {
  url: URL
  headers: Record<string, string>
  body: string
  deadlineMilliseconds: number
  /** Abandons the request; the answer is then `stopped`. */
  signal: AbortSignal
}

export type PostOutcome =
  | { kind: 'answered'; status: number }
  | { kind: 'deadline' }
  | { kind: 'unreachable'; reason: string }
  | { kind: 'stopped' }

const processing = 102

/** Posts over plain HTTP on kept-alive connections; every way it can end is a value. */
export class Poster {
  readonly #agent = new Agent({ keepAlive: true, maxFreeSockets: 64 })

  async post(request: PostRequest): Promise<PostOutcome> {
    const endsAt = performance.now() + request.deadlineMilliseconds
    for (;;) {
      const outcome = await this.#once(request, endsAt - performance.now())
      if (outcome.kind !== 'idle-connection-closed') return outcome
    }
  }

  close(): void {
    this.#agent.destroy()
  }

  #once(
    { url, headers, body, signal }: PostRequest,
    deadlineMilliseconds: number,
  ): Promise<PostOutcome | { kind: 'idle-connection-closed' }> {
    return new Promise((done) => {
      const bytes = Buffer.from(body)
      const outgoing = send(url, {
        method: 'POST',
        agent: this.#agent,
        headers: { ...headers, 'content-length': String(bytes.length) },
      })
      const end = (outcome: PostOutcome | { kind: 'idle-connection-closed' }) => {
        clearTimeout(timer)
        signal.removeEventListener('abort', stop)
        if (!isAnswered) outgoing.destroy()
        done(outcome)
      }
      const stop = () => end({ kind: 'stopped' })
      const timer = setTimeout(() => end({ kind: 'deadline' }), Math.max(deadlineMilliseconds, 0))
      let isAnswered = false
      outgoing.on('error', (error: NodeJS.ErrnoException) => {
        // A server may close a kept-alive connection just as we reuse it: nobody's failure, and nothing was handled.
        const wasIdle = outgoing.reusedSocket && error.code === 'ECONNRESET'
        end(wasIdle ? { kind: 'idle-connection-closed' } : { kind: 'unreachable', reason: error.code ?? error.message })
      })
      outgoing.on('information', ({ statusCode }) => {
        if (statusCode === processing) end({ kind: 'answered', status: processing })
      })
      outgoing.on('response', (response) => {
        response.on('error', (error) => end({ kind: 'unreachable', reason: error.message }))
        response.on('end', () => {
          isAnswered = true
          end({ kind: 'answered', status: response.statusCode ?? 0 })
        })
        response.resume()
      })
      if (signal.aborted) return stop()
      signal.addEventListener('abort', stop, { once: true })
      outgoing.end(bytes)
    })
  }
}
