import {
  invoiceMail,
  openDelivery,
  recordEmailed,
  recordStored,
  storePdf,
} from '#shared/domain/billing/invoices/deliver.ts'
import type { PrepareJob, RunJob } from '#shared/runtime/declarations.ts'
import type job from './function.ts'

type Sent = { isEmailed: boolean }

/**
 * Stored before it is mailed, so that it can be downloaded while the mail server is down. Mailed again after a crash, it is
 * the same mail, by its Message-ID.
 */
export const prepare: PrepareJob<typeof job, Sent> = async (context, { invoice_id }) => {
  const { read, commit, objects, mailer, now, log, signal } = context
  const delivery = await read((sql) => openDelivery(sql, invoice_id, now))
  const { invoice, to } = delivery
  if (invoice.emailed_at !== null) return { isEmailed: false }
  const pdf = await storePdf(objects, delivery)
  await commit((sql) => recordStored(sql, delivery))
  if (to === null) {
    log.warn('an invoice has nobody to be mailed to', { invoice: invoice.number })
    return { isEmailed: false }
  }
  try {
    await mailer.send(invoiceMail(invoice, to, pdf), signal)
    return { isEmailed: true }
  } catch (error) {
    // Nobody gets mail there, and repeating it changes nothing; the invoice can be downloaded.
    if (!(error instanceof Error && 'code' in error && error.code === 'INVALID_ARGUMENT')) throw error
    log.warn('an invoice could not be mailed', { invoice: invoice.number, error })
    return { isEmailed: false }
  }
}

export const run: RunJob<typeof job, Sent> = async ({ sql, now }, { invoice_id }, { isEmailed }) => {
  if (isEmailed) await recordEmailed(sql, invoice_id, now)
}
