import { expect, test } from 'vitest'
import { type DocxParts, makeDocx, paragraph } from '../../../tests/fixtures/docx.ts'
import { readDocx } from './docx.ts'
import { DEFAULT_LIMITS, type DocumentLimits } from './limits.ts'

const read = (parts: DocxParts, limits: Partial<DocumentLimits> = {}) =>
  readDocx(makeDocx(parts), { ...DEFAULT_LIMITS, ...limits })

const textOf = async (body: string) => (await read({ body })).text

const run = (content: string, properties = '') => `<w:r><w:rPr>${properties}</w:rPr>${content}</w:r>`
const cell = (text: string) => `<w:tc><w:tcPr><w:tcW w:w="1"/></w:tcPr>${paragraph(text)}</w:tc>`

test('paragraphs stand apart and list items one below the other', async () => {
  const item = '<w:pPr><w:numPr><w:ilvl w:val="0"/></w:numPr></w:pPr>'
  const body = paragraph('intro') + paragraph('one', item) + paragraph('two', item) + paragraph('end')
  expect(await textOf(body)).toBe('intro\n\none\ntwo\nend')
})

test('table cells are set apart by tabs and rows by line feeds', async () => {
  const rows = `<w:tr>${cell('Type')}${cell('Value')}</w:tr><w:tr>${cell('')}${cell('192.0.2.1')}</w:tr>`
  expect(await textOf(`<w:tbl>${rows}</w:tbl>${paragraph('after')}`)).toBe('Type\tValue\n192.0.2.1\n\nafter')
})

test('runs, hyperlinks and fields are one text, without the link’s target or the field’s code', async () => {
  const body =
    `<w:p>${run('<w:t>evil</w:t>')}${run('<w:t>[.]</w:t>')}<w:hyperlink r:id="r9">${run('<w:t>example</w:t>')}</w:hyperlink>` +
    `${run('<w:instrText>HYPERLINK "http://code.example"</w:instrText>')}</w:p>`
  expect(await textOf(body)).toBe('evil[.]example')
})

test('tabs, breaks, hyphens and non-breaking spaces become plain characters; a tab stop’s definition does not', async () => {
  const body =
    '<w:p><w:pPr><w:tabs><w:tab w:val="left" w:pos="1"/></w:tabs></w:pPr>' +
    `${run('<w:t>a</w:t><w:tab/><w:t>b</w:t><w:br/><w:t>c</w:t><w:noBreakHyphen/><w:t>d\u00a0e</w:t><w:softHyphen/><w:t>f</w:t>')}</w:p>`
  expect(await textOf(body)).toBe('a\tb\nc-d ef')
})

test('deleted, moved-away and hidden text is left out', async () => {
  const body =
    `<w:p>${run('<w:t>kept</w:t>')}<w:del>${run('<w:delText>evil</w:delText>')}</w:del>` +
    `<w:moveFrom>${run('<w:t>evil</w:t>')}</w:moveFrom>${run('<w:t>evil</w:t>', '<w:vanish/>')}` +
    `<w:ins>${run('<w:t> too</w:t>', '<w:vanish w:val="0"/>')}</w:ins></w:p>`
  expect(await textOf(body)).toBe('kept too')
})

test('a raised footnote number does not become part of the domain before it', async () => {
  const mark = run('<w:t>2</w:t>', '<w:vertAlign w:val="superscript"/>')
  expect(await textOf(`<w:p>${run('<w:t>evil.example</w:t>')}${mark}</w:p>`)).toBe('evil.example 2')
})

test('a text box follows the paragraph that anchors it, once', async () => {
  const box = `<w:txbxContent>${paragraph('in the box')}</w:txbxContent>`
  const anchor = `<w:r><mc:AlternateContent><mc:Choice>${box}</mc:Choice><mc:Fallback>${box}</mc:Fallback></mc:AlternateContent></w:r>`
  const body = `<w:p>${run('<w:t>one </w:t>')}${anchor}${run('<w:t>sentence</w:t>')}</w:p>${paragraph('next')}`
  expect(await textOf(body)).toBe('one sentence\n\nin the box\n\nnext')
})

test('footnotes and headers follow the body, and the title comes from the properties', async () => {
  const document = await read({
    body: paragraph('body'),
    footnotes: `<w:footnote w:id="1">${paragraph('see 192.0.2.1')}</w:footnote>`,
    header: paragraph('TLP:GREEN'),
    title: 'A &amp; B',
  })
  expect(document).toEqual({ text: 'body\n\nsee 192.0.2.1\n\nTLP:GREEN', title: 'A & B' })
})

test('a document of pictures only has no text layer', async () => {
  await expect(textOf('<w:p><w:r><w:drawing/></w:r></w:p>')).rejects.toMatchObject({ code: 'NO_TEXT_LAYER' })
})

test('nesting over the limit is refused', async () => {
  const nested = `${'<w:sdt>'.repeat(600)}${paragraph('x')}${'</w:sdt>'.repeat(600)}`
  await expect(textOf(nested)).rejects.toMatchObject({ code: 'NESTING_TOO_DEEP' })
})

test('text over the limit is refused, summed over all parts', async () => {
  const parts = { body: paragraph('1234567890'), header: paragraph('abcdefghij') }
  await expect(read(parts, { textLength: 15 })).rejects.toMatchObject({ code: 'TEXT_TOO_LARGE' })
  expect((await read(parts, { textLength: 30 })).text).toBe('1234567890\n\nabcdefghij')
})

test('entities that a document type declares are not expanded', async () => {
  const bomb = '<!DOCTYPE x [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;">]>'
  expect(await textOf(`${bomb}${paragraph('x &b; y')}`)).not.toContain('lollol')
})
