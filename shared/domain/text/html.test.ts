import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DocumentError } from './errors.ts'
import { readHtml } from './html.ts'
import { DEFAULT_LIMITS, type DocumentLimits } from './limits.ts'

function read(html: string, limits: Partial<DocumentLimits> = {}) {
  return readHtml(new Uint8Array(Buffer.from(html)), 'utf-8', { ...DEFAULT_LIMITS, ...limits })
}

const textOf = (html: string) => read(html).text

test.each([
  ['paragraphs', '<p>one</p><p>two</p>', 'one\n\ntwo'],
  ['list items', '<ul><li>one<li>two</ul>', 'one\ntwo'],
  ['line breaks', 'one<br>two<br/>three', 'one\ntwo\nthree'],
  ['blocks without end tags', '<div>one<div>two', 'one\ntwo'],
])('%s become lines', (_name, html, text) => {
  expect(textOf(html)).toBe(text)
})

test('table cells are set apart by tabs and rows by line feeds, also around empty cells', () => {
  const html =
    '<table><tr><th>Type<th>Value</tr><tr><td><p>IP</p></td><td> 192.0.2.1 </td></tr><tr><td></td><td>last</td></tr></table>'
  expect(textOf(html)).toBe('Type\tValue\nIP\t192.0.2.1\nlast')
})

test('inline elements do not cut an indicator in two', () => {
  expect(textOf('evil<b>[.]</b><span>exam</span>ple<wbr>.org')).toBe('evil[.]example.org')
})

test('a footnote mark does not become part of the domain before it', () => {
  expect(textOf('evil.example<sup>2</sup> and 1<sup>st</sup>')).toBe('evil.example 2 and 1st')
})

test('white space collapses, except where the page keeps it', () => {
  expect(textOf(' a \n\t b&nbsp;&nbsp;c ')).toBe('a b c')
  expect(textOf('<pre>rule x\n{\n  a\n}</pre>')).toBe('rule x\n{\n  a\n}')
})

test('entities are decoded and soft hyphens vanish', () => {
  expect(textOf('AT&amp;T &#x68;&#120;xp &lt;tag&gt; in&shy;dicator')).toBe('AT&T hxxp <tag> indicator')
})

test.each([
  ['scripts', '<script>var a = "evil.example"</script>'],
  ['a script that holds a tag', '<script>document.write("<p>evil.example</p>")</script>'],
  ['styles', '<style>.evil { }</style>'],
  ['elements that are hidden', '<div hidden>evil</div><p style="color:red; display : none">evil</p>'],
  ['comments', '<!-- evil -->'],
  ['pictures', '<svg><title>evil</title><text>evil</text></svg>'],
  ['a menu of links', '<nav><ul><li><a href="/">evil</a><li><a href="/b">evil too</a></ul></nav>'],
  ['link targets', '<a href="http://evil.example/">here</a>'],
])('%s are not part of the text', (_name, html) => {
  expect(textOf(`<p>seen</p>${html}<p>too</p>`)).not.toContain('evil')
  expect(textOf(`<p>seen</p>${html}<p>too</p>`)).toMatch(/^seen\s+(?:here\s+)?too$/)
})

test.each(['<nav>', '<div hidden>', '<svg>', '<select>'])(
  'a %s that is never closed does not take the page with it',
  (tag) => {
    expect(textOf(`${tag}<a href="/">menu</a><p>192.0.2.1 is bad</p>`)).toContain('192.0.2.1 is bad')
  },
)

test('a nav that is mostly prose stays', () => {
  expect(textOf('<nav><p>Long words of explanation.</p><a href="/">x</a></nav>')).toContain('explanation')
})

test('the title is the page’s own and no part of its text', () => {
  const page = '<html><head><title> A &amp; B\n</title></head><body><svg><title>Logo</title></svg><p>text</p>'
  expect(read(page)).toEqual({ title: 'A & B', text: 'text' })
  expect(read('<svg><title>Logo</title></svg><p>text</p>').title).toBeNull()
})

test('a head without an end tag hides nothing', () => {
  expect(read('<html><head><title>T</title><body><p>text')).toEqual({ title: 'T', text: 'text' })
})

test('a character that lies across two chunks is decoded', () => {
  const text = `${'a'.repeat(64 * 1024 - 1)}é`
  expect(textOf(text)).toBe(text)
})

test('nesting at the limit is read and one more is refused', () => {
  const nested = (depth: number) => `${'<div>'.repeat(depth)}x${'</div>'.repeat(depth)}`
  expect(read(nested(512)).text).toBe('x')
  expect(() => read(nested(513))).toThrow(expect.objectContaining({ code: 'NESTING_TOO_DEEP' }))
})

test('text at the limit is read and one character more is refused', () => {
  expect(read('<p>12345', { textLength: 5 }).text).toBe('12345')
  expect(() => read('<p>123456', { textLength: 5 })).toThrow(expect.objectContaining({ code: 'TEXT_TOO_LARGE' }))
})

test.each([
  ['an attribute of 8 MB', `<p title="${'a'.repeat(8_000_000)}">x</p>`],
  ['a million end tags without a start', `${'</b>'.repeat(1_000_000)}x`],
  ['a million unclosed paragraphs', `${'<p>'.repeat(1_000_000)}x`],
  ['a hundred thousand attributes', `<p ${Array.from({ length: 100_000 }, (_, i) => `a${i}`).join(' ')}>x`],
  ['a million ampersands', `${'&'.repeat(1_000_000)} x`],
  ['an unclosed comment of 8 MB', `x<!--${'-'.repeat(8_000_000)}`],
])('%s take less than five seconds', (_name, html) => {
  const start = performance.now()
  expect(textOf(html)).toMatch(/x$/)
  expect(performance.now() - start).toBeLessThan(5_000)
})

test('any markup gives text or a DocumentError', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      '<p>',
      '</p>',
      '<td>',
      '<table>',
      '</table>',
      '<nav>',
      '</nav>',
      '<svg>',
      '<pre>',
      '<a href=x>',
      '</a>',
      '<!--',
      '-->',
      '<script>',
      '</script>',
      '<title>',
      '&amp;',
      '&#0;',
      '<',
      '>',
      '"',
    ),
    fc.string(),
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
      try {
        expect(typeof read(pieces.join(''), { nesting: 20 }).text).toBe('string')
      } catch (error) {
        expect(error).toBeInstanceOf(DocumentError)
      }
    }),
    { numRuns: 500 },
  )
})
