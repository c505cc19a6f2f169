import type { Mailer } from './index.ts'
import { createLogMailer } from './log.ts'
import { createSmtpMailer } from './smtp.ts'

/** The mailer that the settings name; without a mail server, mails are written to the log, where nobody has customers. */
export function openMailer(
  config: { SMTP_URL?: string | undefined; MAIL_FROM: string; APP_ENV?: string },
  log: Parameters<typeof createLogMailer>[0],
): Mailer {
  const hasCustomers = config.APP_ENV === 'production' || config.APP_ENV === 'staging'
  if (config.SMTP_URL === undefined) return createLogMailer(log, { isShown: !hasCustomers })
  return createSmtpMailer({ url: config.SMTP_URL, from: config.MAIL_FROM })
}
