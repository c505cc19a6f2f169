import { composeMail } from '#shared/domain/billing/dunning/mails.ts'
import { billingSettings } from '#shared/domain/billing/settings.ts'
import type { PrepareJob, RunJob } from '#shared/runtime/declarations.ts'
import type job from './function.ts'

/** Sent again after a crash it is the same mail, by its Message-ID. */
export const prepare: PrepareJob<typeof job, null> = async (context, payload) => {
  const { read, mailer, config, principal, log, signal } = context
  const { seller, graceDays } = billingSettings(config)
  const { template, occasion, subscription_id: subscriptionId } = payload
  const { orgId } = principal
  const publicUrl = config.PUBLIC_URL
  const mail = await read((sql) =>
    composeMail(sql, { orgId, subscriptionId, template, occasion, seller, graceDays, publicUrl }),
  )
  if (!mail) return null
  try {
    await mailer.send(mail, signal)
  } catch (error) {
    // Nobody gets mail there, and repeating it changes nothing.
    if (!(error instanceof Error && 'code' in error && error.code === 'INVALID_ARGUMENT')) throw error
    log.warn('a customer could not be told', { template, subscriptionId, error })
  }
  return null
}

export const run: RunJob<typeof job, null> = async () => {}
