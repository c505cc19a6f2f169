import * as v from 'valibot'
import { PlainText } from '../../plain-text.ts'
import { Gstin } from '../tax/gstin.ts'
import { stateNames } from '../tax/states.ts'

/** One line, as it will stand on invoices. */
const line = (maximum: number) =>
  v.pipe(
    PlainText,
    v.trim(),
    v.minLength(1, 'must not be empty'),
    v.maxLength(maximum),
    v.regex(/^[^\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]*$/u, 'must be one line of text'),
  )

const countries = new Intl.DisplayNames('en', { type: 'region', fallback: 'none' })
const Country = v.pipe(
  v.string(),
  v.regex(/^[A-Z]{2}$/, 'must be an ISO 3166-1 alpha-2 code'),
  v.check((code) => countries.of(code) !== undefined && !notCountries.has(code), 'must be the code of a country'),
  v.description('ISO 3166-1 alpha-2'),
)
/** What the names of regions know besides countries. */
const notCountries = new Set(['EU', 'EZ', 'UN', 'XA', 'XB', 'ZZ', 'QO'])

const StateCode = v.pipe(
  v.string(),
  v.check((code) => Object.hasOwn(stateNames, code), 'must be the GST code of a state, two digits'),
  v.description('GST code of the state'),
)

const fields = {
  legal_name: v.pipe(line(200), v.description('As it is to stand on invoices')),
  email: v.pipe(
    v.optional(v.nullable(v.pipe(line(254), v.email('must be an e-mail address'))), null),
    v.description('Where invoices are sent; null: to the owner'),
  ),
  address_line_1: line(200),
  address_line_2: v.optional(v.nullable(line(200)), null),
  city: line(100),
  postal_code: line(20),
  state_code: v.optional(v.nullable(StateCode), null),
  country: v.optional(Country, 'IN'),
  gstin: v.pipe(
    v.optional(v.nullable(Gstin), null),
    v.description('For customers who are registered under GST; its first two digits are their state'),
  ),
}

/** The customer as an owner describes it; what isn't said is removed. */
export const AccountDraft = v.pipe(
  v.strictObject(fields),
  v.forward(
    v.check(
      ({ country, state_code }) => (country === 'IN') === (state_code !== null),
      'is needed in India, and there alone',
    ),
    ['state_code'],
  ),
  v.forward(
    v.check(
      ({ country, postal_code }) => country !== 'IN' || /^[1-9]\d{5}$/.test(postal_code),
      'must be a PIN code, six digits',
    ),
    ['postal_code'],
  ),
  v.forward(
    v.check(
      ({ country, state_code, gstin }) => gstin === null || (country === 'IN' && gstin.slice(0, 2) === state_code),
      'must be of the state that is named',
    ),
    ['gstin'],
  ),
)
export type AccountDraft = v.InferOutput<typeof AccountDraft>

const text = v.nullable(v.string())
const TaxTreatment = v.picklist(['standard', 'reverse-charge', 'export'])

export const Account = v.strictObject({
  legal_name: text,
  email: text,
  address_line_1: text,
  address_line_2: text,
  city: text,
  postal_code: text,
  state_code: text,
  country: v.string(),
  gstin: text,
  tax_treatment: v.pipe(
    TaxTreatment,
    v.description(
      '`reverse-charge`: the customer pays the tax itself; `export`: without tax, under a letter of undertaking. ' +
        'Set by operators, and back to `standard` when country or GSTIN change.',
    ),
  ),
  tax_kind: v.pipe(
    v.picklist(['intra-state', 'inter-state', 'export', 'reverse-charge', 'not-registered']),
    v.description('How what is sold to it is taxed: CGST and SGST, IGST, or not'),
  ),
  place_of_supply: v.string(),
})
export type Account = v.InferOutput<typeof Account>

export const TaxTreatmentChange = v.strictObject({ tax_treatment: TaxTreatment })
