import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import type { IndicatorType } from '../extraction/types.ts'
import { writeStixBundle } from './bundle.ts'
import { buildDocument, buildEntity, buildIndicator, producer, rowId } from './fixtures.ts'

/**
 * The OASIS schemas are not part of the project, so this check runs where they are at hand: in ADAPT_REFERENCE_DATA, or in
 * the folder beside the repository.
 */
const reference = process.env.ADAPT_REFERENCE_DATA ?? join(import.meta.dirname, '../../../../shared/data')
const folder = join(reference, 'stix/schemas')
const base = 'http://raw.githubusercontent.com/oasis-open/cti-stix2-json-schemas/stix2.1/schemas/'
const isHere = existsSync(folder)

if (!isHere) console.warn('The OASIS schemas are not at hand: exports were not validated against them.')

const samples: Record<IndicatorType, string> = {
  ipv4: '198.51.100.3',
  ipv6: '2001:db8::1',
  'ipv4-cidr': '198.51.100.0/24',
  'ipv6-cidr': '2001:db8::/32',
  'ipv4-port': '198.51.100.3:443',
  'ipv6-port': '[2001:db8::1]:443',
  domain: 'evil.example',
  url: 'https://evil.example/a?b=c#d',
  email: 'a@evil.example',
  md5: 'ab'.repeat(16),
  sha1: 'ab'.repeat(20),
  sha256: 'ab'.repeat(32),
  sha512: 'ab'.repeat(64),
  ssdeep: '3:AXGBicFlgVNhBGcL6wCrFQEv:AXGHsNhxLsr2C',
  tlsh: `T1${'0A'.repeat(35)}`,
  imphash: 'ab'.repeat(16),
  ja3: 'ab'.repeat(16),
  'file-path': 'C:\\Windows\\Temp\\a.exe',
  'registry-key': 'HKLM\\Software\\Evil',
  mutex: 'Global\\x',
  'user-agent': 'Mozilla/4.0 (evil)',
  asn: 'AS64496',
  mac: '00:00:5e:00:53:01',
  cve: 'CVE-2021-44228',
  bitcoin: '1BoatSLRHtKNngkdXEeobR76b53LETtpyT',
  ethereum: '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed',
  monero: '4A',
  onion: `${'a'.repeat(56)}.onion`,
  i2p: 'evil.i2p',
  'x509-serial': '0a1b',
  'yara-rule': 'APT_Evil',
}
const types = Object.keys(samples) as IndicatorType[]

describe.skipIf(!isHere)('against the OASIS STIX 2.1 schemas', () => {
  const schemas = new Map<string, ValidateFunction>()
  const schemaOf = (type: string) => schemas.get(type)!

  beforeAll(() => {
    const formats = {
      uri: (text: string) => URL.canParse(text) && /^[\x21-\x7e]+$/.test(text),
      email: (text: string) => /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(text),
      'idn-hostname': (text: string) => text.length < 254 && !/[\s/:@]/.test(text),
    }
    // The schemas' regular expressions escape hyphens, which the u flag forbids.
    const ajv = new Ajv2020({ strict: false, unicodeRegExp: false, formats, allErrors: true })
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.json'))
    for (const file of files) ajv.addSchema(JSON.parse(readFileSync(join(folder, file), 'utf8')))
    for (const file of files) {
      const path = file.replaceAll('\\', '/')
      schemas.set(path.slice(path.lastIndexOf('/') + 1, -'.json'.length), ajv.getSchema(base + path)!)
    }
  })

  async function exported(
    values: readonly (readonly [IndicatorType, string])[],
  ): Promise<{ objects: { type: string }[] }> {
    const kinds = [
      ['technique', 'T1059.001'],
      ['technique', 'T9999'],
      ['actor', 'G0007'],
      ['actor', 'G9999'],
      ['software', 'S0154'],
      ['software', 'S0029'],
      ['software', 'S9999'],
      ['vulnerability', 'CVE-2020-1472'],
    ] as const
    let text = ''
    for await (const piece of writeStixBundle({
      id: rowId(1),
      producer,
      documents: [buildDocument({}), buildDocument({ id: rowId(2), tlp: 'RED', sha256: null, title: null })],
      entities: kinds.map(([kind, external_id], at) => buildEntity({ id: rowId(10 + at), kind, external_id })),
      indicators: values.map(([type, value], at) =>
        buildIndicator({
          id: rowId(100 + at),
          type,
          value,
          tlp: at % 2 === 0 ? 'CLEAR' : 'AMBER+STRICT',
          document_ids: [rowId(500), rowId(2)],
          suppressed_reason: at % 5 === 0 ? 'reserved' : null,
        }),
      ),
      includeSuppressed: true,
    }))
      text += piece
    return JSON.parse(text)
  }

  function expectValid(bundle: { objects: { type: string }[] }): void {
    for (const object of bundle.objects) {
      const validate = schemaOf(object.type)
      validate(object)
      expect(validate.errors ?? [], JSON.stringify(object)).toEqual([])
    }
    expect(schemaOf('bundle')(bundle)).toBe(true)
  }

  it('an export with every kind of indicator and entity is valid', async () => {
    const bundle = await exported(types.map((type) => [type, samples[type]]))
    expect(new Set(bundle.objects.map((object) => object.type)).size).toBeGreaterThan(18)
    expectValid(bundle)
  })

  it('an export stays valid whatever the values are', async () => {
    const value = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.webUrl({ withFragments: true, withQueryParameters: true }),
      fc.ipV6(),
      fc.emailAddress(),
      fc.domain(),
      fc.constantFrom(...Object.values(samples)),
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.constantFrom(...types.filter((type) => type !== 'cve')), value)),
        async (values) => expectValid(await exported(values)),
      ),
      { numRuns: 100 },
    )
  })

  it('the check refuses what is wrong', async () => {
    const bundle = await exported([['ipv4', samples.ipv4]])
    const indicator = bundle.objects.find((object) => object.type === 'indicator')!
    expect(schemaOf('indicator')({ ...indicator, id: `indicator--${rowId(1)}` })).toBe(false)
    expect(schemaOf('indicator')({ ...indicator, valid_from: '2026-11-01' })).toBe(false)
    expect(schemaOf('bundle')({ ...bundle, objects: [{ ...indicator, pattern: undefined }] })).toBe(false)
  })
})
