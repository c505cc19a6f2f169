import { expect, test } from 'vitest'
import { DEFAULT_LIMITS } from './limits.ts'
import { readPlain } from './plain.ts'

const read = (text: string, markdown = false) =>
  readPlain(new Uint8Array(Buffer.from(text)), null, markdown, DEFAULT_LIMITS)

test('the text is the file’s, character for character, with its line ends and without its byte order mark', () => {
  const text = 'one\r\ntwo\rthree\n\t four \u00a0\u200b evil[.]example\n'
  expect(read(text).text).toBe(text)
  expect(read(`\ufeff${text}`).text).toBe(text)
})

test.each([
  ['# Title #\n\ntext', 'Title'],
  ['intro\n\n# Title\n# Second', 'Title'],
  ['Title\n=====\ntext', 'Title'],
  ['text only', null],
  ['#hashtag\n', null],
])('the title of Markdown %j is %j', (text, title) => {
  expect(read(text, true).title).toBe(title)
})

test('plain text has no title', () => {
  expect(read('# not a heading').title).toBeNull()
})

test('text over the limit is refused', () => {
  const limits = { ...DEFAULT_LIMITS, textLength: 3 }
  expect(readPlain(Buffer.from('abc'), null, false, limits).text).toBe('abc')
  expect(() => readPlain(Buffer.from('abcd'), null, false, limits)).toThrow(
    expect.objectContaining({ code: 'TEXT_TOO_LARGE' }),
  )
})
