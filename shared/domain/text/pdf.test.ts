import { expect, test } from 'vitest'
import { makeLinesPdf, makePdf, makeScannedPdf, type PdfRun } from '../../../tests/fixtures/pdf.ts'
import { DEFAULT_LIMITS, type DocumentLimits } from './limits.ts'
import { readPdf } from './pdf.ts'

const read = (bytes: Uint8Array, limits: Partial<DocumentLimits> = {}) =>
  readPdf(bytes, { ...DEFAULT_LIMITS, ...limits })

const textOf = async (runs: PdfRun[]) => (await read(makePdf([runs]))).text

const column = (x: number, top: number, lines: string[]): PdfRun[] =>
  lines.map((text, i) => ({ text, x, y: top - i * 12 }))

test('each page’s span holds exactly its text, also around an empty page', async () => {
  const { text, pages } = await read(makeLinesPdf([['first page'], [], ['third page']]))
  expect(pages.map(({ number, start, end }) => [number, text.slice(start, end)])).toEqual([
    [1, 'first page'],
    [2, ''],
    [3, 'third page'],
  ])
})

test('the declared title is the title', async () => {
  expect((await read(makeLinesPdf([['text']], { title: 'Report 7' }))).title).toBe('Report 7')
  expect((await read(makeLinesPdf([['text']]))).title).toBeNull()
})

test('a paragraph flows into one line and the next paragraph stands apart', async () => {
  const runs = [
    ...column(60, 700, [
      'The loader was delivered by e-mail and it contacted the',
      'command server at once after it had been started by the',
      'user.',
    ]),
    ...column(60, 640, ['A second paragraph.']),
  ]
  expect(await textOf(runs)).toBe(
    'The loader was delivered by e-mail and it contacted the command server at once after it had been started by the user.\n\nA second paragraph.',
  )
})

test('columns are read one after the other when they are drawn so', async () => {
  const left = column(60, 700, ['left column of words that', 'goes on in a second line'])
  const right = column(320, 700, ['right column of words that', 'goes on in another line'])
  expect(await textOf([...left, ...right])).toBe(
    'left column of words that goes on in a second line\tright column of words that goes on in another line',
  )
})

test('table cells are set apart by tabs, and what wraps in a cell stays in it', async () => {
  const runs = [
    { text: 'Type', x: 60, y: 700 },
    { text: 'Value', x: 200, y: 700 },
    { text: 'SHA-256', x: 60, y: 680 },
    ...column(200, 680, ['e3b0c44298fc1c149afbf4c8996fb92427ae41', 'e4649b934ca495991b7852b855']),
    { text: 'IP', x: 60, y: 640 },
    { text: '192.0.2.1', x: 200, y: 640 },
  ]
  expect(await textOf(runs)).toMatch(
    /^Type\tValue\s+SHA-256\te3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\s+IP\t192\.0\.2\.1$/,
  )
})

test('a link that is drawn before its sentence is read in its place', async () => {
  const runs = [
    { text: 'evil.example', x: 122, y: 700 },
    { text: 'The host at', x: 60, y: 700 },
    { text: 'was seen.', x: 184, y: 700 },
  ]
  expect(await textOf(runs)).toBe('The host at evil.example was seen.')
})

test('a raised footnote number does not become part of the domain before it', async () => {
  const runs = [
    { text: 'It asked evil.example', x: 60, y: 700 },
    { text: '2', x: 152.5, y: 703, size: 6 },
  ]
  expect(await textOf(runs)).toBe('It asked evil.example 2')
})

test('text painted twice to look bold is read once', async () => {
  const runs = [
    { text: 'evil.example', x: 60, y: 700 },
    { text: 'evil.example', x: 60.4, y: 700 },
  ]
  expect(await textOf(runs)).toBe('evil.example')
})

test('a scan has no text layer', async () => {
  await expect(read(makeScannedPdf())).rejects.toMatchObject({ code: 'NO_TEXT_LAYER' })
})

test('a PDF that needs a password is refused, one that only restricts printing is read', async () => {
  await expect(read(makeLinesPdf([['text']], { protection: 'user' }))).rejects.toMatchObject({
    code: 'ENCRYPTED_DOCUMENT',
  })
  const restricted = await read(makeLinesPdf([['readable text']], { protection: 'owner', title: 'T' }))
  expect(restricted).toMatchObject({ text: 'readable text', title: 'T' })
})

test('pages at the limit are read and one more is refused', async () => {
  expect((await read(makeLinesPdf([['a'], ['b']]), { pages: 2 })).pages).toHaveLength(2)
  await expect(read(makeLinesPdf([['a'], ['b'], ['c']]), { pages: 2 })).rejects.toMatchObject({
    code: 'TOO_MANY_PAGES',
  })
})

test.each([3, 1_000_000_000])('a page tree that claims %i pages but has one gives the one', async (claimedPages) => {
  const { text, unreadablePages } = await read(makeLinesPdf([['only page']], { claimedPages }))
  expect(text).toContain('only page')
  expect(unreadablePages).not.toContain(1)
})

test('text over the limit is refused', async () => {
  await expect(read(makeLinesPdf([['12345', '67890']]), { textLength: 8 })).rejects.toMatchObject({
    code: 'TEXT_TOO_LARGE',
  })
})

test('a PDF cut anywhere is read in part or refused with a code', async () => {
  const whole = makeLinesPdf([['text of the page']])
  for (let length = 10; length < whole.length; length += 41) {
    const outcome = await read(whole.slice(0, length)).then(
      ({ text }) => text,
      (error) => error.code,
    )
    expect(['text of the page', 'BROKEN_DOCUMENT', 'NO_TEXT_LAYER']).toContain(outcome)
  }
})
