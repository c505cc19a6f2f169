import { describe, expect, test } from 'vitest'
import type { Mail, Mailer } from './index.ts'

/** A mail as it arrived. */
export interface ReceivedMail {
  to: string[]
  subject: string
  text: string
  id: string
  attachments: string[]
}

/**
 * What every driver of `Mailer` guarantees.
 *
 * @param subject called in each test, after the suite's own set-up
 */
export function describeMailer(driver: string, subject: () => { mailer: Mailer; received(): ReceivedMail[] }): void {
  const buildMail = (overrides: Partial<Mail> = {}): Mail => ({
    id: 'invoice-1',
    to: 'accounts@acme.example',
    subject: 'Invoice RF/2627/000001',
    text: 'attached is your invoice.\n',
    ...overrides,
  })

  describe(`${driver} as a mailer`, () => {
    test('brings subject, text, recipient and the names of what is attached, in any script', async () => {
      const { mailer, received } = subject()
      const attachments = [{ name: 'RF-2627-000001.pdf', mediaType: 'application/pdf', content: Buffer.from('%PDF') }]
      await mailer.send(
        buildMail({ subject: 'Rechnung über ₹5,898.82 – देव', text: 'Grüße,\n\n₹5,898.82\n.\nend\n', attachments }),
      )
      expect(received()).toMatchObject([
        {
          to: ['accounts@acme.example'],
          subject: 'Rechnung über ₹5,898.82 – देव',
          text: 'Grüße,\n\n₹5,898.82\n.\nend\n',
          attachments: ['RF-2627-000001.pdf'],
        },
      ])
    })

    test('names a mail that is sent again as it was named before, and no other so', async () => {
      const { mailer, received } = subject()
      await mailer.send(buildMail())
      await mailer.send(buildMail())
      await mailer.send(buildMail({ id: 'invoice-2' }))
      const [first, second, third] = received().map(({ id }) => id)
      expect(first).toMatch(/invoice-1/)
      expect(second).toBe(first)
      expect(third).not.toBe(first)
    })

    test('sends many at once, each to its own', async () => {
      const { mailer, received } = subject()
      const all = Array.from({ length: 10 }, (_, index) => `customer-${index}@acme.example`)
      await Promise.all(all.map((to) => mailer.send(buildMail({ to, text: `for ${to}\n` }))))
      expect(received().map(({ to, text }) => ({ to, text }))).toEqual(
        expect.arrayContaining(all.map((to) => ({ to: [to], text: `for ${to}\n` }))),
      )
      expect(received()).toHaveLength(10)
    })

    test.each([
      ['a list', 'a@acme.example, b@acme.example'],
      ['a name', 'Acme <a@acme.example>'],
      ['another header', 'a@acme.example\r\nBcc: b@acme.example'],
      ['nothing', ''],
      ['no address', 'acme'],
      ['two addresses in one', 'a@b@acme.example'],
      ['more than an address has', `${'a'.repeat(400)}@acme.example`],
    ])('refuses %s as recipient, and sends nothing', async (_, to) => {
      const { mailer, received } = subject()
      await expect(mailer.send(buildMail({ to }))).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
      expect(received()).toEqual([])
    })

    test('makes one subject of several lines', async () => {
      const { mailer, received } = subject()
      await mailer.send(buildMail({ subject: 'Invoice\r\nBcc: other@acme.example' }))
      expect(received()).toMatchObject([{ to: ['accounts@acme.example'], subject: 'Invoice Bcc: other@acme.example' }])
    })
  })
}
