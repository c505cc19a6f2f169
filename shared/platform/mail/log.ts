import { requireAddress } from './address.ts'
import type { Mailer } from './index.ts'

/** Writes mails to the log instead of sending them: for development, and where no mail server is configured. */
export function createLogMailer(log: { info(message: string, fields: Record<string, unknown>): void }): Mailer {
  return {
    async send({ id, to, subject, text, attachments = [] }) {
      requireAddress(to)
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
