/** One event on its way to a topic. `body` is the JSON text of the envelope of SPEC section 3. */
export interface BusMessage {
  /**
   * The outbox row's id: stable over re-sending, so that a consumer's inbox can tell a duplicate. Subscribers find it in
   * the attribute `message_id`, beside the id that the bus gives every sending.
   */
  id: string
  topic: string
  body: string
  /** Attributes a subscription can filter by; always has `event_type`. */
  attributes: Record<string, string>
  /** Messages with the same key reach a subscription in order, where the driver supports it. */
  orderingKey?: string
}

/** Publishes events, at least once. */
export interface Bus {
  /** Resolves when every message is durable on the far side; throws `PlatformError` otherwise (any of them may have got through). */
  publish(messages: BusMessage[]): Promise<void>
  /** Resolves when messages can be taken right now; throws `PlatformError` UNAVAILABLE otherwise. */
  check(): Promise<void>
  close(): Promise<void>
}
