import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { defangAll, findLink, findMarkup, withoutMarkup } from './links.ts'

const allowed = new Set(['www.example.org'])

test.each([
  ['an element', 'a <b>bold</b> word', 'a bold word'],
  ['an image', 'seen <img src="https://evil.top/?q=1" onerror=x> here', 'seen here'],
  ['an element that does not end', 'seen <img src=https://evil.top/?q=', 'seen'],
  ['a script', '<script>alert</script> x', 'alert x'],
  ['an element in an element', 'a <<b>img src=x> c', 'a < img src=x> c'],
  ['a comment', 'a <!-- hidden --> b <!-- no end', 'a b'],
  ['a Markdown image', 'a ![alt](https://evil.top/x.png) b', 'a b'],
  ['a Markdown image by reference', 'a ![alt][1] b', 'a b'],
  ['a Markdown link', 'see [the report](https://evil.top "title") now', 'see the report now'],
  ['a link around an image', 'a [![x](https://e.top/i)](https://e.top) b', 'a b'],
  ['a reference', 'see [the report][1]\n[1]: https://evil.top/x', 'see the report'],
  ['an autolink', 'see <https://evil.top/x> now', 'see https://evil.top/x now'],
])('%s goes', (_, text, plain) => expect(withoutMarkup(text)).toBe(plain))

test.each([
  'C:\\Users\\<username>\\AppData',
  'a < b > c',
  'evil[.]example',
  '[1] and [2]',
  'f(x)[0]',
  '<path to the file>'.replace('path', 'folder'),
])('%j is text', (text) => expect(withoutMarkup(text)).toBe(text))

test.each([
  '&lt;script&gt;',
  '%3Cimg src=x%3E',
  '&#60;iframe src=x&#62;',
  '%253Cscript%253E',
  '＜script＞',
  'javascript:alert(1)',
  'java&#115;cript:alert(1)',
  'data:text/html;base64,AAAA',
  '<!doctype html>',
  '%5Btext%5D%28https://evil.top%29',
])('%j is still markup for somebody who decodes it', (text) => expect(findMarkup(text)).not.toBeNull())

test('plain text is no markup', () => {
  expect(findMarkup('The data: 5 files, 100%25 of them, AT&T and R&amp;D')).toBeNull()
})

describe('links', () => {
  test.each([
    'https://evil.top/?leak=1',
    'http://www.example.org/a',
    'https://www.example.org@evil.top/',
    'https://www.example.org:8443/',
    'https://www.example.org.evil.top/',
    'https://www.еxample.org/',
    'https:\\\\evil.top',
    'www.evil.top/x',
    '//evil.top/x',
    'ftp://evil.top',
    'mailto:a@evil.top',
    'tel:+4912345',
    'https%3A%2F%2Fevil.top',
    'https&colon;//evil.top',
  ])('%j is not allowed', (text) => expect(findLink(`see ${text} now`, allowed)).not.toBeNull())

  test.each([
    'https://www.example.org/a?b=c.',
    'www.example.org',
    'hxxps://evil[.]top/a',
    'the //comment',
    'tcp://a[.]evil[.]top:443',
  ])('%j may stand', (text) => expect(findLink(`see ${text}`, allowed)).toBeNull())
})

test.each([
  ['seen at 185.220.101.45 and evil-ns.top', 'seen at 185[.]220[.]101[.]45 and evil-ns[.]top'],
  ['https://evil-ns.top/a.php', 'hxxps://evil-ns[.]top/a.php'],
  ['half 185.220.101[.]45', 'half 185[.]220[.]101[.]45'],
  ['lure@evil-ns.top', 'lure[@]evil-ns[.]top'],
  ['already evil-ns[.]top', 'already evil-ns[.]top'],
  ['https://www.example.org/a', 'https://www.example.org/a'],
  ['cmd.exe and version 10.0.1', 'cmd.exe and version 10.0.1'],
])('%j is passed on as %j', (text, broken) => {
  expect(defangAll(text, allowed).text).toBe(broken)
  expect(defangAll(broken, allowed)).toEqual({ text: broken, indicators: [] })
})

test('removing markup ends, and leaves none', () => {
  const unit = fc.constantFrom(
    '<',
    '>',
    'b',
    'img',
    '!',
    '[',
    ']',
    '(',
    ')',
    ' ',
    '<!--',
    '-->',
    ':',
    '/',
    'x',
    '\n',
    'https://e.top',
  )
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 60 }), (text) => {
      const plain = withoutMarkup(text)
      expect(withoutMarkup(plain)).toBe(plain)
      expect(plain).not.toMatch(/<(?:img|b)[ />]/)
      expect(plain).not.toMatch(/!\[[^[\]]*\]\([^()\s]*\)/)
    }),
    { numRuns: 1000 },
  )
})
