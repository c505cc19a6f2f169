import { expect, test } from 'vitest'
import { findPersonalData } from './personal-data.ts'

test.each([
  ['e-mail address', 'Write to jane.doe@mail.example.org today'],
  ['e-mail address', 'jane.doe [at] example [dot] org'.replace(' [at] ', '[at]').replace(' [dot] ', '[dot]')],
  ['e-mail address', 'jane%40example.org'],
  ['e-mail address', 'jane&#64;example.org'],
  ['e-mail address', 'jörg@müller.example.de'],
  ['telephone number', 'Call +91 98765 43210 now'],
  ['telephone number', 'Call +1 (202) 555-0143.'],
  ['telephone number', 'or (855) 292-3937 or'],
  ['telephone number', 'phone: 9876543210'],
  ['telephone number', '030/1234 5678'],
  ['card number', 'paid with 4111 1111 1111 1111'],
  ['card number', '5500-0000-0000-0004'],
  ['card number', '378282246310005'],
  ['card number', '4111\u200b111111111111'],
  ['IBAN', 'DE89 3704 0044 0532 0130 00'],
  ['IBAN', 'GB82WEST12345698765432'],
  ['Aadhaar number', '2341 2341 2346'],
  ['PAN', 'ABCPE1234F'],
  ['social security number', '536-90-4399'],
  ['national insurance number', 'AB 12 34 56 C'],
])('%s is found in %j', (kind, text) => expect(findPersonalData(text)).toBe(kind))

test.each([
  '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  '185.220.101.45 and 10.0.0.0/8 and 2001:db8::1',
  'CVE-2021-44228 in version 10.15.7.2 of 2024-05-12 08:00:00',
  '4111 1111 1111 1112 is no card number',
  'DE89 3704 0044 0532 0130 01 is no IBAN',
  '1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa',
  'S-1-5-21-3623811015-3361044348-30300820-1013',
  'between 2019 and 2021, 1,200,000 users and 31 servers',
  'build 20240512 of 12345678-1234-1234-1234-123456789012',
  '000-12-3456 and 666-12-3456 were never given out',
  'APT29 used T1566.001 on port 443',
])('%j holds none', (text) => expect(findPersonalData(text)).toBeNull())

test('an address that is a cited indicator may stand, however it is written; another one may not', () => {
  const evidence = new Set(['lure@evil.top'])
  expect(findPersonalData('sent from lure[@]evil[.]top', evidence)).toBeNull()
  expect(findPersonalData('sent from Lure@evil.top', evidence)).toBeNull()
  expect(findPersonalData('sent from lure@evil.top to jane@example.org', evidence)).toBe('e-mail address')
})
