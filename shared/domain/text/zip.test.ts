import { expect, test } from 'vitest'
import { makeZip, type ZipFile } from '../../../tests/fixtures/zip.ts'
import { DEFAULT_LIMITS, type DocumentLimits } from './limits.ts'
import { readArchive, unpackEntry } from './zip.ts'

const read = (bytes: Uint8Array, limits: Partial<DocumentLimits> = {}) =>
  readArchive(bytes, { ...DEFAULT_LIMITS, ...limits })

async function unpackFirst(files: ZipFile[]): Promise<string> {
  const bytes = makeZip(files)
  const chunks: Uint8Array[] = []
  for await (const chunk of unpackEntry(bytes, read(bytes)[0]!)) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

test('stored and deflated files are unpacked as they were', async () => {
  const content = 'words '.repeat(50_000)
  expect(await unpackFirst([{ name: 'a', content }])).toBe(content)
  expect(await unpackFirst([{ name: 'a', content, stored: true }])).toBe(content)
})

test('a large file is unpacked in pieces of at most 64 KiB', async () => {
  const bytes = makeZip([{ name: 'a', content: new Uint8Array(1_000_000) }])
  for await (const chunk of unpackEntry(bytes, read(bytes)[0]!)) expect(chunk.length).toBeLessThanOrEqual(65_536)
})

test('a file that grows over its declared size is stopped at that size', async () => {
  const files = [{ name: 'a', content: new Uint8Array(10_000_000), declaredBytes: 1000 }]
  await expect(unpackFirst(files)).rejects.toMatchObject({ code: 'ARCHIVE_BOMB' })
})

test.each([
  ['shorter than declared', { declaredBytes: 9 }],
  ['of another checksum than declared', { declaredCrc32: 1 }],
])('a file %s is damage', async (_name, lie) => {
  await expect(unpackFirst([{ name: 'a', content: 'text', ...lie }])).rejects.toMatchObject({ code: 'BROKEN_DOCUMENT' })
})

test.each([
  ['a file of a thousand times its packed size', [{ name: 'a', content: new Uint8Array(20_000_000) }], {}],
  [
    'more files than allowed',
    [
      { name: 'a', content: '' },
      { name: 'b', content: '' },
    ],
    { archiveEntries: 1 },
  ],
  [
    'more unpacked bytes than allowed',
    [
      { name: 'a', content: '12345', stored: true },
      { name: 'b', content: '12345', stored: true },
    ],
    { archiveBytes: 9 },
  ],
  [
    'many files that grow only together',
    Array.from({ length: 20 }, (_, i) => ({ name: `${i}`, content: new Uint8Array(1_000_000) })),
    {},
  ],
  [
    'files that share their bytes',
    [
      { name: 'a', content: 'x'.repeat(99) },
      { name: 'b', content: 'x'.repeat(99), headerOffset: 0 },
    ],
    {},
  ],
])('refused before anything is unpacked: %s', (_name, files, limits) => {
  expect(() => read(makeZip(files), limits)).toThrow(expect.objectContaining({ code: 'ARCHIVE_BOMB' }))
})

test('an archive at its limits is read', () => {
  const files = [
    { name: 'a', content: '12345', stored: true },
    { name: 'b', content: '12345', stored: true },
  ]
  expect(read(makeZip(files), { archiveEntries: 2, archiveBytes: 10 })).toHaveLength(2)
})

test('an archive cut anywhere is damage, not another error', () => {
  const bytes = makeZip([{ name: 'word/document.xml', content: 'x'.repeat(500) }])
  for (let length = 4; length < bytes.length; length++) {
    expect(() => read(bytes.subarray(0, length))).toThrow(expect.objectContaining({ code: 'BROKEN_DOCUMENT' }))
  }
})
