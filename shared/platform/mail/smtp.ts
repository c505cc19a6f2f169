import { isIP } from 'node:net'
import { PlatformError } from '../errors.ts'
import { requireAddress } from './address.ts'
import type { Mail, Mailer } from './index.ts'

export interface SmtpConfig {
  /** `smtps://user:password@host:465`; over `smtp:` the connection is encrypted by STARTTLS before a password is sent. */
  url: string
  /** `RaptorFlow ADAPT <no-reply@raptorflow.example>` */
  from: string
  /** For the connection, for each answer, and for the whole mail; 10, 20 and 30 s when absent. */
  timeoutMilliseconds?: { connect: number; answer: number; whole: number }
}

const usualTimeouts = { connect: 10_000, answer: 20_000, whole: 30_000 }

/** Sends mails through a mail server, each over a connection of its own. */
export function createSmtpMailer({ url, from, timeoutMilliseconds = usualTimeouts }: SmtpConfig): Mailer {
  const domain = /@([^\s<>@]+)>?\s*$/.exec(from)?.[1] ?? 'localhost'
  return {
    async send(mail, signal) {
      requireAddress(mail.to)
      const late = AbortSignal.timeout(timeoutMilliseconds.whole)
      const ends = signal ? AbortSignal.any([signal, late]) : late
      const { default: nodemailer } = await import('nodemailer')
      if (ends.aborted) throw new PlatformError('UNAVAILABLE', 'the mail was not sent: there is no time left')
      const transport = nodemailer.createTransport({
        ...serverOf(url),
        connectionTimeout: timeoutMilliseconds.connect,
        greetingTimeout: timeoutMilliseconds.answer,
        socketTimeout: timeoutMilliseconds.answer,
        // What is sent is in the mail, never in files or behind addresses that it names.
        disableFileAccess: true,
        disableUrlAccess: true,
      })
      const sending = transport.sendMail(messageOf(mail, from, domain)).catch((error: unknown) => {
        throw toPlatformError(error)
      })
      await orAborted(sending, ends)
    },
  }
}

function messageOf(mail: Mail, from: string, domain: string) {
  return {
    from,
    to: { name: '', address: mail.to },
    subject: mail.subject.replaceAll(/\s+/g, ' '),
    text: mail.text,
    messageId: `<${mail.id.replaceAll(/[^\w.-]/g, '-')}@${domain}>`,
    // Out of office notes are nobody's concern here (RFC 3834).
    headers: { 'Auto-Submitted': 'auto-generated' },
    attachments: (mail.attachments ?? []).map(({ name, mediaType, content }) => ({
      filename: name,
      contentType: mediaType,
      content: Buffer.from(content),
    })),
  }
}

function serverOf(url: string) {
  const { protocol, hostname, port, username, password } = new URL(url)
  const host = decodeURIComponent(hostname.replace(/^\[(.*)\]$/, '$1'))
  const secure = protocol === 'smtps:'
  const isHere = host === 'localhost' || (isIP(host) !== 0 && /^(127\.|::1$)/.test(host))
  return {
    host,
    port: port === '' ? (secure ? 465 : 587) : Number(port),
    secure,
    // A password leaves this machine encrypted or not at all.
    requireTLS: !secure && username !== '' && !isHere,
    ...(username === '' ? {} : { auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) } }),
  }
}

/** The server goes on with what it has begun: whether the mail was sent is then unknown. */
async function orAborted(sending: Promise<unknown>, signal: AbortSignal): Promise<void> {
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const abort = () => reject(new PlatformError('UNAVAILABLE', 'the mail server has not taken the mail in time'))
  signal.addEventListener('abort', abort, { once: true })
  try {
    await Promise.race([sending, aborted])
  } finally {
    signal.removeEventListener('abort', abort)
    // Nobody waits for it any more when it was aborted.
    sending.catch(() => {})
  }
}

/** A server refuses for ever with 5xx (RFC 5321, section 4.2.1): the mailbox, or this mail. */
function toPlatformError(cause: unknown): PlatformError {
  const { command, responseCode } = cause as { command?: unknown; responseCode?: unknown }
  const isForEver = typeof responseCode === 'number' && responseCode >= 500
  if (isForEver && (command === 'RCPT TO' || command === 'DATA')) {
    return new PlatformError('INVALID_ARGUMENT', 'the mail server refuses the mail or its recipient', { cause })
  }
  return new PlatformError('UNAVAILABLE', 'the mail server did not take the mail', { cause })
}
