import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { DocumentError } from '#shared/domain/text/errors.ts'
import { makeDocx, paragraph } from '../../../tests/fixtures/docx.ts'
import { makeInflatingPdf, makeLinesPdf } from '../../../tests/fixtures/pdf.ts'
import { closeIdleWorker, readInWorker } from './index.ts'

afterAll(closeIdleWorker)

const bytesOf = (text: string) => new Uint8Array(Buffer.from(text))

test('a document is read in the worker and its bytes are handed over, not copied', async () => {
  const bytes = bytesOf('evil[.]example'.repeat(1000)).slice()
  const document = await readInWorker(bytes, { fileName: 'a.txt' })
  expect(document).toMatchObject({ format: 'text', encoding: 'utf-8' })
  expect(document.text).toHaveLength(14_000)
  expect(bytes.byteLength).toBe(0)
})

test('a part of a larger buffer is read and the rest stays whole', async () => {
  const bytes = bytesOf('before evil[.]example')
  expect((await readInWorker(bytes.subarray(7))).text).toBe('evil[.]example')
  expect(Buffer.from(bytes).toString()).toBe('before evil[.]example')
})

test('the reader’s code and message come back', async () => {
  await expect(readInWorker(new Uint8Array())).rejects.toThrow(
    expect.objectContaining({ name: 'DocumentError', code: 'FILE_EMPTY', message: 'The file is empty.' }),
  )
})

test('the limits of the reader hold in the worker', async () => {
  const options = { limits: { pages: 1 } }
  await expect(readInWorker(makeLinesPdf([['a'], ['b']]), options)).rejects.toMatchObject({ code: 'TOO_MANY_PAGES' })
})

test('a document that takes too long is stopped, and the next one is read', async () => {
  const start = performance.now()
  await expect(readInWorker(makeInflatingPdf(400), {}, { timeoutSeconds: 0.5 })).rejects.toMatchObject({
    code: 'DOCUMENT_TIMEOUT',
  })
  expect(performance.now() - start).toBeLessThan(10_000)
  expect((await readInWorker(makeLinesPdf([['next']]))).text).toBe('next')
})

test('a document that unpacks to more memory than allowed is stopped, and the next one is read', async () => {
  await expect(readInWorker(makeInflatingPdf(400), {}, { memoryMegabytes: 200 })).rejects.toMatchObject({
    code: 'DOCUMENT_TOO_COMPLEX',
  })
  expect((await readInWorker(makeLinesPdf([['next']]))).text).toBe('next')
})

test('a document that needs more heap than allowed is stopped, and the next one is read', async () => {
  const cells = '<td>x'.repeat(2_000_000)
  await expect(
    readInWorker(bytesOf(`<!doctype html><table>${cells}`), {}, { memoryMegabytes: 30 }),
  ).rejects.toMatchObject({
    code: 'DOCUMENT_TOO_COMPLEX',
  })
  expect((await readInWorker(bytesOf('next'))).text).toBe('next')
})

test('an abort stops the document with the signal’s reason', async () => {
  const reason = new Error('shutting down')
  const reading = readInWorker(makeInflatingPdf(400), {}, { signal: AbortSignal.timeout(200) })
  await expect(reading).rejects.toMatchObject({ name: 'TimeoutError' })
  await expect(readInWorker(bytesOf('x'), {}, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
})

test('documents side by side each get their own answer', async () => {
  const texts = Array.from({ length: 6 }, (_, i) => `document number ${i}`)
  const documents = await Promise.all(texts.map((text) => readInWorker(bytesOf(text))))
  expect(documents.map(({ text }) => text)).toEqual(texts)
})

test('any bytes after a PDF header give text or a DocumentError', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 600 }), async (tail) => {
      await expectTextOrDocumentError(new Uint8Array(Buffer.concat([Buffer.from('%PDF-1.7\n'), tail])))
    }),
    { numRuns: 100 },
  )
})

test.each([
  ['PDF', makeLinesPdf([['some text', 'more text'], ['second page']], { title: 'T' })],
  ['protected PDF', makeLinesPdf([['some text']], { protection: 'owner', title: 'T' })],
  ['DOCX', makeDocx({ body: paragraph('some text'), header: paragraph('head'), title: 'T' })],
])(
  'a %s with any few bytes changed gives text or a DocumentError',
  async (_name, whole) => {
    const change = fc.tuple(fc.nat(whole.length - 1), fc.nat(255))
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 12 }), async (changes) => {
        const bytes = new Uint8Array(whole)
        for (const [at, value] of changes) bytes[at] = value
        await expectTextOrDocumentError(bytes)
      }),
      { numRuns: 150 },
    )
  },
  60_000,
)

async function expectTextOrDocumentError(bytes: Uint8Array): Promise<void> {
  try {
    const { text, pages } = await readInWorker(bytes)
    expect(text.isWellFormed() && !text.includes('\0')).toBe(true)
    for (const page of pages) expect(page.end).toBeLessThanOrEqual(text.length)
  } catch (error) {
    expect(error).toBeInstanceOf(DocumentError)
  }
}
