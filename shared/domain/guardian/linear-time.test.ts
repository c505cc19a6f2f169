import { describe, expect, test, vi } from 'vitest'
import type { Citation, Draft } from '../claims/types.ts'
import { clean } from './clean.ts'
import { findInjection } from './injection.ts'
import { findPersonalData } from './personal-data.ts'
import { renderMarkdown, renderText } from './render.ts'
import { review } from './review.ts'
import { findSecret } from './secrets.ts'
import { sentencesAt } from './sentences.ts'

// Room for machines that are ten times slower.
vi.setConfig({ testTimeout: 180_000 })

/** Processor time; the time of other processes on the machine does not count. */
function processorSeconds(work: () => void): number {
  const from = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(from)
  return (user + system) / 1_000_000
}

/** What slow patterns stumble over, repeated. */
const units = [
  'a', ' ', '<', '<b ', '<!--', '![', '[a](', '[a][', '](', '(', '&#', '%3C', '%25', '@', 'a@', 'a.', 'a@a.', '1', '1 ', '1-', '+1 ',
  'i ', 'i.', 'ignore all ', 'call the ', 'eyJ', 'sk-', 'password=', 'password: a', 'a:', 'a://', 'x:a@', 'https://a', 'www.', '//', 'the ',
  'a, ', 'APT29 used ', 'not ', '. ', '.\n', '\n', ':\n- a', '\u202e', '\u{e0041}', 'é', '—', '"', "'", '"(', 'A1', 'AKIA', '[.]', '&amp;',
  'A'.repeat(24), 'DE89 ', '-----BEGIN ', 'disregard ', 'TLP:', 'tool', 'rfa_', 'append a', ':a', 'secret ',
] // biome-ignore format: a list

const long = (unit: string, length: number): string => unit.repeat(Math.ceil(length / unit.length)).slice(0, length)

/** As much as a claim or quote may hold is looked at; what is quadratic in that is still a fraction of a second. */
test.each(units)('the longest text made of %j is looked through in a moment', (unit) => {
  const text = long(unit, 2000)
  const seconds = processorSeconds(() => {
    for (let round = 0; round < 10; round++) {
      findInjection(text)
      findSecret(text)
      findPersonalData(text)
      clean(text, { allowedHosts: new Set(), level: 'CLEAR', evidence: new Set() })
    }
  })
  expect(seconds / 10).toBeLessThan(0.5)
})

describe('a megabyte of a hostile document', () => {
  const id = '01960000-0000-7000-8000-000000000001'
  const options = (text: string) => ({
    audience: 'CLEAR' as const,
    mode: 'remove' as const,
    allowedLinkHosts: [],
    sources: () => ({ title: 'Report', tlp: 'CLEAR' as const, text, evidence: new Map() }),
  })

  test.each(['a ', 'a', '\n', '. ', 'a, b ', 'APT29 used Mimikatz to ', 'not\n', ':\n- a\n', 'e.g. '])(
    'made of %j is cited three hundred times in seconds',
    (unit) => {
      const text = long(unit, 1 << 20)
      const cite = (start: number, length: number): Citation => ({
        evidence_id: null,
        document_id: id,
        start,
        end: start + length,
        quote: text.slice(start, start + length),
      })
      const claims = Array.from({ length: 100 }, (_, at) => ({
        text: long(unit, 1900),
        citations: [cite(at * 5000, 600), cite(at * 5000 + 1000, 600), cite(at * 5000 + 2000, 600)],
      })).filter(({ citations }) => citations[0]!.quote.trim() !== '')
      const draft: Draft = { title: 'Brief', tlp: 'CLEAR', sections: [{ heading: 'Findings', claims }] }
      expect(processorSeconds(() => review(draft, options(text)))).toBeLessThan(30)
    },
  )

  test('has its sentences found without being read whole', () => {
    for (const unit of ['a ', '. ', '\n', 'a\n']) {
      const text = long(unit, 1 << 22)
      const seconds = processorSeconds(() => {
        for (let at = 0; at < 200; at++) sentencesAt(text, at * 20_000, at * 20_000 + 10)
      })
      expect(seconds).toBeLessThan(5)
    }
  })
})

test('the largest draft is rendered in seconds', () => {
  const claims = Array.from({ length: 60 }, () => ({ text: long('*a [x](https://e.top) ', 2000), citations: [] }))
  const draft: Draft = { title: 'Brief', tlp: 'CLEAR', sections: [{ heading: 'Findings', claims }] }
  expect(processorSeconds(() => [renderMarkdown(draft), renderText(draft)])).toBeLessThan(10)
})
