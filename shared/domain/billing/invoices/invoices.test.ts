import fc from 'fast-check'
import postgres from 'postgres'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest'
import { type Customer, createCustomer, line, testSettings } from '../../../../tests/setup/billing-invoices.ts'
import { cloneDatabase, type TestDatabase } from '../../../../tests/setup/database.ts'
import { type Database, nobody } from '../../../platform/database/index.ts'
import { newId } from '../../ids.ts'
import { creditInvoice } from './credit.ts'
import { issueInvoice } from './issue.ts'
import { documentNumber, financialYearOf } from './numbers.ts'

let clone: TestDatabase
let database: Database
let owner: postgres.Sql

beforeAll(async () => {
  clone = await cloneDatabase(inject('clusterUrl'))
  database = clone.open(10)
  owner = postgres(clone.ownerUrl, { max: 1, onnotice: () => {}, types: { bigint: postgres.BigInt } })
})
afterAll(async () => {
  await database.close()
  await owner.end()
  await clone.drop()
})

function issue(customer: Customer, order: Awaited<ReturnType<Customer['order']>>, now?: Date) {
  return customer.change((effects) => issueInvoice(effects, { orgId: customer.orgId, order, paymentId: null }), now)
}

function credit(customer: Customer, invoiceId: string, grossPaise: number, refundId: string | null = null) {
  return customer.change((effects) =>
    creditInvoice(effects, { orgId: customer.orgId, invoiceId, grossPaise, refundId, reason: 'asked for' }),
  )
}

async function documentsOf({ orgId }: Customer) {
  const rows = await owner`select * from invoices where org_id = ${orgId} order by id`
  return rows.map((row) => ({
    ...row,
    amounts: ['net_paise', 'cgst_paise', 'sgst_paise', 'igst_paise', 'total_paise'].map((name) => Number(row[name])),
  })) as unknown as Row[]
}
interface Row {
  id: string
  number: string
  status: string
  kind: string
  tax_kind: string
  place_of_supply: string
  buyer: { name: string; gstin: string | null; address_lines: string[] }
  lines: { description: string; net_paise: number; cgst_paise: number; sgst_paise: number; igst_paise: number }[]
  amounts: number[]
}

async function balancesOf({ orgId }: Customer): Promise<Record<string, number>> {
  const rows = await owner`select account, balance_paise from ledger_balances where org_id = ${orgId}`
  return Object.fromEntries(rows.map(({ account, balance_paise }) => [account, Number(balance_paise)]))
}

describe('numbers', () => {
  test.each([
    ['2026-03-31T18:29:59.999Z', '2025-26'],
    ['2026-03-31T18:30:00.000Z', '2026-27'],
    ['2026-12-31T23:59:59.000Z', '2026-27'],
    ['2099-06-01T00:00:00.000Z', '2099-00'],
  ])('%s is in the financial year %s of India', (at, year) => {
    expect(financialYearOf(new Date(at))).toBe(year)
  })

  test('have at most sixteen characters, up to a hundred million in a year', () => {
    expect(documentNumber('invoice', '2026-27', 1)).toBe('RF/2627/000001')
    expect(documentNumber('credit_note', '2026-27', 99_999_999)).toBe('RC/2627/99999999')
    expect(documentNumber('credit_note', '2026-27', 99_999_999)).toHaveLength(16)
  })

  test('of invoices issued all at once have neither gap nor twin, also when some of them are rolled back', async () => {
    const now = new Date('2031-05-01T00:00:00Z')
    const orders = await Promise.all(
      Array.from({ length: 50 }, async (_, index) => {
        const customer = createCustomer(database)
        return { customer, order: await customer.order(), fails: index % 5 === 2 }
      }),
    )
    const outcomes = await Promise.allSettled(
      orders.map(({ customer, order, fails }) =>
        customer.change(async (effects) => {
          const invoice = await issueInvoice(effects, { orgId: customer.orgId, order, paymentId: null })
          if (fails) throw new Error('something else of the fulfilment failed')
          return invoice
        }, now),
      ),
    )
    expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(10)
    const serials = await owner`select serial, number from invoices where financial_year = '2031-32' order by serial`
    expect(serials.map(({ serial }) => serial)).toEqual(Array.from({ length: 40 }, (_, index) => index + 1))
    expect(serials.map(({ number }) => number)).toEqual(
      serials.map(({ serial }) => documentNumber('invoice', '2031-32', serial)),
    )
  })

  test('are never followed by an earlier date, whenever what they are of began', async () => {
    const [early, late] = [new Date('2035-05-01T18:29:59Z'), new Date('2035-05-01T18:30:00Z')]
    const customer = createCustomer(database)
    const [one, other] = [await customer.order(), await customer.order()]
    await issue(customer, one, late)
    await issue(customer, other, early)
    const issued = await owner`
      select serial, issued_at from invoices where financial_year = '2035-36' and kind = 'invoice' order by serial`
    expect(issued).toEqual([
      { serial: 1, issued_at: late },
      { serial: 2, issued_at: late },
    ])
  })

  test('begin anew with the financial year, and those of credit notes are apart', async () => {
    const customer = createCustomer(database)
    const before = await issue(customer, await customer.order(), new Date('2033-03-31T18:29:59Z'))
    const after = await issue(customer, await customer.order(), new Date('2033-03-31T18:30:00Z'))
    expect([before.number, after.number]).toEqual(['RF/3233/000001', 'RF/3334/000001'])
    const note = await customer.change(
      (effects) =>
        creditInvoice(effects, {
          orgId: customer.orgId,
          invoiceId: after.id,
          grossPaise: 1,
          refundId: null,
          reason: '',
        }),
      new Date('2033-05-01T00:00:00Z'),
    )
    expect(note.number).toBe('RC/3334/000001')
  })
})

describe('an invoice', () => {
  let customer: Customer
  beforeEach(async () => {
    customer = createCustomer(database)
  })

  test('is issued, booked and sent once for an order, however often and however much at once it is asked for', async () => {
    const order = await customer.order()
    const answers = await Promise.all(Array.from({ length: 8 }, () => issue(customer, order)))
    expect(new Set(answers.map(({ id }) => id)).size).toBe(1)
    expect(await documentsOf(customer)).toMatchObject([
      { status: 'final', amounts: [499_900, 44_991, 44_991, 0, 589_882] },
    ])
    expect(await balancesOf(customer)).toEqual({ '2000': 589_882, '4000': -499_900, '2110': -44_991, '2120': -44_991 })
    expect(customer.told).toEqual({
      tasks: [{ name: 'billing-deliver-invoice', payload: { invoice_id: answers[0]!.id } }],
      audited: ['invoice.issued'],
    })
  })

  test('names the customer and where it is as they were', async () => {
    await customer.change(
      ({ sql }) => sql`update billing_accounts set legal_name = 'Acme Private Limited', gstin = '29AAGCB7383J1Z4',
        state_code = '29', address_line_1 = '1 MG Road', city = 'Bengaluru', postal_code = '560001'`,
    )
    await issue(customer, await customer.order())
    await customer.change(({ sql }) => sql`update billing_accounts set legal_name = 'Renamed'`)
    expect(await documentsOf(customer)).toMatchObject([
      {
        tax_kind: 'inter-state',
        place_of_supply: '29-Karnataka',
        amounts: [499_900, 0, 0, 89_982, 589_882],
        buyer: {
          name: 'Acme Private Limited',
          gstin: '29AAGCB7383J1Z4',
          address_lines: ['1 MG Road', 'Bengaluru 560001'],
        },
      },
    ])
  })

  test('over nothing, after a coupon for all of it, is an invoice too', async () => {
    const order = await customer.order([line(499_900), line(-499_900, 'Coupon WELCOME')])
    await issue(customer, order)
    expect(await documentsOf(customer)).toMatchObject([{ status: 'final', amounts: [0, 0, 0, 0, 0] }])
    expect(await balancesOf(customer)).toEqual({})
  })

  test('bears the tax of the state that the customer has moved to since the order, for the same money', async () => {
    const order = await customer.order()
    await customer.change(({ sql }) => sql`update billing_accounts set state_code = '29'`)
    await issue(customer, order)
    expect(await documentsOf(customer)).toMatchObject([
      { tax_kind: 'inter-state', amounts: [499_900, 0, 0, 89_982, 589_882] },
    ])
  })

  test('of an order without tax that is taxable by now has the tax in what was paid', async () => {
    await customer.change(({ sql }) => sql`update billing_accounts set country = 'DE', tax_treatment = 'export'`)
    const order = await customer.order([line(11_800)])
    await customer.change(({ sql }) => sql`update billing_accounts set country = 'IN', tax_treatment = 'standard'`)
    await issue(customer, order)
    const [invoice] = await documentsOf(customer)
    expect(invoice!.amounts).toEqual([10_000, 900, 900, 0, 11_800])
    expect(invoice!.lines.map(({ net_paise }) => net_paise)).toEqual([11_800, -1_800])
  })

  test('has lines that sum to it in each tax, whatever they are', async () => {
    const anyLines = fc
      .array(fc.integer({ min: -1_000_000, max: 1_000_000 }), { minLength: 1, maxLength: 6 })
      .filter((nets) => nets.reduce((sum, net) => sum + net, 0) >= 0)
    await fc.assert(
      fc.asyncProperty(anyLines, fc.constantFrom('27', '29'), async (nets, state) => {
        const one = createCustomer(database)
        await one.change(({ sql }) => sql`update billing_accounts set state_code = ${state}`)
        await issue(one, await one.order(nets.map((net) => line(net))))
        const [invoice] = await documentsOf(one)
        const sums = (['net_paise', 'cgst_paise', 'sgst_paise', 'igst_paise'] as const).map((part) =>
          invoice!.lines.reduce((sum, each) => sum + each[part], 0),
        )
        expect(sums).toEqual(invoice!.amounts.slice(0, 4))
      }),
      { numRuns: 30 },
    )
  })

  test('is not edited by anybody once it is issued', async () => {
    const { id } = await issue(customer, await customer.order())
    for (const edit of ['net_paise = 1', "number = 'RF/1'", "status = 'draft'", "buyer = '{}'", 'issued_at = now()']) {
      await expect(owner.unsafe(`update invoices set ${edit} where id = '${id}'`)).rejects.toThrow('is not edited')
    }
    await expect(
      database.transaction({ ...nobody, orgId: customer.orgId }, (sql) => sql`delete from invoices where id = ${id}`),
    ).rejects.toThrow('permission denied')
  })

  test('of a seller who is not registered bears no tax', async () => {
    const one = createCustomer(database, {
      settings: { ...testSettings, seller: { ...testSettings.seller, gstin: '' } },
    })
    await issue(one, await one.order())
    expect(await documentsOf(one)).toMatchObject([{ tax_kind: 'not-registered', amounts: [499_900, 0, 0, 0, 499_900] }])
  })
})

describe('a credit note', () => {
  test('takes back all of an invoice, which is void then, and the books are as before', async () => {
    const customer = createCustomer(database)
    const invoice = await issue(customer, await customer.order())
    const note = await credit(customer, invoice.id, 589_882)
    expect(note).toMatchObject({ net_paise: 499_900, total_paise: 589_882 })
    expect(await documentsOf(customer)).toMatchObject([
      { kind: 'invoice', status: 'void' },
      { kind: 'credit_note', status: 'final', amounts: [499_900, 44_991, 44_991, 0, 589_882] },
    ])
    expect(new Set(Object.values(await balancesOf(customer)))).toEqual(new Set([0]))
    expect(customer.told.tasks).toHaveLength(2)
    expect(customer.told.audited).toEqual(['invoice.issued', 'credit_note.issued'])
  })

  test('is one for each refund, however often it is asked for', async () => {
    const customer = createCustomer(database)
    const invoice = await issue(customer, await customer.order())
    const refundId = await createRefund(customer)
    const notes = await Promise.all(Array.from({ length: 5 }, () => credit(customer, invoice.id, 1_000, refundId)))
    expect(new Set(notes.map(({ id }) => id)).size).toBe(1)
    expect(await documentsOf(customer)).toHaveLength(2)
  })

  test('over more than is left of the invoice is refused, also when several are asked for at once', async () => {
    const customer = createCustomer(database)
    const invoice = await issue(customer, await customer.order())
    const outcomes = await Promise.allSettled(Array.from({ length: 6 }, () => credit(customer, invoice.id, 150_000)))
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected')
    expect(refused.map(({ reason }) => reason)).toMatchObject(Array(3).fill({ code: 'CONFLICT' }))
    await expect(credit(customer, invoice.id, 139_883)).rejects.toMatchObject({ code: 'CONFLICT' })
    await credit(customer, invoice.id, 139_882)
    expect((await documentsOf(customer))[0]).toMatchObject({ status: 'void' })
  })

  test('is nobody else’s to make', async () => {
    const customer = createCustomer(database)
    const invoice = await issue(customer, await customer.order())
    await expect(credit(createCustomer(database), invoice.id, 1)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await expect(credit(customer, newId(), 1)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })

  test('with others takes an invoice apart exactly, and no part of it is ever below zero', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 3_000 }),
        fc.constantFrom('27', '29'),
        fc.array(fc.integer({ min: 1, max: 1_200 }), { maxLength: 4 }),
        async (net, state, credits) => {
          const customer = createCustomer(database)
          await customer.change(({ sql }) => sql`update billing_accounts set state_code = ${state}`)
          const order = await customer.order([line(net)])
          const invoice = await issue(customer, order)
          let left = order.total_paise
          for (const wanted of [...credits, Number.POSITIVE_INFINITY]) {
            const gross = Math.min(wanted, left)
            if (gross === 0) break
            await credit(customer, invoice.id, gross)
            left -= gross
          }
          const [issued, ...notes] = await documentsOf(customer)
          expect(issued!.status).toBe('void')
          expect(Math.min(...notes.flatMap(({ amounts }) => amounts))).toBeGreaterThanOrEqual(0)
          expect(issued!.amounts.map((_, part) => notes.reduce((sum, { amounts }) => sum + amounts[part]!, 0))).toEqual(
            issued!.amounts,
          )
          expect(new Set(Object.values(await balancesOf(customer)))).toEqual(new Set([0]))
        },
      ),
      { numRuns: 25 },
    )
  })
})

async function createRefund({ orgId }: Customer): Promise<string> {
  const [refundId, paymentId] = [newId(), newId()]
  await owner`insert into payments (id, org_id, gateway_payment_id, status, amount_paise, captured_at, created_at)
    values (${paymentId}, ${orgId}, ${`pay_${paymentId}`}, 'captured', 589882, now(), now())`
  await owner`insert into refunds (id, org_id, payment_id, amount_paise, status, purpose)
    values (${refundId}, ${orgId}, ${paymentId}, 1000, 'requested', 'sale')`
  return refundId
}
