import { setTimeout as sleep } from 'node:timers/promises'
import type Razorpay from 'razorpay'
import { PlatformError } from '../errors.ts'

/** What a request may be repeated for. */
export type Repeats =
  /** Reads, and changes that can't happen twice: whenever the gateway is in trouble. */
  | 'always'
  /** All else: where it certainly did nothing. */
  | 'undone'

export interface ExchangeOptions {
  keyId: string
  keySecret: string
  baseUrl: string
  attemptSeconds: number
  totalSeconds: number
  backoffMilliseconds: number
}

export interface Call {
  method: 'GET' | 'POST' | 'PATCH'
  /** With the version: `/v1/orders`. */
  path: string
  query?: Readonly<Record<string, string | number>>
  body?: object
  headers?: Readonly<Record<string, string>>
  repeats: Repeats
  signal: AbortSignal | undefined
}

/** An answer is a few kilobytes; a page of a hundred payments some hundred. */
const maximumAnswerBytes = 5 * 1024 * 1024
const maximumAttempts = 4
const longestRetryAfterSeconds = 5

/** The part of the package's HTTP client (axios) that we use; its own methods know neither signals nor headers. */
interface Http {
  request(config: Record<string, unknown>): Promise<{ status: number; data: unknown; headers: Record<string, unknown> }>
}

/** Sends requests by the HTTP client of the `razorpay` package, which is loaded by the first one. */
export function createExchange(options: ExchangeOptions) {
  let opened: Promise<Http> | null = null

  async function open(): Promise<Http> {
    const { default: Client } = await import('razorpay')
    const client = new Client({ key_id: options.keyId, key_secret: options.keySecret })
    const http = (client as Razorpay & { api: { rq: Http & { defaults: Record<string, unknown> } } }).api.rq
    Object.assign(http.defaults, {
      baseURL: options.baseUrl,
      maxContentLength: maximumAnswerBytes,
      // The key goes nowhere else.
      maxRedirects: 0,
      proxy: false,
      validateStatus: null,
    })
    return http
  }

  async function attempt(call: Call, signal: AbortSignal): Promise<unknown> {
    opened ??= open()
    const http = await opened
    let response: Awaited<ReturnType<Http['request']>>
    try {
      response = await http.request({
        method: call.method,
        url: call.path,
        params: call.query,
        data: call.body,
        headers: call.headers,
        signal: AbortSignal.any([signal, AbortSignal.timeout(options.attemptSeconds * 1000)]),
      })
    } catch (error) {
      throw new Unanswered(wasNeverSent(error))
    }
    return read(response)
  }

  /**
   * @returns the answer's body
   * @throws PlatformError as the port says
   */
  return async function exchange(call: Call): Promise<unknown> {
    const deadline = AbortSignal.timeout(options.totalSeconds * 1000)
    const signal = call.signal ? AbortSignal.any([call.signal, deadline]) : deadline
    for (let count = 1; ; count += 1) {
      if (signal.aborted) throw unavailable('the payment gateway was not waited for')
      try {
        return await attempt(call, signal)
      } catch (error) {
        if (!(error instanceof Unanswered)) throw error
        const mayRepeat = call.repeats === 'always' || error.isUndone
        if (!mayRepeat || count === maximumAttempts || signal.aborted) throw unavailable(error.message)
        const milliseconds = error.retryAfterSeconds * 1000 || options.backoffMilliseconds * 2 ** (count - 1)
        // Spread, so that callers who were refused together don't come back together.
        await sleep(milliseconds * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => {})
      }
    }
  }
}

/** It failed, or we don't know what it did. */
class Unanswered extends Error {
  /** It certainly did nothing. */
  readonly isUndone: boolean
  readonly retryAfterSeconds: number

  constructor(isUndone: boolean, message = 'the payment gateway did not answer', retryAfterSeconds = 0) {
    super(message)
    this.isUndone = isUndone
    this.retryAfterSeconds = retryAfterSeconds
  }
}

function unavailable(message: string): PlatformError {
  return new PlatformError('UNAVAILABLE', message)
}

/** Of the system: no connection came about. */
const neverSentCode =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|CERT_.*|ERR_TLS_.*|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_.*)$/

function wasNeverSent(error: unknown): boolean {
  const { code } = error as { code?: unknown }
  return typeof code === 'string' && neverSentCode.test(code)
}

function read({ status, data, headers }: { status: number; data: unknown; headers: Record<string, unknown> }): unknown {
  if (status >= 200 && status < 300) {
    // A page of some proxy is no answer; what was asked for may have been done.
    if (typeof data !== 'object' || data === null) throw new Unanswered(false, 'the payment gateway answered no JSON')
    return data
  }
  const description = descriptionOf(data)
  if (status === 429) throw new Unanswered(true, 'the payment gateway is busy', retryAfterOf(headers))
  // 409: an earlier request with this idempotency key is still under way.
  if (status >= 500 || status === 408 || status === 409 || status < 400) {
    throw new Unanswered(false, `the payment gateway answered ${status}`)
  }
  if (status === 401 || status === 403) throw unavailable('the payment gateway refuses our key')
  const cause = new Error(`${status} ${description.slice(0, 300)}`)
  // Unknown ids are bad requests there.
  if (status === 404 || /\bid provided does not exist\b/i.test(description)) {
    throw new PlatformError('NOT_FOUND', 'the payment gateway knows of no such thing', { cause })
  }
  throw new PlatformError('INVALID_ARGUMENT', 'the payment gateway refused', { cause })
}

/** `{"error":{"code","description",…}}` */
function descriptionOf(data: unknown): string {
  const { description } = (data as { error?: { description?: unknown } } | null)?.error ?? {}
  return typeof description === 'string' ? description : ''
}

function retryAfterOf(headers: Record<string, unknown>): number {
  const value = headers['retry-after']
  return typeof value === 'string' && /^\d{1,6}$/.test(value) ? Math.min(Number(value), longestRetryAfterSeconds) : 0
}
