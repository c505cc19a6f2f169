import type PDFDocument from 'pdfkit'
import { colours, page } from './page.ts'

type Doc = InstanceType<typeof PDFDocument>

export interface Column<Cell extends string> {
  cell: Cell
  title: string
  /** Points, with the gap to the next one. */
  width: number
  align: 'left' | 'right'
}

const size = 8.5
const padding = 6
const gap = 6

/** Draws rows under a head that is repeated on each page; returns where the table ends. */
export function drawTable<Cell extends string>(
  doc: Doc,
  top: number,
  columns: readonly Column<Cell>[],
  rows: readonly Readonly<Record<Cell, string>>[],
): number {
  let y = drawTableHead(doc, top, columns)
  for (const row of rows) {
    doc.font('regular', size)
    const heights = columns.map(({ cell, width }) => doc.heightOfString(row[cell], { width: width - gap }))
    const height = Math.max(...heights) + 2 * padding
    if (y + height > page.bottom) {
      doc.addPage()
      y = drawTableHead(doc, page.top, columns)
    }
    doc.font('regular', size).fillColor(colours.ink)
    drawCells(doc, y + padding, columns, ({ cell }) => row[cell])
    y += height
    doc.moveTo(page.left, y).lineTo(page.right, y).lineWidth(0.5).stroke(colours.line)
  }
  return y
}

function drawTableHead<Cell extends string>(doc: Doc, y: number, columns: readonly Column<Cell>[]): number {
  const height = 20
  doc.rect(page.left, y, page.right - page.left, height).fill(colours.band)
  doc.font('bold', 7.5).fillColor(colours.quiet)
  drawCells(doc, y + 5, columns, ({ title }) => title)
  return y + height
}

function drawCells<Cell extends string>(
  doc: Doc,
  y: number,
  columns: readonly Column<Cell>[],
  textOf: (column: Column<Cell>) => string,
): void {
  let x = page.left
  for (const column of columns) {
    const left = column.align === 'left' ? x + gap : x
    doc.text(textOf(column), left, y, { width: column.width - gap, align: column.align })
    x += column.width
  }
}
