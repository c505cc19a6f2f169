import * as v from 'valibot'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { createCustomer, testSettings } from '../../../../tests/setup/billing-invoices.ts'
import { cloneDatabase, type TestDatabase } from '../../../../tests/setup/database.ts'
import { createTenants } from '../../../../tests/setup/tenancy.ts'
import { type Database, nobody } from '../../../platform/database/index.ts'
import { newId } from '../../ids.ts'
import { readAccount, setTaxTreatment, updateAccount } from './accounts.ts'
import { AccountDraft } from './schemas.ts'

const { seller } = testSettings
let clone: TestDatabase
let database: Database

beforeAll(async () => {
  clone = await cloneDatabase(inject('clusterUrl'))
  database = clone.open(4)
})
afterAll(async () => {
  await database.close()
  await clone.drop()
})

const indian = {
  legal_name: 'Acme Threat Research Private Limited',
  email: 'accounts@acme.example',
  address_line_1: '1 MG Road',
  city: 'Bengaluru',
  postal_code: '560001',
  state_code: '29',
  gstin: '29AAGCB7383J1Z4',
}
const german = {
  legal_name: 'Beispiel GmbH',
  address_line_1: 'Weg 1',
  city: 'Berlin',
  postal_code: '10115',
  country: 'DE',
}

describe('what a customer may say', () => {
  test('is kept with what wasn’t said as null, and a GSTIN as it is written properly', () => {
    expect(v.parse(AccountDraft, { ...indian, gstin: ' 29aagcb7383j1z4' })).toEqual({
      ...indian,
      address_line_2: null,
      country: 'IN',
    })
    expect(v.parse(AccountDraft, german)).toMatchObject({ state_code: null, gstin: null, email: null })
  })

  test.each([
    ['a GSTIN with another check digit', { gstin: '29AAGCB7383J1Z5' }, 'gstin'],
    ['a GSTIN of another state', { gstin: '27AAPFU0939F1ZV' }, 'gstin'],
    ['no state in India', { state_code: null, gstin: null }, 'state_code'],
    ['a state that there is none of', { state_code: '99', gstin: null }, 'state_code'],
    ['a PIN code of five digits', { postal_code: '56000' }, 'postal_code'],
    ['a state abroad', { country: 'DE', gstin: null }, 'state_code'],
    ['a GSTIN abroad', { country: 'DE', state_code: null }, 'gstin'],
    ['a country that there is none of', { country: 'XX' }, 'country'],
    ['a union of countries', { country: 'EU' }, 'country'],
    ['a name of two lines', { legal_name: 'Acme\nGSTIN 27' }, 'legal_name'],
    ['a name that turns what follows around', { legal_name: 'Acme \u202egnp' }, 'legal_name'],
    ['an empty name', { legal_name: '  ' }, 'legal_name'],
    ['no e-mail address', { email: 'acme' }, 'email'],
    ['how it is taxed', { tax_treatment: 'export' }, 'tax_treatment'],
  ])('is not %s', (_, wrong, field) => {
    const { success, issues } = v.safeParse(AccountDraft, { ...indian, ...wrong })
    expect(success).toBe(false)
    expect(issues?.map((issue) => v.getDotPath(issue))).toContain(field)
  })
})

describe('an account', () => {
  const within = (orgId: string) => ({
    read: () => database.transaction({ ...nobody, orgId }, (sql) => readAccount(sql, orgId, seller)),
    update: (draft: v.InferInput<typeof AccountDraft>) =>
      database.transaction({ ...nobody, orgId }, (sql) =>
        updateAccount(sql, orgId, v.parse(AccountDraft, draft), seller),
      ),
    treat: (treatment: Parameters<typeof setTaxTreatment>[2]) =>
      database.transaction({ ...nobody, orgId }, (sql) => setTaxTreatment(sql, orgId, treatment, seller)),
  })

  test('that nobody has described is of where the seller is', async () => {
    expect(await within(newId()).read()).toMatchObject({
      legal_name: null,
      country: 'IN',
      tax_kind: 'intra-state',
      place_of_supply: '27-Maharashtra',
    })
  })

  test('is replaced as a whole by what is said anew', async () => {
    const { update, read } = within(newId())
    await update({ ...indian, address_line_2: 'Floor 2' })
    const changed = await update({ ...indian, email: null, gstin: null })
    expect(changed).toMatchObject({ address_line_2: null, email: null, gstin: null, tax_kind: 'inter-state' })
    expect(await read()).toEqual(changed)
  })

  test('is taxed otherwise only by an operator’s word, and only as the customer it was given to', async () => {
    const { orgId } = await createTenants(database).organization()
    const { update, treat } = within(orgId)
    await update(indian)
    await expect(treat('export')).rejects.toMatchObject({ code: 'CONFLICT' })
    expect(await treat('reverse-charge')).toMatchObject({ tax_kind: 'reverse-charge' })
    // The address may change, the customer not.
    expect(await update({ ...indian, city: 'Mysuru' })).toMatchObject({ tax_kind: 'reverse-charge' })
    expect(await update({ ...indian, gstin: null })).toMatchObject({
      tax_treatment: 'standard',
      tax_kind: 'inter-state',
    })
    await expect(treat('reverse-charge')).rejects.toMatchObject({ code: 'CONFLICT' })
    expect(await update(german)).toMatchObject({ tax_kind: 'inter-state', place_of_supply: '96-Other Countries' })
    expect(await treat('export')).toMatchObject({ tax_kind: 'export' })
    expect(await update(indian)).toMatchObject({ tax_treatment: 'standard' })
    await expect(within(newId()).treat('standard')).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })

  test('of an organization that is being deleted is described no more', async () => {
    const customer = createCustomer(database)
    await customer.change(({ sql }) => sql`update billing_accounts set closed_at = now()`)
    await expect(within(customer.orgId).update(indian)).rejects.toMatchObject({ code: 'CONFLICT' })
  })
})
