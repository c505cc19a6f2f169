import * as v from 'valibot'
import { AppError } from '#shared/domain/errors.ts'
import { newId } from '#shared/domain/ids.ts'
import { Envelope } from '#shared/domain/messaging.ts'
import { type HttpRequest, parseJson, readBody } from './http.ts'

/** One arrival of a message, from whichever sender. */
export interface Delivery {
  /** Null when the body is no envelope: poison that no retry can cure. */
  envelope: Envelope | null
  /** The envelope as it came, for the dead letter. */
  body: unknown
  /** The envelope's id; for what has none the id that the bus put beside it, or else the sender's own. */
  messageId: string
  /** What the inbox knows it by: the message id, and for a forwarded message also who gave it up. */
  inboxKey: string
  /** 1 for the first delivery. */
  attempt: number
  attributes: Readonly<Record<string, string>>
}

/** Cloud Tasks carries at most 1 MB, Pub/Sub 10 MB, which base64 makes a third larger. */
const maximumPushBytes = 14_000_000

/** A wrapped push (Pub/Sub documentation, "Push subscriptions"); empty fields are left out by the service. */
const PubSubPush = v.object({
  message: v.object({
    data: v.optional(v.string(), ''),
    messageId: v.pipe(v.string(), v.nonEmpty()),
    attributes: v.optional(v.record(v.string(), v.string()), {}),
  }),
  subscription: v.string(),
  // Only subscriptions with a dead-letter policy count.
  deliveryAttempt: v.optional(v.number(), 1),
})

/**
 * Reads a Pub/Sub push.
 * @throws AppError when the request isn't one at all
 */
export async function readPubSubPush(request: HttpRequest): Promise<Delivery> {
  const result = v.safeParse(PubSubPush, parseJson(request, await readBody(request, maximumPushBytes)))
  if (!result.success) throw new AppError('VALIDATION_ERROR', 'The body is not a Pub/Sub push')
  const { message, deliveryAttempt } = result.output
  const body = jsonOrText(Buffer.from(message.data, 'base64').toString())
  return toDelivery(body, message.messageId, deliveryAttempt, message.attributes)
}

/** Reads a Cloud Tasks push. */
export async function readCloudTask(request: HttpRequest): Promise<Delivery> {
  const body = jsonOrText((await readBody(request, maximumPushBytes)).toString())
  const retries = Number(request.headers['x-cloudtasks-taskretrycount'] ?? 0)
  const name = request.headers['x-cloudtasks-taskname']
  return toDelivery(
    body,
    typeof name === 'string' ? name : newId(),
    Number.isSafeInteger(retries) ? retries + 1 : 1,
    {},
  )
}

function toDelivery(body: unknown, senderId: string, attempt: number, attributes: Record<string, string>): Delivery {
  const result = v.safeParse(Envelope, body)
  const envelope = result.success ? result.output : null
  // A message that was published twice has two ids of Pub/Sub's, and one of ours in its attributes.
  const messageId = envelope?.id ?? attributes.message_id ?? senderId
  const givenUpBy = attributes.CloudPubSubDeadLetterSourceSubscription
  return {
    envelope,
    body,
    messageId,
    inboxKey: givenUpBy ? `${messageId} ${givenUpBy}` : messageId,
    attempt,
    attributes,
  }
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/**
 * The schedule time of a Cloud Scheduler call.
 * @throws AppError when the request isn't one
 */
export function readScheduleTime(request: HttpRequest): Date {
  const given = request.headers['x-cloudscheduler-scheduletime']
  const time = new Date(typeof given === 'string' ? given : Number.NaN)
  if (Number.isNaN(time.getTime())) throw new AppError('VALIDATION_ERROR', 'X-CloudScheduler-ScheduleTime is missing')
  return time
}
