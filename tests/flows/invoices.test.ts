import { SMTPServer } from 'smtp-server'
import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest'
import type { Invoice } from '#shared/domain/billing/invoices/schemas.ts'
import { newId } from '#shared/domain/ids.ts'
import { createCustomer, issueInvoiceOf } from '../setup/billing-invoices.ts'
import { type Person, peopleOf } from '../setup/people.ts'
import { call, startTestProduct, type TestProduct } from '../setup/product.ts'

let product: TestProduct
let people: ReturnType<typeof peopleOf>
let mailServer: SMTPServer
/** How often the mail server has no time for anybody yet. */
let busy = 0
let mails: { to: string[]; content: string }[] = []

beforeAll(async () => {
  mailServer = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onRcptTo({ address }, _session, callback) {
      if (address.startsWith('nobody@')) return callback(Object.assign(new Error('no such'), { responseCode: 550 }))
      if (busy-- > 0) return callback(Object.assign(new Error('later'), { responseCode: 451 }))
      callback()
    },
    onData(stream, { envelope }, callback) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        mails.push({ to: envelope.rcptTo.map(({ address }) => address), content: Buffer.concat(chunks).toString() })
        callback()
      })
    },
  })
  await new Promise<void>((resolve) => mailServer.listen(0, '127.0.0.1', resolve))
  const { port } = mailServer.server.address() as { port: number }
  product = await startTestProduct(inject('clusterUrl'), { SMTP_URL: `smtp://127.0.0.1:${port}` })
  people = peopleOf(product)
})
afterAll(async () => {
  await product.stop()
  await new Promise<void>((resolve) => mailServer.close(resolve))
})

/** Sends the task that a fulfilment leaves in the outbox. */
async function deliver(orgId: string, invoiceId: string): Promise<void> {
  const id = newId()
  const body = {
    id,
    event_type: 'billing-deliver-invoice',
    org_id: orgId,
    workspace_id: null,
    actor_id: null,
    correlation_id: id,
    traceparent: null,
    payload: { invoice_id: invoiceId },
    timestamp: new Date().toISOString(),
  }
  const task = { id, queue: 'webhooks', target: 'billing-deliver-invoice', body: JSON.stringify(body) }
  await product.services.queue!.enqueue([task])
}

/** Waits until the invoice is as it should be. */
function become(person: Person, invoiceId: string, expected: (invoice: Invoice) => void): Promise<void> {
  const look = async () => expected(await people.done(person, 'GET', `/v1/billing/invoices/${invoiceId}`))
  return vi.waitFor(look, { timeout: 60_000, interval: 50 })
}

async function download(person: Person, invoiceId: string): Promise<Buffer> {
  const { download_url } = await people.done(person, 'GET', `/v1/billing/invoices/${invoiceId}/download`)
  const answer = await fetch(download_url)
  expect(answer.status).toBe(200)
  return Buffer.from(await answer.arrayBuffer())
}

test('an invoice reaches the customer as PDF, once, though the mail server is busy and the task comes again', {
  timeout: 150_000,
}, async () => {
  const { person, orgId } = await people.newOrganization()
  await people.done(person, 'PUT', '/v1/billing/account', {
    legal_name: 'Acme Threat Research',
    email: 'accounts@acme.example',
    address_line_1: '1 MG Road',
    city: 'Bengaluru',
    postal_code: '560001',
    state_code: '29',
    gstin: '29AAGCB7383J1Z4',
  })
  const invoiceId = await issueInvoiceOf(createCustomer(product.services.database, { orgId }))
  // Before anything was sent it can be downloaded.
  const pdf = await download(person, invoiceId)
  expect(pdf.subarray(0, 5).toString()).toBe('%PDF-')

  busy = 2
  mails = []
  await deliver(orgId, invoiceId)
  await become(person, invoiceId, ({ emailed_at }) => expect(emailed_at).not.toBeNull())
  expect(mails.map(({ to }) => to)).toEqual([['accounts@acme.example']])
  expect(mails[0]!.content.replaceAll('\r\n', '')).toContain(pdf.toString('base64'))
  expect(mails[0]!.content).toContain(`<invoice-${invoiceId}@`)

  await deliver(orgId, invoiceId)
  // A later one comes through: the queue has dealt with the second.
  const other = await issueInvoiceOf(createCustomer(product.services.database, { orgId }))
  await deliver(orgId, other)
  await become(person, other, ({ emailed_at }) => expect(emailed_at).not.toBeNull())
  expect(mails.filter(({ content }) => content.includes(invoiceId))).toHaveLength(1)
  expect((await download(person, invoiceId)).equals(pdf)).toBe(true)

  const { data } = await people.done(person, 'GET', '/v1/billing/invoices')
  expect(data.map(({ id }: Invoice) => id)).toEqual([other, invoiceId])
  const stranger = (await people.newOrganization()).person
  await people.refused(stranger, 'NOT_FOUND', 'GET', `/v1/billing/invoices/${invoiceId}/download`)
  expect((await people.done(stranger, 'GET', '/v1/billing/invoices')).data).toEqual([])
})

test('an invoice goes to the owner where no other address is known, and can be downloaded when it reaches nobody', {
  timeout: 150_000,
}, async () => {
  const { person, orgId } = await people.newOrganization()
  const customer = createCustomer(product.services.database, { orgId })
  const invoiceId = await issueInvoiceOf(customer)
  mails = []
  await deliver(orgId, invoiceId)
  await become(person, invoiceId, ({ emailed_at }) => expect(emailed_at).not.toBeNull())
  expect(mails.map(({ to }) => to)).toEqual([[person.email]])

  await customer.change(({ sql }) => sql`update billing_accounts set email = 'nobody@acme.example'`)
  const unreachable = await issueInvoiceOf(customer)
  await deliver(orgId, unreachable)
  await vi.waitFor(
    async () => {
      const [row] = await customer.change(({ sql }) => sql`select pdf_key from invoices where id = ${unreachable}`)
      expect(row!.pdf_key).toBe(`${orgId}/invoices/${unreachable}.pdf`)
    },
    { timeout: 60_000, interval: 50 },
  )
  expect((await download(person, unreachable)).subarray(0, 5).toString()).toBe('%PDF-')
  const letters = await call(product.url, 'GET', '/v1/dead-letters', { token: person.token })
  expect(letters.body.data).toEqual([])
})
