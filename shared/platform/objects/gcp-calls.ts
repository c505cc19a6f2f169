import { setTimeout as sleep } from 'node:timers/promises'
import { PlatformError, type PlatformErrorCode } from '../errors.ts'

/** How long and how often Cloud Storage is asked before an operation is given up. */
export interface CallLimits {
  /** How often an operation, or one part of an upload, is tried at most. */
  attempts: number
  /** One try: from the first byte sent to the answer. */
  requestSeconds: number
  /** How long a download may stand still while its reader waits. */
  idleSeconds: number
  /** The longest pause before the second try; it doubles with each further one. */
  backoffMilliseconds: number
  /** How much of an object is held in memory and sent at once while it is written; a multiple of 256 KiB. */
  chunkBytes: number
}

export const defaultLimits: CallLimits = {
  attempts: 5,
  requestSeconds: 30,
  idleSeconds: 30,
  backoffMilliseconds: 400,
  chunkBytes: 8 * 1024 * 1024,
}

/** An answer of Cloud Storage that is no success. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError'
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/**
 * Does something at Cloud Storage, again when it fails in a way that passes. Only for what may be done twice.
 *
 * @param action what is done, for the error, e.g. `reading an object`
 * @param work gets a signal that says when nobody waits for this try any more
 * @throws PlatformError
 */
export async function callCloudStorage<Result>(
  action: string,
  limits: CallLimits,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await withDeadline(limits.requestSeconds, work)
    } catch (error) {
      // A mistake of the program, unlike the one by which `fetch` tells of the network, which has a cause.
      if (error instanceof TypeError && error.cause === undefined) throw error
      const failure = toPlatformError(error, action)
      if (failure.code !== 'UNAVAILABLE' || attempt >= limits.attempts) throw failure
      await pause(attempt, limits)
    }
  }
}

/** Waits before the next try: somewhere between half and the whole of a time that doubles (full jitter would be shorter). */
export function pause(attempt: number, limits: CallLimits): Promise<void> {
  return sleep(limits.backoffMilliseconds * 2 ** (attempt - 1) * (0.5 + Math.random() / 2))
}

async function withDeadline<Result>(seconds: number, work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
  const controller = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const deadline = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new PlatformError('UNAVAILABLE', `Cloud Storage gave no answer within ${seconds} s`))
      controller.abort()
    }, seconds * 1000)
  })
  try {
    return await Promise.race([work(controller.signal), deadline])
  } finally {
    clearTimeout(timer)
  }
}

/**
 * What the client, `fetch` or Cloud Storage says, as one of ours.
 *
 * The original is not kept as the cause: it holds the request, with its token or the address of an upload session.
 */
export function toPlatformError(error: unknown, action: string): PlatformError {
  if (error instanceof PlatformError) return error
  const { name, message, code, cause } = error as Partial<Error> & { code?: unknown; cause?: { code?: unknown } }
  const status = statusOf(error)
  if (status !== null) {
    const said = (message ?? '').replaceAll(/\s+/g, ' ').slice(0, 300)
    return new PlatformError(codeOf(status), `Cloud Storage refused ${action} (${status}: ${said})`)
  }
  if (message?.includes('Could not load the default credentials')) {
    return new PlatformError('PERMISSION', `${action} needs credentials for Google Cloud, and there are none`)
  }
  // All that is left of what IAM said is its text.
  if (name === 'SigningError' && /denied|forbidden|40[13]|client_email/i.test(message ?? '')) {
    return new PlatformError('PERMISSION', `${action} is not allowed to this account (${message?.slice(0, 300)})`)
  }
  const detail = [code, cause?.code].find((found) => typeof found === 'string') ?? name
  return new PlatformError('UNAVAILABLE', `Cloud Storage can't be reached for ${action} (${detail})`)
}

/** The HTTP status inside an error of the client, which keeps it as `code`, `status` or in `response`, as text or number. */
function statusOf(error: unknown): number | null {
  const { code, status, response } = error as { code?: unknown; status?: unknown; response?: { status?: unknown } }
  for (const candidate of [status, response?.status, code]) {
    const number = Number(candidate)
    if (Number.isInteger(number) && number >= 300 && number <= 599) return number
  }
  return null
}

/** What to answer to a refusal: nothing but 408, 409, 410, 429 and 5xx is worth another try. */
function codeOf(status: number): PlatformErrorCode {
  if (status === 401 || status === 403) return 'PERMISSION'
  if (status === 404) return 'NOT_FOUND'
  if (status >= 500 || [408, 409, 410, 429].includes(status)) return 'UNAVAILABLE'
  return 'INVALID_ARGUMENT'
}
