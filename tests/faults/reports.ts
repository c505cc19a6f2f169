import { createHash } from 'node:crypto'
import { makeDocx, paragraph } from '../fixtures/docx.ts'
import { makeLinesPdf } from '../fixtures/pdf.ts'
import type { Random } from './random.ts'

export interface ReportFile {
  name: string
  contentType: string
  bytes: Uint8Array
  sha256: string
  expected: 'ready' | 'rejected' | 'one of two'
}

const actors = ['APT29', 'Lazarus Group', 'FIN7', 'Wizard Spider', 'Sandworm Team', 'Turla']
const software = ['Cobalt Strike', 'Mimikatz', 'TrickBot', 'Emotet', 'PlugX', 'QakBot']
const techniques = ['T1566.001', 'T1059.001', 'T1190', 'T1003.001', 'T1486', 'T1021.002']
const words = 'stem north vale crow amber lock field stone river glass iron pine'.split(' ')
const topLevels = ['top', 'xyz', 'ru', 'cc', 'info']

/** Values that many reports name, so that their processing meets at the same rows. */
function sharedValues(random: Random): string[] {
  return Array.from({ length: 12 }, () => indicatorSentence(random))
}

/**
 * Makes fifty files as a busy morning brings them: texts short and long, HTML, DOCX and PDF, two that are broken, and
 * one that comes twice under two names.
 */
export function makeReportFiles(random: Random): ReportFile[] {
  const shared = sharedValues(random)
  const lines = (count: number) => makeLines(random, shared, count)
  const text = (name: string, count: number) => file(name, 'text/plain', Buffer.from(lines(count).join('\n')))
  const twin = text('twin-a.txt', 40)
  return [
    ...range(28, (at) => text(`short-${at}.txt`, random.integer(8, 60))),
    ...range(6, (at) => text(`long-${at}.txt`, random.integer(300, 700))),
    ...range(6, (at) => file(`page-${at}.html`, 'text/html', Buffer.from(html(lines(random.integer(10, 80)))))),
    ...range(3, (at) =>
      file(
        `letter-${at}.docx`,
        'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
        makeDocx({
          body: lines(random.integer(10, 40))
            .map((line) => paragraph(line))
            .join(''),
        }),
      ),
    ),
    ...range(3, (at) =>
      file(`paper-${at}.pdf`, 'application/pdf', makeLinesPdf(range(random.integer(1, 4), () => lines(30)))),
    ),
    { ...file('broken.pdf', 'application/pdf', Buffer.from(`%PDF-1.7\n${random.hex(4000)}`)), expected: 'rejected' },
    { ...file('broken.docx', twin.contentType, makeDocx({ body: 'x' }).slice(0, 90)), expected: 'rejected' },
    { ...twin, expected: 'one of two' },
    { ...twin, name: 'twin-b.txt', expected: 'one of two' },
  ]
}

function file(name: string, contentType: string, bytes: Uint8Array): ReportFile {
  return { name, contentType, bytes, sha256: createHash('sha256').update(bytes).digest('hex'), expected: 'ready' }
}

function makeLines(random: Random, shared: readonly string[], count: number): string[] {
  return range(count, (at) => {
    if (at % 4 === 0) return random.pick(shared)
    if (at % 4 === 1) return indicatorSentence(random)
    if (at % 4 === 2) return namesSentence(random)
    return `The ${random.pick(words)} team kept watching the ${random.pick(words)} network for ${at + 2} days.`
  })
}

function indicatorSentence(random: Random): string {
  const host = `${random.pick(words)}${random.pick(words)}-${random.hex(4)}.${random.pick(topLevels)}`
  const address = `${random.integer(185, 195)}.${random.integer(1, 250)}.${random.integer(1, 250)}.${random.integer(1, 250)}`
  return random.pick([
    `The implant called back to ${host.replaceAll('.', '[.]')} every ten minutes.`,
    `A second stage was fetched from hxxp://${host}/${random.hex(6)}.bin by the loader.`,
    `Operators logged in from ${address.replaceAll('.', '[.]')} during the night.`,
    `The dropped file has the SHA-256 ${random.hex(64)} on all hosts.`,
    `Its older variant has the MD5 ${random.hex(32)} instead.`,
  ])
}

function namesSentence(random: Random): string {
  return random.pick([
    `We attribute this wave to ${random.pick(actors)} with moderate confidence.`,
    `The intruders used ${random.pick(software)} on the domain controller (${random.pick(techniques)}).`,
    `Entry was gained through CVE-20${random.integer(15, 25)}-${random.integer(1000, 39999)} (${random.pick(techniques)}).`,
  ])
}

function html(lines: readonly string[]): string {
  return `<!doctype html><html><head><title>Report</title></head><body>${lines.map((line) => `<p>${line}</p>`).join('\n')}</body></html>`
}

function range<Item>(count: number, make: (at: number) => Item): Item[] {
  return Array.from({ length: count }, (_, at) => make(at))
}
