import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Draft } from '../claims/types.ts'
import { escapeMarkdown, renderMarkdown, renderText } from './render.ts'

const a = '01960000-0000-7000-8000-000000000001'
const cite = (start: number, quote: string) => ({
  evidence_id: null,
  document_id: a,
  start,
  end: start + quote.length,
  quote,
})

const draft: Draft = {
  title: 'Brief',
  tlp: 'GREEN',
  sections: [
    {
      heading: 'Findings',
      claims: [
        { text: 'One *bold* claim.', citations: [cite(0, 'first\nquote'), cite(20, 'see http://evil.top')] },
        { text: 'Another one.', citations: [cite(20, 'see http://evil.top')] },
      ],
    },
  ],
}

test('a draft as Markdown: each claim with the numbers of its sources, each source once', () => {
  expect(renderMarkdown(draft, { titles: () => 'A [report]' })).toBe(`# Brief

TLP:GREEN

## Findings

- One \\*bold\\* claim. \\[1\\] \\[2\\]
- Another one. \\[2\\]

## Sources

1. A \\[report\\], characters 0 to 11: “first quote”
2. A \\[report\\], characters 20 to 39: “see hxxp&#58;//evil\\[.\\]top”
`)
})

test('a draft as plain text', () => {
  expect(renderText(draft)).toBe(`Brief
TLP:GREEN

Findings

- One *bold* claim. [1] [2]
- Another one. [2]

Sources

[1] ${a}, characters 0 to 11: "first quote"
[2] ${a}, characters 20 to 39: "see hxxp://evil[.]top"
`)
})

test('hosts that are allowed stay readable and are no links', () => {
  const of = (allowedLinkHosts: string[]) =>
    renderMarkdown({ ...draft, title: 'See https://www.example.org/a' }, { allowedLinkHosts })
  expect(of(['www.example.org'])).toContain('# See https&#58;//www&#46;example.org/a')
  expect(of([])).toContain('# See hxxps&#58;//www\\[.\\]example\\[.\\]org/a')
})

const unit = fc.constantFrom(
  ...'abc019 .:/#@!*_~`[]()<>|\\&;-+=$^{}"\'',
  '\n',
  '\u202e',
  '\u200b',
  'www.',
  'https://',
  '![x](',
  '<img ',
  '&#60;',
  '&lt;',
  '1. ',
  '- ',
  '***',
  'a@b.co',
  'é',
)

/** What CommonMark shows for escaped text: backslashes and entities undone, and nothing else is special. */
function shown(escaped: string): string {
  return escaped.replace(
    /\\([!-/:-@[-`{-~])|&#(\d+);|&(amp|lt|gt);/g,
    (_, plain, code, name) =>
      plain ??
      (code !== undefined ? String.fromCodePoint(Number(code)) : { amp: '&', lt: '<', gt: '>' }[name as 'amp']),
  )
}

test('nothing in a text is markup, a link, an image or a list in Markdown, and it is shown as it is', () => {
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 80 }), (text) => {
      const escaped = escapeMarkdown(text)
      expect(shown(escaped)).toBe(
        text
          .replace(/[\u202e\u200b]/g, '')
          .replace(/\s+/g, ' ')
          .trim(),
      )
      const bare = escaped.replace(/\\[!-/:-@[-`{-~]|&#\d+;|&(?:amp|lt|gt);/g, 'x')
      expect(bare).not.toMatch(/[\\`*_{}[\]<>!|~$^#&@\n]|:\/\/|\bwww\./)
      expect(bare).not.toMatch(/^(?:-|\+|\d+[.)]|=+$)/)
    }),
    { numRuns: 2000 },
  )
})

test('a rendered draft has the lines that it should have, whatever its texts are', () => {
  fc.assert(
    fc.property(fc.string({ unit, minLength: 1, maxLength: 60 }), (text) => {
      const written = {
        ...draft,
        title: text,
        sections: [{ heading: text, claims: [{ text, citations: [cite(0, text)] }] }],
      }
      const lines = renderMarkdown(written, { titles: () => text }).split('\n')
      expect(lines).toHaveLength(12)
      expect(lines.filter((line) => line.startsWith('#'))).toHaveLength(3)
      expect(renderText(written, { titles: () => text }).split('\n')).toHaveLength(11)
      expect(renderText(written)).not.toMatch(/[\p{L}\p{N}]@[\p{L}\p{N}]|\p{Cf}/u)
    }),
    { numRuns: 500 },
  )
})
