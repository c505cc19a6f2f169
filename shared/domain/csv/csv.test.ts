import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { inChunks } from './chunks.ts'
import { csvRow, guardFormula, writeCsv } from './csv.ts'
import { type CsvIndicator, indicatorColumns } from './indicators.ts'

/** Reads RFC 4180 text strictly: anything that the grammar does not allow is an error. */
function readCsv(text: string): string[][] {
  const rows: string[][] = []
  let row: string[] = []
  let at = 0
  while (at < text.length) {
    let cell = ''
    if (text[at] === '"') {
      for (at++; ; at++) {
        if (at >= text.length) throw new Error('unclosed quote')
        if (text[at] === '"') {
          if (text[at + 1] !== '"') break
          at++
        }
        cell += text[at]
      }
      at++
    } else {
      while (text[at] !== ',' && text[at] !== '\r') {
        if (at >= text.length || text[at] === '"' || text[at] === '\n') throw new Error('bare character')
        cell += text[at++]
      }
    }
    row.push(cell)
    if (text[at] === ',') at++
    else if (text.startsWith('\r\n', at)) {
      at += 2
      rows.push(row)
      row = []
    } else throw new Error('junk behind a cell')
  }
  if (row.length > 0) throw new Error('no line end')
  return rows
}

async function join(texts: AsyncIterable<string>): Promise<string> {
  let all = ''
  for await (const text of texts) all += text
  return all
}

const nasty = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({
    unit: fc.constantFrom('=', '+', '-', '@', '＝', '\t', '\r', '\n', '"', ',', "'", ' ', '\u200b', '\ufeff', 'x'),
  }),
)

describe('a record', () => {
  it.each<[string, string]>([
    ['plain', 'plain'],
    ['', ''],
    ['a,b', '"a,b"'],
    ['say "hi"', '"say ""hi"""'],
    ['two\r\nlines', '"two\r\nlines"'],
    ['=1+1', "'=1+1"],
    ['+41 1', "'+41 1"],
    ['-2', "'-2"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['＝1', "'＝1"],
    ['  =1', "'  =1"],
    ['\t=1', `"'\t=1"`],
    ['\u200b=1', "'\u200b=1"],
    ['\rcmd', `"'\rcmd"`],
    ["'=1", "'=1"],
    ['a=b', 'a=b'],
    [' lead', '" lead"'],
  ])('writes %j as %j', (value, written) => {
    expect(csvRow([value, 'end'])).toBe(`${written},end\r\n`)
  })

  it('leaves what is a number a number, and writes times in UTC', () => {
    expect(csvRow([-5, 0.5, true, new Date(0), null, undefined, Number.NaN])).toBe(
      '-5,0.5,true,1970-01-01T00:00:00.000Z,,,\r\n',
    )
  })

  it('reads back as the cells, or as the cells behind an apostrophe', () => {
    fc.assert(
      fc.property(fc.array(nasty, { minLength: 1 }), (values) => {
        const rows = readCsv(csvRow(values))
        expect(rows).toHaveLength(1)
        expect(rows[0]).toEqual(values.map((value) => guardFormula(value)))
        for (const [at, value] of values.entries()) expect([value, `'${value}`]).toContain(rows[0]![at])
      }),
      { numRuns: 1000 },
    )
  })

  it('never begins a cell with what a spreadsheet would run', () => {
    fc.assert(
      fc.property(nasty, (value) => {
        const [[cell]] = readCsv(csvRow([value, 'x'])) as [[string]]
        expect(cell.replace(/^[\s\u200b]+/u, '')).not.toMatch(/^[=+\-@＝＋－＠]/)
        expect(cell).not.toMatch(/^[\t\r\n]/)
      }),
      { numRuns: 1000 },
    )
  })
})

describe('the indicator export', () => {
  const row: CsvIndicator = {
    type: 'url',
    value: 'https://evil.example/a,b',
    tlp: 'AMBER+STRICT',
    confidence: 80,
    first_seen: new Date('2026-11-01T00:00:00Z'),
    last_seen: '2026-11-02T00:00:00Z',
    valid_until: new Date('2026-12-01T00:00:00Z'),
    suppressed_reason: null,
    documents: ['AA26-001A', '=cmd|calc'],
  }

  it('has these columns in this order', async () => {
    expect(await join(writeCsv(indicatorColumns, [row]))).toBe(
      'type,value,defanged_value,tlp,confidence,first_seen,last_seen,valid_until,suppressed_reason,documents\r\n' +
        'url,"https://evil.example/a,b","hxxps://evil[.]example/a,b",AMBER+STRICT,80,2026-11-01T00:00:00.000Z,' +
        '2026-11-02T00:00:00.000Z,2026-12-01T00:00:00.000Z,,"AA26-001A; =cmd|calc"\r\n',
    )
  })

  it('has its headings when there is nothing to export', async () => {
    expect(readCsv(await join(writeCsv(indicatorColumns, [])))).toHaveLength(1)
  })

  it('reads rows as the text is read', async () => {
    let read = 0
    async function* rows() {
      for (;;) {
        read++
        yield row
      }
    }
    const iterator = writeCsv(indicatorColumns, rows())[Symbol.asyncIterator]()
    await iterator.next()
    expect(read).toBeLessThan(200)
    await iterator.return?.()
  })
})

it('chunks are the texts in order, joined to the wanted size', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.string()), fc.integer({ min: 1, max: 20 }), async (texts, size) => {
      const chunks: string[] = []
      for await (const chunk of inChunks(texts, size)) chunks.push(chunk)
      expect(chunks.join('')).toBe(texts.join(''))
      for (const chunk of chunks.slice(0, -1)) expect(chunk.length).toBeGreaterThanOrEqual(size)
    }),
  )
})
