import fc from 'fast-check'
import { expect, it, vi } from 'vitest'
import { hostileText } from '../../../tests/setup/hostile-text.ts'
import { ruleIndicator, ruleMaterial } from './fixtures.ts'
import { contentOf, signatureIds } from './suricata-text.ts'
import type { RuleIndicator } from './types.ts'
import { inspectSuricata } from './validate-suricata.ts'
import { writeSuricata } from './write-suricata.ts'

// Hundreds of cases, on a machine that may be busy.
vi.setConfig({ testTimeout: 120_000 })

const write = (indicators: RuleIndicator[], overrides = {}) => writeSuricata(ruleMaterial({ indicators, ...overrides }))
const rulesOf = (content: string) => content.split('\n').filter((line) => line !== '' && !line.startsWith('#'))

/** The bytes that a content stands for (Suricata user guide, section 8.7.1), read without the code that writes them. */
function bytesOf(content: string): Buffer {
  const parts = content.slice(1, -1).split('|')
  return Buffer.concat(
    parts.map((part, at) => (at % 2 ? Buffer.from(part.replaceAll(' ', ''), 'hex') : Buffer.from(part))),
  )
}

it('writes a rule for each thing that a sensor can see', () => {
  const [file] = writeSuricata(ruleMaterial())
  const rules = rulesOf(file!.content)
  const starts = (protocol: string) => rules.filter((rule) => rule.startsWith(`alert ${protocol} `))
  expect(starts('dns')[0]).toContain('dns.query; dotprefix; content:".c2.evil-domain.top"; nocase; endswith;')
  expect(starts('tls')[0]).toContain('tls.sni; dotprefix; content:".c2.evil-domain.top"; nocase; endswith;')
  expect(starts('http')[0]).toContain(
    'http.host; content:"c2.evil-domain.top"; bsize:18; http.uri; content:"/gate.php|3F|id=1|3B|2"; startswith; endswith;',
  )
  expect(starts('http')[1]).toContain('http.uri.raw; content:"/a%20b"; startswith; endswith;')
  expect(starts('http')[2]).toContain(
    'http.user_agent; content:"Mozilla/4.0 |28|compatible|3B| |22|Anchor|22 3B| 1|29|";',
  )
  expect(starts('ip')[0]).toContain('-> [185.220.101.45,198.51.100.0/24,2001:db8::1] any (')
  expect(starts('tcp')[0]).toContain('-> [203.0.113.9] 4444 (')
  expect(file!.content).toMatch(
    /# list (adapt-\d+\.md5)\n# hash d41d8cd98f00b204e9800998ecf8427a\nalert http .*filemd5:\1;/,
  )
  expect(file).toMatchObject({ techniques: ['T1071.004'], tlp: 'GREEN' })
  expect(inspectSuricata(file!.content).problems).toEqual([])
})

it('says of a rule only what that rule can show', () => {
  const [file] = write([ruleIndicator('domain', 'a.example.org')], { techniques: ['T1071.004', 'T1105', 'T1486'] })
  const [dns, tls] = rulesOf(file!.content)
  expect(dns).toMatch(/metadata:[^;]*mitre_technique_id T1071\.004;/)
  expect(tls).toMatch(/metadata:[^;]*mitre_technique_id T1105;/)
  expect(file!.techniques).toEqual(['T1071.004', 'T1105'])
})

it('gives what is matched the same id, in another report too, and no id twice', () => {
  const shared = ruleIndicator('domain', 'shared.example.org')
  const idOf = (key: string, more: RuleIndicator[]) =>
    rulesOf(write([shared, ...more], { key })[0]!.content)
      .filter((rule) => rule.includes('shared.example.org'))
      .map((rule) => Number(/sid:(\d+);/.exec(rule)?.[1]))
  expect(idOf('report-1', [])).toEqual(idOf('report-2', [ruleIndicator('domain', 'another.example.org')]))

  const many = Array.from({ length: 1000 }, (_, at) => ruleIndicator('domain', `host-${at}.example.org`))
  const ids = rulesOf(write(many)[0]!.content).map((rule) => Number(/sid:(\d+);/.exec(rule)?.[1]))
  expect(new Set(ids).size).toBe(2000)
  for (const id of ids) {
    expect(id).toBeGreaterThanOrEqual(signatureIds.first)
    expect(id).toBeLessThan(signatureIds.first + signatureIds.count)
  }
})

it('leaves out what is suppressed, expired, unsure or above the TLP', () => {
  const file = write([
    ruleIndicator('ipv4', '192.0.2.1', { suppressed: true }),
    ruleIndicator('ipv4', '192.0.2.2', { valid_until: '2026-05-01T00:00:00Z' }),
    ruleIndicator('ipv4', '192.0.2.3', { confidence: 10 }),
    ruleIndicator('ipv4', '192.0.2.4', { tlp: 'RED' }),
  ])
  expect(file).toEqual([])
})

it('cuts what is longer than a content may be, and then asks for its beginning only', () => {
  const [file] = write([ruleIndicator('url', `http://a.example.org/${'x'.repeat(400)}`)])
  expect(file!.content).toMatch(
    /http\.uri; content:"\/x{254}"; startswith; classtype|http\.uri; content:"\/x{254}"; startswith; reference/,
  )
  expect(inspectSuricata(file!.content).problems).toEqual([])
})

it('a content stands for exactly the bytes of its text', () => {
  fc.assert(
    fc.property(hostileText, (text) => {
      const { content, whole } = contentOf(text)
      const bytes = Buffer.from(text.toWellFormed())
      expect(bytesOf(content)).toEqual(bytes.subarray(0, 255))
      expect(whole).toBe(bytes.length <= 255)
      expect(content.slice(1, -1)).toMatch(/^[A-Za-z0-9 ./_=&%+,@~|-]*$/)
    }),
  )
})

it('no value and no title ends a text, an option, a rule or a line', () => {
  fc.assert(
    fc.property(hostileText, hostileText, (value, subject) => {
      const files = write(
        [
          ruleIndicator('user-agent', `agent ${value}`),
          ruleIndicator('url', `http://a.example.org/${value}`),
          ruleIndicator('domain', value),
          ruleIndicator('ja3', value),
          ruleIndicator('ipv4', value),
          ruleIndicator('ipv4-port', value),
          ruleIndicator('md5', value),
        ],
        { subject, references: [`https://example.org/${value}`, value] },
      )
      for (const { content } of files) {
        expect(inspectSuricata(content).problems).toEqual([])
        for (const line of content.split('\n')) expect(line).toMatch(/^$|^# [^\p{Cc}]*$|^alert [^"\p{Cc}]*\(.*;\)$/u)
        for (const rule of rulesOf(content)) {
          // With what stands in quotes taken out, nothing is left that a value could have brought.
          const bare = rule.replaceAll(/"[^"]*"/g, '""')
          expect(bare.split(';').filter((option) => /^\s*sid:/.test(option))).toHaveLength(1)
          expect(bare.split(';').filter((option) => /^\s*(?:msg|.*\(msg):/.test(option))).toHaveLength(1)
        }
      }
    }),
  )
})
