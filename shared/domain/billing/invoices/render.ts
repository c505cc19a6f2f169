import type PDFDocument from 'pdfkit'
import { formatRupees } from '../money.ts'
import { bearsTax } from '../tax/gst.ts'
import { colours, page } from './page.ts'
import type { Invoice } from './schemas.ts'
import { type Column, drawTable } from './table.ts'
import { dayOf, notesOf, partyLines, periodOf, taxRows, titleOf } from './wording.ts'
import { amountInWords } from './words.ts'

type Doc = InstanceType<typeof PDFDocument>

const width = page.right - page.left

/**
 * Makes the PDF of an invoice or credit note, with the particulars of rules 46 and 53 of the CGST rules. The same document
 * is the same bytes, whenever it is made.
 */
export async function renderInvoice(invoice: Invoice): Promise<Uint8Array> {
  const [{ default: PDFDocument }, { default: fonts }] = await Promise.all([
    import('pdfkit'),
    import('./data/noto-sans.json', { with: { type: 'json' } }),
  ])
  const title = titleOf(invoice)
  const doc = new PDFDocument({
    size: 'A4',
    margin: 0,
    bufferPages: true,
    // None by name: the standard ones know no sign of the rupee.
    font: '',
    lang: 'en-IN',
    displayTitle: true,
    info: {
      Title: `${title} ${invoice.number}`,
      Author: invoice.seller.name,
      CreationDate: new Date(invoice.issued_at),
    },
  })
  const chunks: Uint8Array[] = []
  const whole = new Promise<Uint8Array>((resolve, reject) => {
    doc.on('data', (chunk: Uint8Array) => chunks.push(chunk))
    doc.once('end', () => resolve(Buffer.concat(chunks)))
    doc.once('error', reject)
  })
  doc.registerFont('regular', Buffer.from(fonts.regular, 'base64'))
  doc.registerFont('bold', Buffer.from(fonts.bold, 'base64'))
  let y = drawHead(doc, invoice, title)
  y = drawTable(doc, y, columnsOf(invoice), rowsOf(invoice))
  y = drawTotals(doc, y, invoice)
  drawNotes(doc, y, invoice)
  drawFooters(doc, invoice)
  doc.end()
  return whole
}

/** Writes a text and returns where it ends. */
function write(
  doc: Doc,
  text: string,
  at: { x: number; y: number; width: number; size?: number; bold?: boolean; colour?: string; align?: 'left' | 'right' },
): number {
  doc.font(at.bold ? 'bold' : 'regular', at.size ?? 9).fillColor(at.colour ?? colours.ink)
  doc.text(text, at.x, at.y, { width: at.width, align: at.align ?? 'left' })
  return doc.y
}

function drawHead(doc: Doc, invoice: Invoice, title: string): number {
  doc.rect(0, 0, 596, 6).fill(colours.accent)
  const named = { x: page.left, width: 0.6 * width }
  const titledAt = { x: page.left + 0.62 * width, width: 0.38 * width, align: 'right' } as const
  const left = { x: page.left, width: 0.45 * width }
  const right = page.left + 0.5 * width
  let y = write(doc, invoice.seller.name, { ...named, y: page.top, size: 14, bold: true })
  y = write(doc, partyLines(invoice.seller).join('\n'), {
    ...named,
    y: y + 3,
    size: 8.5,
    colour: colours.quiet,
  })
  const titled = write(doc, title, { ...titledAt, y: page.top - 4, size: 20, bold: true, colour: colours.accent })
  const numbered = write(doc, invoice.number, { ...titledAt, y: titled + 1, size: 11, bold: true })
  y = Math.max(y, numbered) + 14
  doc.moveTo(page.left, y).lineTo(page.right, y).lineWidth(0.75).stroke(colours.line)
  y += 14

  const label = invoice.kind === 'invoice' ? 'BILLED TO' : 'CREDITED TO'
  let party = write(doc, label, { ...left, y, size: 7.5, colour: colours.quiet })
  party = write(doc, invoice.buyer.name, { ...left, y: party + 2, size: 10.5, bold: true })
  party = write(doc, partyLines(invoice.buyer).join('\n'), { ...left, y: party + 2, size: 8.5 })

  let fact = y
  for (const [name, value] of factsOf(invoice)) {
    write(doc, name, { x: right, y: fact, width: 80, size: 8.5, colour: colours.quiet })
    fact = write(doc, value, { x: right + 84, y: fact, width: page.right - right - 84, size: 8.5 }) + 3
  }
  return Math.max(party, fact) + 18
}

function factsOf(invoice: Invoice): [string, string][] {
  const credited = invoice.credits_issued_at && dayOf(invoice.credits_issued_at)
  const facts: [string, string | null][] = [
    [invoice.kind === 'invoice' ? 'Invoice date' : 'Date', dayOf(invoice.issued_at)],
    ['For invoice', invoice.credits_number && `${invoice.credits_number} of ${credited}`],
    ['Period', periodOf(invoice)],
    ['Place of supply', invoice.place_of_supply],
    ['Reverse charge', invoice.tax_kind === 'reverse-charge' ? 'Yes' : 'No'],
    ['Currency', 'Indian rupees (INR)'],
    ['Order', invoice.order_id],
    ['Payment', invoice.gateway_payment_id],
  ]
  return facts.filter((fact): fact is [string, string] => fact[1] !== null)
}

type Cell = 'number' | 'description' | 'sac' | 'quantity' | 'unit' | 'net' | 'rate' | 'tax' | 'total'

function columnsOf({ tax_kind }: Invoice): Column<Cell>[] {
  const taxed: Column<Cell>[] = [
    { cell: 'rate', title: 'GST', width: 34, align: 'right' },
    { cell: 'tax', title: 'Tax', width: 62, align: 'right' },
  ]
  const fixed: Column<Cell>[] = [
    { cell: 'sac', title: 'SAC', width: 42, align: 'left' },
    { cell: 'quantity', title: 'Qty', width: 28, align: 'right' },
    { cell: 'unit', title: 'Unit price', width: 66, align: 'right' },
    { cell: 'net', title: 'Taxable value', width: 68, align: 'right' },
    ...(bearsTax(tax_kind) ? taxed : []),
    { cell: 'total', title: 'Amount', width: 70, align: 'right' },
  ]
  const rest = width - 20 - fixed.reduce((sum, column) => sum + column.width, 0)
  return [
    { cell: 'number', title: '#', width: 20, align: 'left' },
    { cell: 'description', title: 'Description', width: rest, align: 'left' },
    ...fixed,
  ]
}

function rowsOf(invoice: Invoice): Record<Cell, string>[] {
  return invoice.lines.map((line, index) => {
    const tax = line.cgst_paise + line.sgst_paise + line.igst_paise
    return {
      number: String(index + 1),
      description: line.description,
      sac: line.sac,
      quantity: String(line.quantity),
      unit: formatRupees(line.unit_paise),
      net: formatRupees(line.net_paise),
      rate: `${line.rate_basis_points / 100}%`,
      tax: formatRupees(tax),
      total: formatRupees(line.net_paise + tax),
    }
  })
}

function drawTotals(doc: Doc, top: number, invoice: Invoice): number {
  const rows = [{ label: 'Taxable value', paise: invoice.net_paise }, ...taxRows(invoice)]
  let y = roomFor(doc, top + 10, 40 + rows.length * 15)
  const box = { x: page.right - 222, width: 222 }
  const words = { x: page.left, width: width - box.width - 30 }
  const said = write(doc, 'AMOUNT IN WORDS', { ...words, y, size: 7.5, colour: colours.quiet })
  const saidEnd = write(doc, amountInWords(invoice.total_paise), { ...words, y: said + 2, size: 9 })
  for (const { label, paise } of rows) {
    write(doc, label, { x: box.x + 10, y, width: 100, colour: colours.quiet })
    y = write(doc, formatRupees(paise), { x: box.x, y, width: box.width - 6, align: 'right' }) + 3
  }
  doc.rect(box.x, y + 2, box.width, 26).fill(colours.band)
  const total = invoice.kind === 'invoice' ? 'Total' : 'Total credited'
  write(doc, total, { x: box.x + 10, y: y + 8, width: 100, size: 10.5, bold: true })
  write(doc, formatRupees(invoice.total_paise), {
    x: box.x,
    y: y + 8,
    width: box.width - 6,
    size: 10.5,
    bold: true,
    align: 'right',
  })
  return Math.max(saidEnd, y + 28) + 22
}

function drawNotes(doc: Doc, top: number, invoice: Invoice): void {
  let y = top
  for (const note of notesOf(invoice)) {
    doc.font('regular', 8.5)
    y = roomFor(doc, y, doc.heightOfString(note, { width }))
    y = write(doc, note, { x: page.left, y, width, size: 8.5, colour: colours.quiet }) + 2
  }
}

/** Where the next `height` points fit: here, or on a new page. */
function roomFor(doc: Doc, y: number, height: number): number {
  if (y + height <= page.bottom) return y
  doc.addPage()
  return page.top
}

function drawFooters(doc: Doc, invoice: Invoice): void {
  const { start, count } = doc.bufferedPageRange()
  for (let index = start; index < start + count; index++) {
    doc.switchToPage(index)
    doc
      .moveTo(page.left, page.footer - 8)
      .lineTo(page.right, page.footer - 8)
      .lineWidth(0.5)
      .stroke(colours.line)
    const about = `${invoice.number}  ·  questions: ${invoice.seller.email ?? invoice.seller.name}`
    write(doc, about, { x: page.left, y: page.footer, width: width - 80, size: 7.5, colour: colours.quiet })
    const at = { x: page.right - 80, y: page.footer, width: 80, size: 7.5, colour: colours.quiet }
    write(doc, `Page ${index + 1} of ${count}`, { ...at, align: 'right' })
  }
}
