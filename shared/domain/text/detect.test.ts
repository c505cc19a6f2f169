import { expect, test } from 'vitest'
import { makeDocx, paragraph } from '../../../tests/fixtures/docx.ts'
import { makeLinesPdf } from '../../../tests/fixtures/pdf.ts'
import { makeZip } from '../../../tests/fixtures/zip.ts'
import { detectFormat } from './detect.ts'

const bytesOf = (text: string) => new Uint8Array(Buffer.from(text, 'latin1'))
const docx = makeDocx({ body: paragraph('text') })
const pdf = makeLinesPdf([['text']])

test.each([
  ['a PDF named .txt', pdf, 'report.txt', 'pdf'],
  ['a PDF behind a few stray bytes', Buffer.concat([Buffer.from([0, 1, 2, 0xff, 3]), pdf]), 'report.pdf', 'pdf'],
  ['a DOCX named .pdf', docx, 'report.pdf', 'docx'],
  ['a page with a doctype named .txt', bytesOf('<!DOCTYPE html><p>x'), 'page.txt', 'html'],
  [
    'a page behind a comment and an XML declaration',
    bytesOf('<?xml version="1.0"?><!-- saved -->\n<html><p>x'),
    '',
    'html',
  ],
  ['a page fragment without a name', bytesOf('<div>text</div>'), '', 'html'],
  ['a page fragment named .html', bytesOf('text <b>bold</b>'), 'a.html', 'html'],
  ['a page in UTF-16', Buffer.from('\ufeff<html><p>x', 'utf16le'), '', 'html'],
  [
    'Markdown that begins with an HTML element',
    bytesOf('<p align="center">logo</p>\n\n# Title'),
    'README.md',
    'markdown',
  ],
  ['text about a PDF header', bytesOf('The file starts with %PDF-1.7, then …'), 'note.txt', 'text'],
  ['text named .html without a tag', bytesOf('plain words'), 'a.html', 'text'],
  ['text that begins with the letters of a magic number', bytesOf('MZ is how a program starts. BM too.'), '', 'text'],
  ['a text named .pdf', bytesOf('plain words'), 'report.pdf', 'text'],
  ['an empty-looking line', bytesOf('x'), null, 'text'],
])('told by its content: %s', (_name, bytes, fileName, format) => {
  expect(detectFormat(bytes, { fileName })).toMatchObject({ format })
})

test('the declared type chooses between kinds of text only', () => {
  expect(detectFormat(bytesOf('# Title'), { contentType: 'text/markdown' })).toMatchObject({ format: 'markdown' })
  expect(detectFormat(bytesOf('a<br>b'), { contentType: 'text/html; charset=utf-8' })).toMatchObject({ format: 'html' })
  expect(detectFormat(pdf, { contentType: 'text/html' })).toMatchObject({ format: 'pdf' })
})

test('the encoding of a page comes from its meta element or its type', () => {
  const page = bytesOf('<html><meta charset="windows-1251"><p>\xcf\xf0\xe8')
  expect(detectFormat(page)).toMatchObject({ encoding: 'windows-1251' })
  const typed = { contentType: 'text/html; charset=koi8-r' }
  expect(detectFormat(bytesOf('<html><p>\xf0\xd2\xc9'), typed)).toMatchObject({ encoding: 'koi8-r' })
})

test.each([
  ['no bytes', bytesOf(''), 'a.txt', 'FILE_EMPTY', 'empty'],
  ['a Windows program', bytesOf(`MZ${'\0\x01\x02\xff'.repeat(64)}`), 'a.pdf', 'UNSUPPORTED_FORMAT', 'Windows program'],
  ['a PNG picture', bytesOf('\x89PNG\r\n\x1a\n\0\0\0\rIHDR'), 'a.png', 'UNSUPPORTED_FORMAT', 'PNG'],
  [
    'a tar of text files',
    bytesOf(`${'a'.padEnd(257, '\0')}ustar\0${'x'.repeat(60_000)}`),
    'a.tar',
    'UNSUPPORTED_FORMAT',
    'tar',
  ],
  ['an RTF document', bytesOf('{\\rtf1 text}'), 'a.doc', 'UNSUPPORTED_FORMAT', 'RTF'],
  [
    'an old Word document',
    bytesOf(`\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1${'\0'.repeat(600)}`),
    'a.doc',
    'UNSUPPORTED_FORMAT',
    'DOCX',
  ],
  [
    'an encrypted DOCX',
    bytesOf(`\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1${'\0'.repeat(600)}${[...'EncryptedPackage'].join('\0')}\0`),
    'a.docx',
    'ENCRYPTED_DOCUMENT',
    'password',
  ],
  [
    'a spreadsheet',
    makeZip([
      { name: '[Content_Types].xml', content: '' },
      { name: 'xl/workbook.xml', content: '' },
    ]),
    'a.docx',
    'UNSUPPORTED_FORMAT',
    'Excel',
  ],
  ['a ZIP of files', makeZip([{ name: 'a.txt', content: 'text' }]), 'a.zip', 'UNSUPPORTED_FORMAT', 'ZIP'],
  [
    'an encrypted ZIP',
    makeZip([{ name: 'word/document.xml', content: 'x', encrypted: true }]),
    'a.docx',
    'ENCRYPTED_DOCUMENT',
    'password',
  ],
  ['a truncated DOCX', docx.subarray(0, docx.length - 40), 'a.docx', 'BROKEN_DOCUMENT', 'cut off'],
  [
    'bytes named .txt that are no text',
    bytesOf('\x01\x02\x03\x04\x05'.repeat(9)),
    'a.txt',
    'UNKNOWN_ENCODING',
    'encoding',
  ],
  ['bytes of no known kind', bytesOf('\x01\x02\x03\x04\x05'.repeat(9)), 'a.bin', 'UNSUPPORTED_FORMAT', 'PDF, DOCX'],
])('refused with a code and a reason: %s', (_name, bytes, fileName, code, reason) => {
  const detection = detectFormat(bytes, { fileName })
  expect(detection).toMatchObject({ rejected: code, message: expect.stringContaining(reason) })
})

test('a file over the size limit is refused by its total size, before its bytes are there', () => {
  const options = { limits: { fileBytes: 1000 }, totalBytes: 1001 }
  expect(detectFormat(bytesOf('beginning'), options)).toMatchObject({ rejected: 'FILE_TOO_LARGE' })
  expect(detectFormat(bytesOf('beginning'), { ...options, totalBytes: 1000 })).toMatchObject({ format: 'text' })
})

test('the beginning of a file is enough to tell its format', () => {
  const totalBytes = 10_000_000
  expect(detectFormat(docx.subarray(0, 200), { totalBytes })).toMatchObject({ format: 'docx' })
  expect(detectFormat(pdf.subarray(0, 200), { totalBytes })).toMatchObject({ format: 'pdf' })
  const zip = makeZip([{ name: 'xl/workbook.xml', content: 'x' }])
  expect(detectFormat(zip.subarray(0, 60), { totalBytes })).toMatchObject({ rejected: 'UNSUPPORTED_FORMAT' })
})
