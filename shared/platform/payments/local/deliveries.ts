import type { SignedEvent, Store } from './store.ts'

const longestBackoffSeconds = 300
/** For about a day, as Razorpay does; then the webhook has to be asked for. */
const maximumAttempts = 300
const batch = 20

export interface DeliveryOptions {
  store: Store
  url: string
  /** Below 1 only in tests, which can't wait for retries. */
  backoffScale: number
  /** Who takes longer to answer has not taken it. */
  answerSeconds: number
  onError(error: unknown): void
}

/** The request that brings an event. */
export function deliveryRequest({ id, rawBody, signature }: SignedEvent) {
  return {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-razorpay-event-id': id,
      'x-razorpay-signature': signature,
      'user-agent': 'Razorpay-Webhook/v1 (local)',
    },
    body: rawBody,
  }
}

/** Sends events to the merchant, one after the other, and each again until it is taken. */
export function createDeliveries({ store, url, backoffScale, answerSeconds, onError }: DeliveryOptions) {
  const stopping = new AbortController()
  let running: Promise<void> | null = null
  let isAskedAgain = false

  async function send(event: SignedEvent): Promise<boolean> {
    try {
      const signal = AbortSignal.any([stopping.signal, AbortSignal.timeout(answerSeconds * 1000)])
      const response = await fetch(url, { ...deliveryRequest(event), signal, redirect: 'error' })
      await response.body?.cancel()
      return response.ok
    } catch {
      return false
    }
  }

  async function sendDue(): Promise<void> {
    for (;;) {
      isAskedAgain = false
      const due = await store.dueDeliveries(batch)
      for (const { serial, attempts, ...event } of due) {
        if (await send(event)) await store.delivered(serial)
        // One that was stopped is sent again at the next start.
        else if (stopping.signal.aborted) return
        else {
          const seconds = Math.min(longestBackoffSeconds, 2 ** attempts) * backoffScale
          await store.failed(serial, attempts + 1 < maximumAttempts ? { seconds } : null)
        }
      }
      if (due.length === 0 && !isAskedAgain) return
    }
  }

  /** Sends what is due; one that runs already looks once more. */
  function look(): Promise<void> {
    isAskedAgain = true
    if (stopping.signal.aborted) return Promise.resolve()
    running ??= sendDue()
      .catch(onError)
      .finally(() => {
        running = null
      })
    return running
  }

  return {
    look,
    async stop(): Promise<void> {
      stopping.abort()
      await running
    },
  }
}
