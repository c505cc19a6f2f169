import { fileNameOf, openDelivery, pdfKeyOf, storePdf } from '#shared/domain/billing/invoices/deliver.ts'
import type { Respond } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

const downloadSeconds = 3600

/** What isn't stored yet, or may be forgotten by now, is made again: what counts is in the database. */
export const respond: Respond<typeof route> = async ({ read, objects, now }, { params }) => {
  const delivery = await read((sql) => openDelivery(sql, params.invoice_id, now))
  if (!delivery.isStored) await storePdf(objects, delivery)
  const { url, expiresAt } = await objects.sign('exports', pdfKeyOf(delivery), {
    method: 'GET',
    expiresInSeconds: downloadSeconds,
    downloadName: fileNameOf(delivery.invoice),
  })
  return { status: 200, body: { download_url: url, expires_at: expiresAt.toISOString() } }
}
