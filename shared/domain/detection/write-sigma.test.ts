import fc from 'fast-check'
import { expect, it, vi } from 'vitest'
import { parse } from 'yaml'
import { hostileText } from '../../../tests/setup/hostile-text.ts'
import type { IndicatorType } from '../extraction/types.ts'
import { ruleIndicator, ruleMaterial } from './fixtures.ts'
import type { RuleIndicator } from './types.ts'
import { inspectSigma } from './validate-sigma.ts'
import { escapeWildcards, writeSigma } from './write-sigma.ts'

// Hundreds of cases, on a machine that may be busy.
vi.setConfig({ testTimeout: 120_000 })

interface ReadRule {
  title: string
  id: string
  tags: string[]
  references?: string[]
  logsource: Record<string, string>
  detection: Record<string, unknown>
}

const write = (indicators: RuleIndicator[], overrides = {}) => writeSigma(ruleMaterial({ indicators, ...overrides }))
const read = (content: string) => parse(content) as ReadRule

/** A pattern as Sigma reads it (specification 2.1, Escaping): the text that it matches, and whether it has a wildcard. */
function meaningOf(pattern: string): { text: string; wild: boolean } {
  let text = ''
  let wild = false
  for (let at = 0; at < pattern.length; at++) {
    const sign = pattern[at]!
    const next = pattern[at + 1]
    if (sign === '\\' && (next === '\\' || next === '*' || next === '?')) text += pattern[++at]
    else if (sign === '*' || sign === '?') wild = true
    else text += sign
  }
  return { text, wild }
}

it('writes one rule for each log source, however many indicators it can show', () => {
  const rules = writeSigma(ruleMaterial()).map(({ content }) => read(content))
  expect(rules.map(({ logsource }) => Object.values(logsource).join('/'))).toEqual([
    'dns',
    'proxy',
    'firewall',
    'process_creation/windows',
    'file_event/windows',
    'file_event/linux',
    'registry_event/windows',
  ])
  expect(rules[0]!.detection).toEqual({
    selection_host: { query: ['c2.evil-domain.top', 'update.bad.example.org'] },
    selection_subdomain: { 'query|endswith': ['.c2.evil-domain.top', '.update.bad.example.org'] },
    condition: '1 of selection_*',
  })
  expect(rules[2]!.detection).toMatchObject({
    selection_address: { dst_ip: ['185.220.101.45', '2001:db8::1'] },
    selection_network: { 'dst_ip|cidr': ['198.51.100.0/24'] },
    selection_port: [{ dst_ip: '203.0.113.9', dst_port: 4444 }],
  })
  expect(rules[6]!.detection).toEqual({
    selection: { 'TargetObject|contains': ['\\Software\\Microsoft\\Windows\\CurrentVersion\\Run\\AnchorUpdater'] },
    condition: 'selection',
  })
})

it('says what it rests on, and of techniques only what its log can show', () => {
  const { content, techniques, tlp } = write([ruleIndicator('domain', 'a.example.org', { tlp: 'AMBER' })])[0]!
  expect({ techniques, tlp }).toEqual({ techniques: ['T1071.004'], tlp: 'AMBER' })
  expect(read(content)).toMatchObject({
    title: 'Anchor "backdoor"; Ryuk: DNS queries for reported domains',
    tags: ['attack.command-and-control', 'attack.t1071.004', 'tlp.amber'],
    references: ['https://example.org/report?a=1', 'https://attack.mitre.org/techniques/T1071/004/'],
    date: '2026-03-01',
  })
  const strict = write([ruleIndicator('domain', 'a.example.org')], {
    subjectTlp: 'AMBER+STRICT',
    maximumTlp: 'RED',
  })
  expect(read(strict[0]!.content).tags).toContain('tlp.amber-strict')
})

it('takes a technique that the sentence of an indicator names when its log can show the tactic', () => {
  const near = { techniques: ['T1568.002', 'T1486'] }
  expect(write([ruleIndicator('domain', 'a.example.org', near)], { techniques: [] })[0]!.techniques).toEqual([
    'T1568.002',
  ])
})

it.each([
  ['suppressed', { suppressed: true }],
  ['no longer valid', { valid_until: '2026-05-31T23:59:59Z' }],
  ['not sure enough', { confidence: 49 }],
  ['above the TLP', { tlp: 'AMBER+STRICT' as const }],
])('leaves out what is %s', (_, change) => {
  const kept = ruleIndicator('domain', 'kept.example.org')
  const [rule] = write([kept, ruleIndicator('domain', 'left.example.org', change)])
  expect(rule!.content).toContain('kept.example.org')
  expect(rule!.content).not.toContain('left.example.org')
  expect(rule!.evidenceIds).toEqual(kept.evidence_ids)
})

it('writes nothing about a report that may not be told of', () => {
  expect(write([ruleIndicator('domain', 'a.example.org')], { subjectTlp: 'RED' })).toEqual([])
})

it.each<[IndicatorType, string]>([
  ['file-path', 'C:\\Windows\\System32\\cmd.exe'],
  ['file-path', 'C:\\Users\\[username]\\[malware_sample]'],
  ['file-path', 'C:\\Users\\Public\\'],
  ['registry-key', 'HKLM\\Software\\Microsoft\\Windows\\CurrentVersion\\Run'],
  ['registry-key', 'HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Winlogon'],
  ['domain', 'api.ipify.org'],
  ['user-agent', 'curl'],
])('alerts on no %s that everybody has: %s', (type, value) => {
  expect(write([ruleIndicator(type, value)])).toEqual([])
})

it('is the same, whenever and in whichever order it is written', () => {
  const material = ruleMaterial()
  const later = { ...material, indicators: material.indicators.toReversed(), now: new Date('2026-06-02T00:00:00Z') }
  expect(writeSigma(later)).toEqual(writeSigma(material))
  const ids = [material, { ...material, key: 'report-2' }].flatMap((one) =>
    writeSigma(one).map(({ content }) => read(content).id),
  )
  expect(new Set(ids).size).toBe(ids.length)
})

it('escapes what would be a wildcard, and nothing else changes', () => {
  expect(escapeWildcards('C:\\a\\b.exe')).toBe('C:\\a\\b.exe')
  expect(escapeWildcards('a*b?')).toBe('a\\*b\\?')
  expect(escapeWildcards('\\\\server\\share')).toBe('\\\\\\\\server\\share')
  fc.assert(
    fc.property(hostileText, (value) => {
      expect(meaningOf(escapeWildcards(value))).toEqual({ text: value, wild: false })
    }),
  )
})

it('is read back by YAML as exactly what it means, whatever the values and the title hold', () => {
  fc.assert(
    fc.property(hostileText, hostileText, (value, subject) => {
      const agent = `agent ${value}`
      const rules = write(
        [
          ruleIndicator('user-agent', agent),
          ruleIndicator('file-path', `C:\\temp\\${value}`),
          ruleIndicator('registry-key', `HKLM\\Software\\x\\${value}`),
          ruleIndicator('url', `http://a.example.org/${value}`),
        ],
        { subject },
      )
      for (const { content } of rules) {
        expect(inspectSigma(content).problems).toEqual([])
        const { title, id, status, description, author, date, tags, logsource, detection, falsepositives, level } =
          parse(content) as Record<string, unknown>
        // What is written is all that there is: no value has become a field.
        expect(Object.keys(parse(content) as object).filter((name) => name !== 'references')).toEqual(
          Object.keys({
            title,
            id,
            status,
            description,
            author,
            date,
            tags,
            logsource,
            detection,
            falsepositives,
            level,
          }),
        )
        expect(title).not.toMatch(/[\p{Cc}\u2028\u2029]/u)
        const selected = (detection as Record<string, Record<string, string[]>>).selection_agent?.['c-useragent']
        if (selected) expect(selected.map((one) => meaningOf(one))).toEqual([{ text: agent, wild: false }])
      }
    }),
  )
})
