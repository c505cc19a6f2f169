import type { Mailer } from './index.ts'

/** Writes mails to the log instead of sending them: for development, and where no mail server is configured. */
export function createLogMailer(log: { info(message: string, fields: Record<string, unknown>): void }): Mailer {
  return {
    async send({ to, subject, text, attachments = [] }) {
      log.info('mail', { to, subject, text, attachments: attachments.map(({ name }) => name) })
    },
  }
}
