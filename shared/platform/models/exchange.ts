import { ModelError } from '#shared/domain/models/types.ts'

/** One request to a provider, over HTTP. */
export interface Exchange {
  /** For messages. */
  provider: string
  url: string
  headers: Readonly<Record<string, string>>
  body: string
  signal: AbortSignal
}

/** Longer texts of a provider are cut where they are an error's. */
const longestErrorBytes = 16_000
const longestMessage = 300

/**
 * Sends a request to a provider.
 * @returns its answer, when that is a success; the body has not been read
 * @throws ModelError
 */
export async function send({ provider, url, headers, body, signal }: Exchange): Promise<Response> {
  if (signal.aborted) throw new ModelError('unavailable', 'cancelled before it was asked')
  let response: Response
  try {
    response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
      signal,
      redirect: 'error',
    })
  } catch (error) {
    throw brokenOff(provider, error, signal, !wasNeverSent(error))
  }
  if (response.ok) return response
  throw await refusalOf(provider, response)
}

/** A promise that is not waited for once nobody wants it any more; nothing was sent yet. */
export async function unlessAborted<Result>(signal: AbortSignal, work: Promise<Result>): Promise<Result> {
  work.catch(() => {})
  const stop = new AbortController()
  const aborted = new Promise<never>((_, reject) => {
    const end = () => reject(new ModelError('unavailable', 'cancelled before it was asked'))
    if (signal.aborted) end()
    signal.addEventListener('abort', end, { signal: stop.signal })
  })
  try {
    return await Promise.race([work, aborted])
  } finally {
    stop.abort()
  }
}

/** A connection that ended too early; the provider may have worked. */
export function brokenOff(provider: string, error: unknown, signal: AbortSignal, mayHaveCost = true): ModelError {
  if (error instanceof ModelError) return error
  const message = signal.aborted ? `${provider} was stopped` : `the connection to ${provider} broke`
  return new ModelError('unavailable', message, { cause: error, mayHaveCost })
}

/** An answer that is not in the documented format; the provider has worked. */
export function malformed(provider: string, what: string, cause?: unknown): ModelError {
  return new ModelError('unavailable', `${provider} answered ${what}`, { cause, mayHaveCost: true })
}

/** Of undici and of the system: no connection came about. */
const neverSentCode =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT|CERT_.*|ERR_TLS_.*|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_.*)$/

function wasNeverSent(error: unknown): boolean {
  const { code } = ((error as Error).cause ?? {}) as { code?: unknown }
  return typeof code === 'string' && neverSentCode.test(code)
}

/** Statuses after which the provider may have worked: whoever answered in its stead did not wait for it. */
const answeredInItsStead = new Set([408, 502, 504])

async function refusalOf(provider: string, response: Response): Promise<ModelError> {
  const { status } = response
  const body = await readErrorText(response)
  const { kind, message, retryAfterSeconds } = describeError(body)
  const isPassing = status === 408 || status === 425 || status === 429 || status >= 500
  const isOutOfCredit = kind === 'insufficient_quota'
  // A provider may quote the key that it refuses, so what it says about credentials is not passed on.
  const isOfCredentials = status === 401 || status === 403
  const seconds = retryAfterOf(response.headers) ?? retryAfterSeconds
  return new ModelError(
    isPassing && !isOutOfCredit ? 'unavailable' : 'invalid',
    `${provider} refused with ${status}${kind ? ` ${kind}` : ''}`,
    {
      ...(isOfCredentials || message === '' ? {} : { cause: new Error(message.slice(0, longestMessage)) }),
      mayHaveCost: answeredInItsStead.has(status),
      ...(seconds === null ? {} : { retryAfterSeconds: seconds }),
    },
  )
}

async function readErrorText(response: Response): Promise<string> {
  try {
    return await readText(response, longestErrorBytes)
  } catch {
    // The status says enough.
    return ''
  }
}

/** RFC 9110 section 10.2.3: seconds, or a date. */
function retryAfterOf(headers: Headers): number | null {
  const value = headers.get('retry-after')
  if (value === null) return null
  if (/^\d{1,9}$/.test(value)) return Number(value)
  const date = Date.parse(value)
  return Number.isNaN(date) ? null : Math.max(0, Math.ceil((date - Date.now()) / 1000))
}

/** What OpenAI, Anthropic and Google say in the body of an error: `{"error": {type, code, status, message, details}}`. */
function describeError(body: string): { kind: string; message: string; retryAfterSeconds: number | null } {
  let error: Record<string, unknown> = {}
  try {
    const parsed: unknown = JSON.parse(body)
    // Google's streaming methods answer errors as the one element of a list.
    const first = (Array.isArray(parsed) ? parsed[0] : parsed) as { error?: unknown } | null
    if (typeof first?.error === 'object' && first.error !== null) error = first.error as Record<string, unknown>
  } catch {
    // A page of some proxy.
  }
  const word = [error.code, error.status, error.type].find(
    (value): value is string => typeof value === 'string' && /^[A-Za-z0-9_.-]{1,60}$/.test(value),
  )
  return {
    kind: word ?? '',
    message: typeof error.message === 'string' ? error.message : '',
    retryAfterSeconds: retryInfoOf(error.details),
  }
}

/** `google.rpc.RetryInfo` among the details of Google's errors. */
function retryInfoOf(details: unknown): number | null {
  if (!Array.isArray(details)) return null
  for (const detail of details as ({ retryDelay?: unknown } | null)[]) {
    const seconds = /^(\d{1,9})(?:\.\d+)?s$/.exec(String(detail?.retryDelay ?? ''))?.[1]
    if (seconds !== undefined) return Number(seconds)
  }
  return null
}

/** The pieces of a body, of which no more is taken than `maximumBytes`. */
export async function* boundedBody(response: Response, maximumBytes: number): AsyncGenerator<Uint8Array> {
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength
    // Leaving the loop ends the connection.
    if (bytes > maximumBytes) throw new TooLargeError(`more than ${maximumBytes} bytes`)
    yield chunk
  }
}

export class TooLargeError extends Error {}

/** @throws TooLargeError; whatever the connection breaks with */
export async function readText(response: Response, maximumBytes: number): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of boundedBody(response, maximumBytes)) text += decoder.decode(chunk, { stream: true })
  return text + decoder.decode()
}
