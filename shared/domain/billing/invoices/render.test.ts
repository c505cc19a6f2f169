import { extractText } from 'unpdf'
import { describe, expect, test } from 'vitest'
import { renderInvoice } from './render.ts'
import type { Invoice } from './schemas.ts'

function buildInvoice(overrides: Partial<Invoice> = {}): Invoice {
  return {
    id: '01890000-0000-7000-8000-000000000001',
    kind: 'invoice',
    status: 'final',
    number: 'RF/2627/000042',
    financial_year: '2026-27',
    issued_at: '2026-11-21T19:00:00.000Z',
    order_id: '01890000-0000-7000-8000-000000000002',
    payment_id: '01890000-0000-7000-8000-000000000003',
    gateway_payment_id: 'pay_29QQoUBi66xm2f',
    period_start: '2026-11-20T18:30:00.000Z',
    period_end: '2026-12-20T18:30:00.000Z',
    credit_paise: 0,
    credits_id: null,
    credits_number: null,
    credits_issued_at: null,
    seller: {
      name: 'RaptorFlow Technologies',
      gstin: '27AAPFU0939F1ZV',
      address_lines: ['4th Floor, Trade Centre', 'Mumbai 400051'],
      state_code: '27',
      country: 'IN',
      email: 'billing@raptorflow.example',
    },
    buyer: {
      name: 'Acme Threat Research',
      gstin: '29AAGCB7383J1Z4',
      address_lines: ['1 MG Road', 'Bengaluru 560001'],
      state_code: '29',
      country: 'IN',
      email: null,
    },
    place_of_supply: '29-Karnataka',
    tax_kind: 'inter-state',
    lines: [
      {
        description: 'Plan Team, monthly',
        sac: '998315',
        quantity: 1,
        unit_paise: 499_900,
        net_paise: 499_900,
        rate_basis_points: 1800,
        cgst_paise: 0,
        sgst_paise: 0,
        igst_paise: 89_982,
      },
    ],
    net_paise: 499_900,
    cgst_paise: 0,
    sgst_paise: 0,
    igst_paise: 89_982,
    total_paise: 589_882,
    reason: null,
    emailed_at: null,
    ...overrides,
  }
}

async function readPages(invoice: Invoice): Promise<string[]> {
  const { text } = await extractText(await copyOf(invoice), { mergePages: false })
  return text.map((page) => page.replaceAll(/\s+/g, ' '))
}

/** pdf.js takes the bytes that it is given away. */
async function copyOf(invoice: Invoice): Promise<Uint8Array> {
  return new Uint8Array(await renderInvoice(invoice))
}

const abroad = { ...buildInvoice().buyer, gstin: null, state_code: null, country: 'DE' }

describe('the PDF', () => {
  test('has every particular that rule 46 asks for', async () => {
    const [page] = await readPages(buildInvoice())
    for (const particular of [
      ...[
        'Tax invoice',
        'RF/2627/000042',
        '22 Nov 2026',
        'RaptorFlow Technologies',
        '27AAPFU0939F1ZV',
        'Mumbai 400051',
      ],
      ...['Acme Threat Research', '29AAGCB7383J1Z4', 'Bengaluru 560001', 'Karnataka (state code 29)', '29-Karnataka'],
      ...['Plan Team, monthly', '998315', '₹4,999.00', 'IGST 18%', '₹899.82', '₹5,898.82', 'Reverse charge No'],
      ...['Rupees Five Thousand Eight Hundred Ninety-Eight and Eighty-Two Paise Only', 'pay_29QQoUBi66xm2f'],
      '21 Nov 2026 to 20 Dec 2026',
      'Page 1 of 1',
    ]) {
      expect(page).toContain(particular)
    }
  })

  const half = { cgst_paise: 44_991, sgst_paise: 44_991, igst_paise: 0 }
  test.each<[string, Partial<Invoice>, string[], string[]]>([
    [
      'within a state shows CGST and SGST',
      { tax_kind: 'intra-state', place_of_supply: '27-Maharashtra', ...half },
      ['CGST 9%', 'SGST 9%', '₹449.91'],
      ['IGST'],
    ],
    [
      'within a union territory shows CGST and UTGST',
      { tax_kind: 'intra-state', place_of_supply: '04-Chandigarh', ...half },
      ['CGST 9%', 'UTGST 9%'],
      ['IGST'],
    ],
    [
      'abroad without tax is endorsed so',
      { tax_kind: 'export', place_of_supply: '96-Other Countries', buyer: abroad },
      ['letter of undertaking without payment of integrated tax', 'Germany', '96-Other Countries'],
      ['IGST 18%', 'State code'],
    ],
    [
      'abroad with tax is endorsed so',
      { place_of_supply: '96-Other Countries', buyer: abroad },
      ['on payment of integrated tax', 'IGST 18%'],
      ['letter of undertaking'],
    ],
    [
      'where the recipient owes the tax says so',
      { tax_kind: 'reverse-charge' },
      ['Reverse charge Yes', 'payable on reverse charge: by the recipient'],
      ['IGST 18%', 'is not payable'],
    ],
    [
      'of a seller who is not registered claims no tax',
      { tax_kind: 'not-registered' },
      ['not registered under GST', 'Invoice'],
      ['Tax invoice', 'IGST'],
    ],
    [
      'of a credit note names the invoice and why',
      {
        kind: 'credit_note',
        number: 'RC/2627/000003',
        credits_number: 'RF/2627/000042',
        credits_issued_at: '2026-11-01T00:00:00.000Z',
        reason: 'Two seats given back',
      },
      ['Credit note', 'RC/2627/000003', 'RF/2627/000042 of 1 Nov 2026', 'Two seats given back', 'Total credited'],
      ['Tax invoice'],
    ],
    ['says what was paid from credit', { credit_paise: 100_000 }, ['₹1,000.00 of it paid from your credit'], []],
  ])('%s', async (_, overrides, shown, hidden) => {
    const [page] = await readPages(buildInvoice(overrides))
    for (const text of shown) expect(page).toContain(text)
    for (const text of hidden) expect(page).not.toContain(text)
  })

  test('has as many pages as its lines need, each with the head of the table and its number', async () => {
    const [line] = buildInvoice().lines
    const lines = Array.from({ length: 60 }, (_, index) => ({ ...line!, description: `Item ${index} of sixty` }))
    const pages = await readPages(buildInvoice({ lines }))
    expect(pages.length).toBeGreaterThan(1)
    for (const index of lines.keys()) expect(pages.join(' ')).toContain(`Item ${index} of sixty`)
    for (const [index, page] of pages.entries()) expect(page).toContain(`Page ${index + 1} of ${pages.length}`)
    expect(pages[1]).toContain('Unit price')
    expect(pages.at(-1)).toContain('₹5,898.82')
  })

  test('is made of hostile and foreign names too', async () => {
    const name = 'Ünïcødé & <script> Κυβερνο Штраф \u{1F600} देव'
    const long = 'W'.repeat(200)
    const [page] = await readPages(buildInvoice({ buyer: { ...abroad, name, address_lines: [long] } }))
    expect(page).toContain('Ünïcødé & <script> Κυβερνο Штраф')
    expect(page!.match(/W/g)!.length).toBeGreaterThanOrEqual(200)
    expect(await readPages(buildInvoice({ lines: [], net_paise: 0, igst_paise: 0, total_paise: 0 }))).toHaveLength(1)
  })

  test('is the same bytes each time, also when it is void by now', async () => {
    const first = Buffer.from(await renderInvoice(buildInvoice()))
    const voided = buildInvoice({ status: 'void', emailed_at: '2026-11-22T00:00:00.000Z' })
    expect(first.equals(await renderInvoice(voided))).toBe(true)
  })
})
