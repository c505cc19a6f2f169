import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { BillingAccount } from '../accounts/lock.ts'
import type { Seller } from '../effects.ts'
import { placeOfSupply, splitGross, type TaxKind, taxKindOf, taxOf } from './gst.ts'

const seller: Seller = {
  name: 'RaptorFlow',
  gstin: '27AAPFU0939F1ZV',
  addressLines: [],
  stateCode: '27',
  email: 'billing@raptorflow.example',
  sac: '998315',
}

function buildAccount(overrides: Partial<BillingAccount> = {}): BillingAccount {
  return {
    org_id: '01890000-0000-7000-8000-000000000000',
    legal_name: null,
    email: null,
    address_line_1: null,
    address_line_2: null,
    city: null,
    postal_code: null,
    state_code: null,
    country: 'IN',
    gstin: null,
    tax_treatment: 'standard',
    trial_used_at: null,
    closed_at: null,
    ...overrides,
  }
}

const kinds: TaxKind[] = ['intra-state', 'inter-state', 'export', 'reverse-charge', 'not-registered']
const anyKind = fc.constantFrom(...kinds)
const anyPaise = fc.oneof(fc.nat(1000), fc.nat(1e9), fc.nat(1e15))

describe('how a supply is taxed', () => {
  test.each([
    ['of the same state', { state_code: '27' }, 'intra-state', '27-Maharashtra'],
    ['of another state', { state_code: '29' }, 'inter-state', '29-Karnataka'],
    ['whose state is not known is taken to be where the seller is', {}, 'intra-state', '27-Maharashtra'],
    [
      'abroad, as long as nobody has said that it is an export without tax',
      { country: 'DE' },
      'inter-state',
      '96-Other Countries',
    ],
    [
      'abroad under a letter of undertaking',
      { country: 'DE', tax_treatment: 'export' },
      'export',
      '96-Other Countries',
    ],
    [
      'who owes the tax itself',
      { state_code: '29', gstin: '29AAGCB7383J1Z4', tax_treatment: 'reverse-charge' },
      'reverse-charge',
      '29-Karnataka',
    ],
    [
      'who would owe the tax but is not registered',
      { state_code: '29', tax_treatment: 'reverse-charge' },
      'inter-state',
      '29-Karnataka',
    ],
  ] as const)('a customer %s', (_, account, kind, place) => {
    expect(taxKindOf(buildAccount(account), seller)).toBe(kind)
    expect(placeOfSupply(buildAccount(account), seller)).toBe(place)
  })

  test('a seller who is not registered asks for no tax, wherever the customer is', () => {
    for (const account of [{}, { state_code: '29' }, { country: 'US', tax_treatment: 'export' as const }]) {
      expect(taxKindOf(buildAccount(account), { ...seller, gstin: '' })).toBe('not-registered')
    }
  })
})

describe('tax', () => {
  test('is 18 %, with the odd paisa in the CGST', () => {
    expect(taxOf(499_900, 'intra-state')).toEqual({
      cgst_paise: 44_991,
      sgst_paise: 44_991,
      igst_paise: 0,
      total_paise: 589_882,
    })
    expect(taxOf(499_900, 'inter-state')).toEqual({
      cgst_paise: 0,
      sgst_paise: 0,
      igst_paise: 89_982,
      total_paise: 589_882,
    })
    // 18 % of 25 paise are 4.5: rounded up to 5.
    expect(taxOf(25, 'intra-state')).toEqual({ cgst_paise: 3, sgst_paise: 2, igst_paise: 0, total_paise: 30 })
    expect(taxOf(0, 'intra-state').total_paise).toBe(0)
  })

  test('is within half a paisa of the rate, adds up, and halves differ by at most the odd paisa', () => {
    fc.assert(
      fc.property(anyPaise, anyKind, (net, kind) => {
        const { cgst_paise, sgst_paise, igst_paise, total_paise } = taxOf(net, kind)
        const tax = cgst_paise + sgst_paise + igst_paise
        expect(total_paise).toBe(net + tax)
        const taxed = kind === 'intra-state' || kind === 'inter-state'
        const exactTimes100 = taxed ? BigInt(net) * 18n : 0n
        const difference = BigInt(tax) * 100n - exactTimes100
        expect(difference > -50n && difference <= 50n).toBe(true)
        expect(igst_paise === 0 || kind === 'inter-state').toBe(true)
        expect(cgst_paise - sgst_paise === 0 || (cgst_paise - sgst_paise === 1 && kind === 'intra-state')).toBe(true)
      }),
    )
  })

  test('an amount with tax is split into parts that sum to it, and what was taxed is found again', () => {
    fc.assert(
      fc.property(anyPaise, anyKind, (amount, kind) => {
        const split = splitGross(amount, kind)
        expect(split.net_paise + split.cgst_paise + split.sgst_paise + split.igst_paise).toBe(amount)
        expect(Math.min(split.net_paise, split.cgst_paise, split.sgst_paise, split.igst_paise)).toBeGreaterThanOrEqual(
          0,
        )
        const taxed = taxOf(amount, kind)
        expect(splitGross(taxed.total_paise, kind)).toEqual({ net_paise: amount, ...taxed })
      }),
    )
  })
})
