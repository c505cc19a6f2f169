import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { type StixBundleInput, writeStixBundle } from './bundle.ts'
import { buildDocument, buildEntity, buildIndicator, documentId, producer, rowId } from './fixtures.ts'
import { stixId } from './identifiers.ts'
import { markingId } from './markings.ts'
import type { StixObject } from './types.ts'

interface Bundle {
  type: string
  id: string
  objects: StixObject[]
}

const exportId = rowId(900)

async function textOf(input: Partial<StixBundleInput>): Promise<string> {
  let text = ''
  for await (const piece of writeStixBundle({
    id: exportId,
    producer,
    documents: [],
    indicators: [],
    entities: [],
    ...input,
  }))
    text += piece
  return text
}

async function bundleOf(input: Partial<StixBundleInput>): Promise<Bundle> {
  return JSON.parse(await textOf(input))
}

const byType = (bundle: Bundle, type: string) => bundle.objects.filter((object) => object.type === type)

describe('a bundle of one advisory', () => {
  const input = {
    documents: [buildDocument({})],
    indicators: [buildIndicator({})],
    entities: [
      buildEntity({ id: rowId(1), kind: 'technique', external_id: 'T1059.001', name: 'PowerShell' }),
      buildEntity({ id: rowId(2), kind: 'actor', external_id: 'G0007', name: 'APT28' }),
      buildEntity({ id: rowId(3), kind: 'software', external_id: 'S0154', name: 'Cobalt Strike' }),
      buildEntity({ id: rowId(4), kind: 'software', external_id: 'S0029', name: 'PsExec' }),
      buildEntity({ id: rowId(5), kind: 'vulnerability', external_id: 'CVE-2021-44228', name: 'CVE-2021-44228' }),
    ],
  } satisfies Partial<StixBundleInput>
  let bundle: Bundle
  beforeAll(async () => {
    bundle = await bundleOf(input)
  })

  it('is a bundle with the objects that the rows stand for, the author and the markings used', () => {
    expect(bundle.type).toBe('bundle')
    expect(bundle.objects.map((object) => object.type)).toEqual([
      'identity',
      'marking-definition',
      'attack-pattern',
      'intrusion-set',
      'malware',
      'tool',
      'vulnerability',
      'indicator',
      'ipv4-addr',
      'relationship',
      'report',
    ])
  })

  it('has an indicator with pattern, validity, confidence and marking', () => {
    expect(byType(bundle, 'indicator')[0]).toEqual({
      type: 'indicator',
      spec_version: '2.1',
      id: stixId('indicator', buildIndicator({}).id),
      created: '2026-11-02T10:00:00.123Z',
      modified: '2026-11-03T10:00:00.000Z',
      name: '198.51.100.3',
      indicator_types: ['malicious-activity'],
      pattern: "[ipv4-addr:value = '198.51.100.3']",
      pattern_type: 'stix',
      pattern_version: '2.1',
      valid_from: '2026-11-01T00:00:00.000Z',
      valid_until: '2027-01-30T00:00:00.000Z',
      confidence: 75,
      created_by_ref: stixId('identity', producer.id),
      object_marking_refs: [markingId('AMBER')],
    })
  })

  it('ties the indicator to its observable with based-on', () => {
    expect(byType(bundle, 'ipv4-addr')[0]).toEqual({
      type: 'ipv4-addr',
      spec_version: '2.1',
      id: 'ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4',
      value: '198.51.100.3',
      object_marking_refs: [markingId('AMBER')],
    })
    expect(byType(bundle, 'relationship')).toHaveLength(1)
    expect(byType(bundle, 'relationship')[0]).toMatchObject({
      relationship_type: 'based-on',
      source_ref: stixId('indicator', buildIndicator({}).id),
      target_ref: 'ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4',
    })
  })

  it('names techniques, groups, software and vulnerabilities by the ids of ATT&CK and CVE', () => {
    expect(byType(bundle, 'attack-pattern')[0]).toMatchObject({
      name: 'PowerShell',
      kill_chain_phases: [{ kill_chain_name: 'mitre-attack', phase_name: 'execution' }],
      external_references: [
        {
          source_name: 'mitre-attack',
          external_id: 'T1059.001',
          url: 'https://attack.mitre.org/techniques/T1059/001',
          description: expect.stringContaining('The MITRE Corporation'),
        },
      ],
    })
    expect(byType(bundle, 'intrusion-set')[0]).toMatchObject({
      name: 'APT28',
      aliases: expect.arrayContaining(['Fancy Bear']),
      external_references: [{ external_id: 'G0007', url: 'https://attack.mitre.org/groups/G0007' }],
    })
    expect(byType(bundle, 'malware')[0]).toMatchObject({ name: 'Cobalt Strike', is_family: true })
    expect(byType(bundle, 'tool')[0]).toMatchObject({ name: 'PsExec' })
    expect(byType(bundle, 'tool')[0]).not.toHaveProperty('is_family')
    expect(byType(bundle, 'vulnerability')[0]).toMatchObject({
      name: 'CVE-2021-44228',
      external_references: [{ source_name: 'cve', external_id: 'CVE-2021-44228' }],
    })
  })

  it('has a report that refers to all that the document names, and to nothing that is not in the bundle', () => {
    const [report] = byType(bundle, 'report')
    const refs = report!.object_refs as string[]
    expect(report).toMatchObject({
      id: stixId('report', documentId),
      name: 'Advisory AA26-001A',
      published: '2026-11-01T09:00:00.000Z',
      external_references: [{ external_id: documentId, hashes: { 'SHA-256': 'ab'.repeat(32) } }],
    })
    expect(refs).toEqual(bundle.objects.slice(2, 10).map((object) => object.id))
  })

  it('is the same, byte for byte, when it is exported again', async () => {
    expect(await textOf(input)).toBe(await textOf(input))
  })
})

describe('what is left out', () => {
  it('indicators that are held back are left out unless asked for, and then they are benign', async () => {
    const indicators = [buildIndicator({ suppressed_reason: 'private address range (RFC 1918)' })]
    const documents = [buildDocument({})]
    const without = await bundleOf({ indicators, documents })
    expect(byType(without, 'indicator')).toEqual([])
    expect(byType(without, 'report')).toEqual([])
    const [indicator] = byType(await bundleOf({ indicators, documents, includeSuppressed: true }), 'indicator')
    expect(indicator!.indicator_types).toEqual(['benign'])
    expect(indicator!.description).toContain('private address range (RFC 1918)')
  })

  it('nothing above the greatest TLP level leaves, in objects, references or marking definitions', async () => {
    const rows = {
      documents: [buildDocument({ tlp: 'GREEN' }), buildDocument({ id: rowId(31), tlp: 'RED', title: 'Secret' })],
      indicators: [
        buildIndicator({ tlp: 'GREEN' }),
        buildIndicator({ id: rowId(32), value: '192.0.2.66', tlp: 'AMBER+STRICT', document_ids: [documentId] }),
      ],
      entities: [buildEntity({ tlp: 'RED' })],
    } satisfies Partial<StixBundleInput>
    const text = await textOf({ ...rows, maximumTlp: 'AMBER' })
    expect(text).not.toContain('192.0.2.66')
    expect(text).not.toContain('Secret')
    const bundle: Bundle = JSON.parse(text)
    expect(byType(bundle, 'marking-definition').map((object) => object.name)).toEqual(['TLP:GREEN'])
    expect(byType(bundle, 'report')[0]!.object_refs).toHaveLength(3)
    expect(byType(await bundleOf(rows), 'attack-pattern')).toHaveLength(1)
  })

  it('everything left out is counted', async () => {
    const bundle = writeStixBundle({
      id: exportId,
      producer,
      entities: [buildEntity({ tlp: 'RED' })],
      indicators: [
        buildIndicator({}),
        buildIndicator({ id: rowId(41), type: 'yara-rule', value: 'APT_Evil' }),
        buildIndicator({ id: rowId(42), suppressed_reason: 'public resolver' }),
      ],
      documents: [buildDocument({}), buildDocument({ id: rowId(43) })],
      maximumTlp: 'AMBER',
    })
    let text = ''
    for await (const piece of bundle) text += piece
    expect(bundle.counts).toEqual({
      objects: JSON.parse(text).objects.length,
      suppressed: 1,
      restricted: 1,
      inexpressible: 1,
      emptyDocuments: 1,
    })
  })
})

describe('rules of the specification', () => {
  it('one CVE is one vulnerability, whether it comes as an entity, as an indicator or as both', async () => {
    const cve = buildIndicator({ type: 'cve', value: 'CVE-2021-44228', document_ids: [documentId, rowId(51)] })
    const entity = buildEntity({ kind: 'vulnerability', external_id: 'CVE-2021-44228', name: 'Log4Shell' })
    const documents = [buildDocument({}), buildDocument({ id: rowId(51) })]
    const both = await bundleOf({ indicators: [cve], entities: [entity], documents })
    const alone = await bundleOf({ indicators: [cve], documents })
    expect(byType(both, 'vulnerability').map((object) => object.name)).toEqual(['Log4Shell'])
    expect(byType(both, 'report').map((object) => object.object_refs)).toEqual([
      [byType(both, 'vulnerability')[0]!.id],
      [byType(both, 'vulnerability')[0]!.id],
    ])
    expect(byType(alone, 'vulnerability')[0]!.id).toBe(byType(both, 'vulnerability')[0]!.id)
  })

  it('valid_until is later than valid_from and modified is not before created, whatever the rows say', async () => {
    const [indicator] = byType(
      await bundleOf({
        indicators: [
          buildIndicator({
            first_seen: '2026-11-01T00:00:00Z',
            valid_until: '2026-10-01T00:00:00Z',
            created_at: '2026-11-05T00:00:00Z',
            updated_at: '2026-11-04T00:00:00Z',
          }),
        ],
      }),
      'indicator',
    )
    expect(indicator).toMatchObject({
      valid_from: '2026-11-01T00:00:00.000Z',
      valid_until: '2026-11-01T00:00:00.001Z',
      created: '2026-11-05T00:00:00.000Z',
      modified: '2026-11-05T00:00:00.000Z',
    })
  })

  it('any name and any value give JSON that reads back', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: 'binary' }),
        fc.string({ unit: 'binary', minLength: 1 }),
        async (value, title) => {
          const bundle = await bundleOf({
            indicators: [buildIndicator({ type: 'mutex', value })],
            documents: [buildDocument({ title, file_name: value })],
          })
          expect(byType(bundle, 'indicator')[0]!.name).toBe(value)
          expect(byType(bundle, 'report')[0]!.name).toBe(title)
        },
      ),
      { numRuns: 50 },
    )
  })
})

it('rows are read as the text is read, not before', async () => {
  let read = 0
  async function* indicators() {
    for (;;) yield buildIndicator({ id: rowId(1000 + read++) })
  }
  const text = writeStixBundle({ id: exportId, producer, documents: [], entities: [], indicators: indicators() })
  const iterator = text[Symbol.asyncIterator]()
  expect(read).toBe(0)
  await iterator.next()
  expect(read).toBeGreaterThan(0)
  expect(read).toBeLessThan(100)
  await iterator.return?.()
})
