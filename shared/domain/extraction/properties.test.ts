import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { findIndicators } from './indicators.ts'
import { scanText } from './scanner.ts'
import type { IndicatorType } from './types.ts'

/** Fixed, so that a run in CI says something about the change it checks; take it out to search further. */
const SEED = 20_261_120

/** Types that only the words around them identify, so that they are not found in their own text alone. */
const CONTEXTUAL = new Set<IndicatorType>([
  'mutex',
  'user-agent',
  'x509-serial',
  'imphash',
  'ja3',
  'yara-rule',
  'tlsh',
  'ssdeep',
])

/** A path with spaces or brackets in it is read whole only inside the quotes that stood around it. */
function needsQuotes(type: IndicatorType, value: string): boolean {
  return (type === 'file-path' || type === 'registry-key') && /[ ()[\],;={}']/.test(value)
}

const FRAGMENTS = [
  'evil-host.com',
  'evil-host[.]com',
  'a.b.evil-host.net',
  'hxxp://evil-host[.]com/a/b?c=d',
  'https://evil-host.com/x)',
  'http://5.39.222.150:8080/x',
  '5.39.222[.]150',
  '5.39.222.150:443',
  '10.0.0.0/8',
  '999.1.1.1',
  '1.2.3.4.5',
  '2a02:6b8::1',
  '[2a02:6b8::1]:80',
  '00:1a:2b:3c:4d:5e',
  'joe@evil-host.com',
  'joe[at]evil-host[.]com',
  '9ef725ba7881049e72f7a92c924403b0',
  'da39a3ee5e6b4b0d3255bfef95601890afd80709',
  'CVE-2021-44228',
  'C:\\Users\\a b\\c.exe',
  '%TEMP%\\x.dll',
  'HKLM\\Software\\X',
  '/tmp/.x/y',
  '\\\\srv01\\share\\z',
  'AS12345',
  '34Ca8UwUxKcbddicUBt2SMkGQThKJ161gg',
  'README.md',
  'x.sh',
  'self.name',
  'rule a {',
  'mutex',
  'serial',
  'User-Agent:',
  'Mozilla/5.0 (X11)',
  'Global\\x1',
  ' dot ',
  ' at ',
  ' ',
  '\n',
  '\n\n',
  '.',
  ',',
  '(',
  ')',
  '[',
  ']',
  '[.]',
  '`',
  '|',
  '"',
  "'",
  '/',
  '\\',
  ':',
  '@',
  '%',
  '-',
  '_',
  '<',
  '>',
  '\u200b',
  '\u00ad',
  'é',
  '中',
  '😀',
  '\ud800',
  '\u0000',
  'word',
  'C2',
  'http',
  '://',
  '\t',
  '\r\n',
  '== IoCs\n',
  '| `',
  '…',
  '“',
  '”',
  '0',
  'f',
  'e.g.',
]
const fragments = fc.array(fc.constantFrom(...FRAGMENTS), { maxLength: 24 }).map((parts) => parts.join(''))
const anyText = fc.oneof(
  fragments,
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.string({ unit: 'grapheme', maxLength: 200 }),
)

describe('findIndicators', () => {
  it('gives spans inside the text, in order, without two of one type at one place, for any text', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const mentions = findIndicators(text)
        mentions.forEach((mention, index) => {
          expect(mention.start).toBeGreaterThanOrEqual(0)
          expect(mention.end).toBeGreaterThan(mention.start)
          expect(mention.end).toBeLessThanOrEqual(text.length)
          expect(mention.value).not.toBe('')
          const before = mentions[index - 1]
          if (before === undefined) return
          expect(before.start).toBeLessThanOrEqual(mention.start)
          const same = before.start === mention.start && before.end === mention.end && before.type === mention.type
          expect(same).toBe(false)
        })
      }),
      { numRuns: 2000, seed: SEED },
    )
  })

  it('finds the same twice', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(findIndicators(text)).toEqual(findIndicators(text))
      }),
      { numRuns: 300, seed: SEED },
    )
  })

  it('finds a mention again in its own text, with the same value', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        for (const { type, value, start, end } of findIndicators(text)) {
          if (CONTEXTUAL.has(type) || needsQuotes(type, value)) continue
          const own = text.slice(start, end)
          const again = findIndicators(own)
          expect(again, JSON.stringify(own)).toContainEqual(expect.objectContaining({ type, value }))
        }
      }),
      { numRuns: 2000, seed: SEED },
    )
  })

  it('leaves a canonical value as it is', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        for (const { type, value } of findIndicators(text)) {
          if (CONTEXTUAL.has(type) || needsQuotes(type, value)) continue
          // Without scheme and without defanging, a doubtful suffix makes no URL.
          if (type === 'url' && !value.includes('://')) continue
          expect(findIndicators(value), value).toContainEqual(expect.objectContaining({ type, value, defanged: false }))
        }
      }),
      { numRuns: 1000, seed: SEED },
    )
  })

  it('shifts every mention by the length of a paragraph put before the text', () => {
    fc.assert(
      fc.property(fragments, (text) => {
        const before = 'Some words first.\n\n~~~\n\n'
        const shape = (source: string, shift: number) =>
          scanText(source).map(({ type, value, start, end, defanged }) => ({
            type,
            value,
            start: start - shift,
            end: end - shift,
            defanged,
          }))
        expect(shape(before + text, before.length)).toEqual(shape(text, 0))
      }),
      { numRuns: 1000, seed: SEED },
    )
  })
})

describe('refanging', () => {
  const label = fc.stringMatching(/^[a-z][a-z0-9]{4,10}[a-z0-9]$/)
  const host = fc.tuple(label, label, fc.constantFrom('com', 'net', 'ru', 'xyz')).map((parts) => parts.join('.'))
  const dot = fc.constantFrom('[.]', '(.)', '{.}', '[dot]', '(dot)', '[.', '.]', ' [.] ', '\\.', '[ . ]')

  it('restores a host from any mixture of broken dots', () => {
    fc.assert(
      fc.property(host, fc.array(dot, { minLength: 2, maxLength: 2 }), (value, dots) => {
        const labels = value.split('.')
        const written =
          labels[0]! +
          labels
            .slice(1)
            .map((part, index) => dots[index]! + part)
            .join('')
        expect(findIndicators(`C2: ${written} was used`)).toContainEqual(
          expect.objectContaining({ type: 'domain', value, start: 4, end: 4 + written.length, defanged: true }),
        )
      }),
      { numRuns: 500, seed: SEED },
    )
  })

  it('restores an address from any mixture of broken dots', () => {
    const octet = fc.integer({ min: 33, max: 255 })
    fc.assert(
      fc.property(
        fc.array(octet, { minLength: 4, maxLength: 4 }),
        fc.array(dot, { minLength: 3, maxLength: 3 }),
        (octets, dots) => {
          const written =
            octets[0]! +
            octets
              .slice(1)
              .map((part, index) => dots[index]! + part)
              .join('')
          expect(findIndicators(`C2: ${written} was used`)).toContainEqual(
            expect.objectContaining({
              type: 'ipv4',
              value: octets.join('.'),
              start: 4,
              end: 4 + written.length,
              defanged: true,
            }),
          )
        },
      ),
      { numRuns: 500, seed: SEED },
    )
  })

  it('restores a URL from broken scheme, colon and dots', () => {
    const scheme = fc.constantFrom('hxxp', 'hXXp', 'http', 'meow')
    const colon = fc.constantFrom('://', '[:]//', '[://]', '(:)//')
    const path = fc.stringMatching(/^[a-z0-9_-]{1,8}(?:\/[a-z0-9_-]{1,8}){0,3}$/)
    fc.assert(
      fc.property(host, scheme, colon, dot, path, (value, written, separator, broken, tail) => {
        const labels = value.split('.')
        const source = `${written}${separator}${labels[0]}.${labels[1]}${broken}${labels[2]}/${tail}`
        expect(findIndicators(`see ${source} there`)[0]).toMatchObject({
          type: 'url',
          value: `http://${value}/${tail}`,
          start: 4,
          end: 4 + source.length,
        })
      }),
      { numRuns: 500, seed: SEED },
    )
  })
})
