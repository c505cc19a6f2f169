import { requireAddress } from './address.ts'
import type { Mailer } from './index.ts'

/**
 * Writes mails to the log instead of sending them: for development, and where no mail server is configured.
 * @param options.isShown false: that there was one, and nothing of it, since its reader is not who reads the log
 */
export function createLogMailer(
  log: { info(message: string, fields: Record<string, unknown>): void },
  { isShown = true }: { isShown?: boolean } = {},
): Mailer {
  return {
    async send({ id, to, subject, text, attachments = [] }) {
      requireAddress(to)
      if (!isShown) return log.info('mail not sent: no mail server is set', { id })
      log.info('mail', {
        id,
        to,
        subject: subject.replaceAll(/\s+/g, ' '),
        text,
        attachments: attachments.map(({ name }) => name),
      })
    },
  }
}
