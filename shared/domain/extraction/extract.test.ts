import { describe, expect, it } from 'vitest'
import { extractIntelligence } from './extract.ts'

const FIRST = 'APT28 used Mimikatz and exploited CVE-2021-44228.\n'
const SECOND = 'The C2 was evil-1[.]com. Persistence: T1547.001.\n'

describe('extractIntelligence', () => {
  it('gives every kind of mention its page', () => {
    const text = FIRST + SECOND
    const pages = [
      { number: 1, start: 0, end: FIRST.length },
      { number: 2, start: FIRST.length, end: text.length },
    ]
    const found = extractIntelligence({ text, pages, title: null })
    expect(found.indicators.map(({ type, value, page }) => [type, value, page])).toEqual([
      ['cve', 'CVE-2021-44228', 1],
      ['domain', 'evil-1.com', 2],
    ])
    expect(found.vulnerabilities.map(({ id, page }) => [id, page])).toEqual([['CVE-2021-44228', 1]])
    expect(found.actors.map(({ id, page }) => [id, page])).toEqual([['G0007', 1]])
    expect(found.software.map(({ id, page }) => [id, page])).toEqual([['S0002', 1]])
    expect(found.techniques).toContainEqual(expect.objectContaining({ id: 'T1547.001', page: 2 }))
  })

  it('counts text between two pages to the earlier one', () => {
    const text = 'a evil-1[.]com b'
    const pages = [
      { number: 3, start: 0, end: 1 },
      { number: 4, start: 15, end: 16 },
    ]
    expect(extractIntelligence({ text, pages, title: null }).indicators).toMatchObject([
      { value: 'evil-1.com', page: 3 },
    ])
  })

  it('has no pages where the format has none', () => {
    const found = extractIntelligence({ text: FIRST + SECOND, pages: [], title: null })
    const all = [...found.indicators, ...found.techniques, ...found.actors, ...found.software, ...found.vulnerabilities]
    expect(all.length).toBeGreaterThan(4)
    expect(all.every(({ page }) => page === null)).toBe(true)
  })

  it('is empty for an empty text', () => {
    expect(extractIntelligence({ text: '', pages: [], title: null })).toEqual({
      indicators: [],
      techniques: [],
      actors: [],
      software: [],
      vulnerabilities: [],
    })
  })
})
