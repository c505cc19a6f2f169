/** A message to somebody outside. */
export interface Mail {
  to: string
  subject: string
  /** Plain text. */
  text: string
  attachments?: readonly { name: string; mediaType: string; content: Uint8Array }[]
  /** Stays the same when it is sent again: becomes the Message-ID, by which mail programs drop a second copy. */
  id: string
}

/** @throws PlatformError INVALID_ARGUMENT when nobody can get it, UNAVAILABLE when it could not be sent now */
export interface Mailer {
  send(mail: Mail, signal?: AbortSignal): Promise<void>
}
