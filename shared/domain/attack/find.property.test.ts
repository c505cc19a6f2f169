import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type AttackFindings, findAttack } from './find.ts'

const fragments = [
  'T1059.001',
  'T1086',
  'CVE-2021-44228',
  'CVE-2021-\n44228',
  'Cobalt Strike',
  'Cobalt\nStrike',
  'Mimi-\nkatz',
  'mimi\u00adkatz',
  'APT29',
  'APT 29',
  'the Silence group',
  'Silence',
  'scheduled tasks',
  'schtasks',
  'sent to the C&C server',
  'command and control',
  'not',
  'should',
  '.',
  '. ',
  '\n\n',
  '\n',
  ', ',
  '; ',
  ' ',
  '  ',
  '-',
  '(',
  ')',
  '"',
  'process hollowing',
  'LSASS',
  'lsass.exe',
  'Log4Shell',
  'ProxyShell',
  'Registry Run Keys / Startup Folder',
  'Pass the Hash',
  'The Dukes',
  'net user /domain',
  'cmd /c',
  'ﬁle',
  'Zürich',
  '日本語',
  '🦊',
  '\u200b',
  '\u0000',
  'a',
  'the',
  'download a payload',
  'T1',
  'T10',
  '.t1059',
  'CVE-',
  'exfiltrate data to C2',
]

const text = fc.oneof(
  fc.array(fc.constantFrom(...fragments), { maxLength: 60 }).map((parts) => parts.join('')),
  fc.array(fc.constantFrom(...fragments), { maxLength: 60 }).map((parts) => parts.join(' ')),
  fc.string({ unit: 'binary', maxLength: 400 }),
  fc.string({ unit: 'grapheme', maxLength: 400 }),
)

const all = (found: AttackFindings) => [found.techniques, found.actors, found.software, found.vulnerabilities]

/** What is left of a spelling when everything that may vary inside an id is taken out. */
const squeeze = (value: string) => value.toUpperCase().replace(/[^A-Z0-9]/g, '')

describe('for any text', () => {
  test('every span lies in the text, holds something, and starts and ends at a word', () => {
    fc.assert(
      fc.property(text, (input) => {
        for (const mention of all(findAttack(input)).flat()) {
          expect(mention.start).toBeGreaterThanOrEqual(0)
          expect(mention.end).toBeLessThanOrEqual(input.length)
          expect(mention.end).toBeGreaterThan(mention.start)
          const span = input.slice(mention.start, mention.end)
          expect(span).toMatch(/^[\p{L}\p{N}].*[\p{L}\p{N}]$/su)
        }
      }),
      { numRuns: 500 },
    )
  })

  test('each list is in order of start', () => {
    fc.assert(
      fc.property(text, (input) => {
        for (const list of all(findAttack(input))) {
          for (let index = 1; index < list.length; index++) {
            expect(list[index]!.start).toBeGreaterThanOrEqual(list[index - 1]!.start)
          }
        }
      }),
      { numRuns: 300 },
    )
  })

  test('what is found by CVE id is spelled so at the span', () => {
    fc.assert(
      fc.property(text, (input) => {
        for (const { id, how, start, end } of findAttack(input).vulnerabilities) {
          if (how === 'id') expect(squeeze(input.slice(start, end))).toBe(squeeze(id))
        }
      }),
      { numRuns: 300 },
    )
  })

  test('the same text gives the same findings, whatever was read before it', () => {
    fc.assert(
      fc.property(text, text, (first, second) => {
        const alone = findAttack(second)
        findAttack(first)
        expect(findAttack(second)).toEqual(alone)
      }),
      { numRuns: 200 },
    )
  })

  test('an id and an unambiguous name are found wherever they stand between other words', () => {
    fc.assert(
      fc.property(text, text, (before, after) => {
        const input = `${before}\n\nT1570 CVE-2019-0708 Cobalt Strike\n\n${after}`
        const at = before.length + 2
        const found = findAttack(input)
        expect(found.techniques).toContainEqual({
          id: 'T1570',
          name: 'Lateral Tool Transfer',
          start: at,
          end: at + 5,
          how: 'id',
        })
        expect(found.vulnerabilities.some(({ id, start }) => id === 'CVE-2019-0708' && start === at + 6)).toBe(true)
        expect(
          found.software.some(({ id, start, end }) => id === 'S0154' && start === at + 20 && end === at + 33),
        ).toBe(true)
      }),
      { numRuns: 200 },
    )
  })
})

/** Processor time, so that what else runs on the machine does not count. */
function processorMilliseconds(run: () => void): number {
  const from = process.cpuUsage()
  run()
  const { user, system } = process.cpuUsage(from)
  return (user + system) / 1000
}

describe('a megabyte of hostile text takes less than a second', () => {
  const megabyte = 1_000_000
  const fill = (unit: string) => unit.repeat(Math.ceil(megabyte / unit.length)).slice(0, megabyte)
  test.each([
    ['one letter', 'a'],
    ['spaces', ' '],
    ['line ends', '\n'],
    ['broken words', 'mimi-\n'],
    ['an ambiguous name', 'Silence '],
    ['ambiguous names in a row', 'Play Chaos Empire Silence, '],
    ['a name over and over', 'Cobalt Strike '],
    ['half a name', 'Cobalt '],
    ['technique ids', 'T1059.001'],
    ['technique ids apart', 'T1059.001 '],
    ['starts of technique ids', 'T1'],
    ['starts of CVE ids', 'CVE-2021-'],
    ['CVE ids', 'CVE-2021-44228 '],
    ['a weak phrase', 'download payload '],
    ['ends of phrases', 'file process registry key service '],
    ['every word of a long phrase but the first', 'data information sent uploaded to c2 server '],
    ['commands', 'net user /domain cmd /c '],
    ['the words of one name', 'Registry Run Keys Startup Folder '],
    ['commas', 'Silence,'],
    ['C and C', 'C&C'],
    ['soft hyphens', 'm\u00ad'],
    ['wide letters', 'ü'],
    ['surrogates', '🦊'],
    ['negations', 'not no never '],
  ])('%s', (_, unit) => {
    const input = fill(unit)
    findAttack(input.slice(0, 10_000))
    expect(processorMilliseconds(() => findAttack(input))).toBeLessThan(1000)
  })

  test('time grows no faster than the text', () => {
    const unit =
      'The Silence group downloaded a payload, sent data to the C&C server (T1041) and ran net user. Play Chaos. '
    const measure = (repeats: number) => {
      const input = unit.repeat(repeats)
      let best = Number.POSITIVE_INFINITY
      for (let round = 0; round < 5; round++) {
        best = Math.min(
          best,
          processorMilliseconds(() => findAttack(input)),
        )
      }
      return best
    }
    measure(500)
    const small = measure(1_000)
    const large = measure(8_000)
    // Eight times the text; twice that is left for the noise of a shared machine. Quadratic growth would give 64.
    expect(large / small).toBeLessThan(20)
  })
})
