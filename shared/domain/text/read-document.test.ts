import fc from 'fast-check'
import { expect, test } from 'vitest'
import { makeDocx, paragraph } from '../../../tests/fixtures/docx.ts'
import { makeLinesPdf } from '../../../tests/fixtures/pdf.ts'
import { DocumentError } from './errors.ts'
import { readDocument } from './read-document.ts'

const bytesOf = (text: string) => new Uint8Array(Buffer.from(text))

test.each([
  ['pdf', makeLinesPdf([['evil[.]example']]), null],
  ['docx', makeDocx({ body: paragraph('evil[.]example') }), null],
  ['html', bytesOf('<!doctype html><p>evil[.]example'), 'utf-8'],
  ['text', bytesOf('evil[.]example'), 'utf-8'],
])('the same text comes out of %s', async (format, bytes, encoding) => {
  expect(await readDocument(bytes)).toMatchObject({ format, text: 'evil[.]example', encoding, unreadablePages: [] })
})

test('Markdown is known by its name and keeps its marks', async () => {
  const document = await readDocument(bytesOf('# Title\n\n`evil[.]example`\n'), { fileName: 'a.md' })
  expect(document).toMatchObject({ format: 'markdown', title: 'Title', text: '# Title\n\n`evil[.]example`\n' })
})

test.each([
  ['nothing', '', 'FILE_EMPTY'],
  ['white space', ' \n\t\r\n', 'FILE_EMPTY'],
  ['a page that scripts write', '<!doctype html><script>write()</script>', 'NO_TEXT_LAYER'],
])('a file of %s is refused', async (_name, text, code) => {
  await expect(readDocument(bytesOf(text))).rejects.toMatchObject({ code })
})

test('lone surrogates and NUL never reach the text, and nothing moves', async () => {
  const units = [0x61, 0xd800, 0x62, 0, 0xdc00, 0x63]
  const bytes = new Uint8Array(new Uint16Array([0xfeff, ...units, ...Array(300).fill(0x64)]).buffer)
  const { text } = await readDocument(bytes)
  expect(text.slice(0, 6)).toBe('a\ufffdb\ufffd\ufffdc')
  expect(text.isWellFormed()).toBe(true)
})

// PDF files are put to this test behind the worker (shared/platform/isolation): the library leaves rejected promises.
const NOT_PDF = fc.constantFrom('', 'PK\x03\x04', '<html>', '\xef\xbb\xbf', '{\\rtf', '\xff\xfe', '\xfe\xff')
const NAME = fc.constantFrom('a.pdf', 'a.docx', 'a.html', 'a.txt', 'a.md', 'a')

test('any bytes under any name give text or a DocumentError, never anything else', async () => {
  await fc.assert(
    fc.asyncProperty(NOT_PDF, fc.uint8Array({ maxLength: 600 }), NAME, async (head, tail, fileName) => {
      await expectTextOrDocumentError(new Uint8Array(Buffer.concat([Buffer.from(head, 'latin1'), tail])), fileName)
    }),
    { numRuns: 500 },
  )
})

test('a DOCX with any few bytes changed gives text or a DocumentError', async () => {
  const whole = makeDocx({ body: paragraph('some text'), header: paragraph('head'), title: 'T' })
  const change = fc.tuple(fc.nat(whole.length - 1), fc.nat(255))
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 12 }), async (changes) => {
      const bytes = new Uint8Array(whole)
      for (const [at, value] of changes) bytes[at] = value
      await expectTextOrDocumentError(bytes, 'a.docx')
    }),
    { numRuns: 300 },
  )
})

async function expectTextOrDocumentError(bytes: Uint8Array, fileName: string): Promise<void> {
  try {
    const { text } = await readDocument(bytes, { fileName })
    expect(text.isWellFormed() && !text.includes('\0')).toBe(true)
  } catch (error) {
    expect(error).toBeInstanceOf(DocumentError)
  }
}
