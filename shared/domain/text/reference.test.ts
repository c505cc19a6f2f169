import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { extractIntelligence } from '../extraction/extract.ts'
import type { Extraction } from '../extraction/types.ts'
import { type ReadDocument, readDocument } from './read-document.ts'

// One advisory in three formats; optional, where the reference data is at hand.
const folder = join(
  process.env.ADAPT_REFERENCE_DATA ?? join(import.meta.dirname, '../../../../shared/data'),
  'documents',
)
const FORMATS = ['pdf', 'docx', 'html'] as const

describe.runIf(existsSync(join(folder, 'AA20-302A.pdf')))('AA20-302A as PDF, DOCX and HTML', () => {
  const read: Record<string, { document: ReadDocument; extraction: Extraction }> = {}

  beforeAll(async () => {
    for (const format of FORMATS) {
      const document = await readDocument(new Uint8Array(await readFile(join(folder, `AA20-302A.${format}`))))
      read[format] = { document, extraction: extractIntelligence(document) }
    }
  })

  function indicators(format: string, without: string[] = []): string[] {
    const live = read[format]!.extraction.indicators.filter((found) => found.suppressed === null)
    return [
      ...new Set(live.filter(({ type }) => !without.includes(type)).map(({ type, value }) => `${type} ${value}`)),
    ].sort()
  }

  test('each is read as what it is', () => {
    for (const format of FORMATS) expect(read[format]!.document).toMatchObject({ format, unreadablePages: [] })
    expect(read.pdf!.document.pages).toHaveLength(22)
  })

  test('the PDF and the page have the same indicators', () => {
    expect(indicators('pdf').length).toBeGreaterThan(70)
    expect(indicators('html')).toEqual(indicators('pdf'))
  })

  test('the DOCX has them too, save a registry key that its conversion cut into two table rows', () => {
    expect(indicators('docx', ['registry-key'])).toEqual(indicators('pdf', ['registry-key']))
  })

  test('all have the same actors, software and vulnerabilities', () => {
    for (const kind of ['actors', 'software', 'vulnerabilities'] as const) {
      const [pdf, docx, html] = FORMATS.map((format) => new Set(read[format]!.extraction[kind].map(({ id }) => id)))
      expect(docx).toEqual(pdf)
      expect(html).toEqual(pdf)
    }
  })

  test('every technique id written in the PDF is found in the DOCX and in the page', () => {
    const ids = (format: string) =>
      new Set(read[format]!.extraction.techniques.filter(({ how }) => how === 'id').map(({ id }) => id))
    expect(ids('pdf').size).toBeGreaterThan(10)
    expect(ids('docx')).toEqual(ids('pdf'))
    // The page itself says T1047.001 where the others say T1547.001.
    expect(ids('pdf').difference(ids('html'))).toEqual(new Set(['T1547.001']))
  })

  test('evidence in the PDF points at the right page', () => {
    const { document, extraction } = read.pdf!
    for (const { start, end, page } of extraction.indicators) {
      const span = document.pages.find(({ number }) => number === page)!
      expect(start).toBeGreaterThanOrEqual(span.start)
      expect(end).toBeLessThanOrEqual(span.end)
    }
    const hash = extraction.indicators.find(({ value }) => value === 'fc0efd612ad528795472e99cae5944b68b8e26dc')!
    expect(hash.page).toBe(5)
    expect(document.text.slice(hash.start, hash.end)).toBe(hash.value)
  })
})
