import type { Citation, Draft } from '../claims/types.ts'
import { withoutHidden } from './hidden-characters.ts'
import { defangAll } from './links.ts'

/** Names of the cited documents, by id; ids stand for themselves. */
export type Titles = (documentId: string) => string

const nobody: ReadonlySet<string> = new Set()

/**
 * A draft as Markdown (CommonMark and GitHub's dialect), each claim followed by the numbers of its citations, which stand at
 * the end with their quotes. Whatever a text contains, it is shown as text: nothing in it becomes markup, a link, an image
 * or a heading.
 */
export function renderMarkdown(draft: Draft, titles: Titles = (id) => id): string {
  const sources = numbered(draft)
  const lines = [`# ${escapeMarkdown(draft.title)}`, '', `TLP:${draft.tlp}`, '']
  for (const { heading, claims } of draft.sections) {
    lines.push(`## ${escapeMarkdown(heading)}`, '')
    for (const { text, citations } of claims) {
      const numbers = numbersOf(citations, sources).map((number) => ` \\[${number}\\]`)
      lines.push(`- ${escapeMarkdown(text)}${numbers.join('')}`)
    }
    lines.push('')
  }
  if (sources.size > 0) lines.push('## Sources', '')
  for (const { number, citation } of sources.values()) {
    const { document_id, start, end, quote } = citation
    const title = escapeMarkdown(titles(document_id))
    lines.push(`${number}. ${title}, characters ${start} to ${end}: “${escapeMarkdown(shownQuote(quote))}”`)
  }
  return `${lines.join('\n').trimEnd()}\n`
}

/** A draft as plain text, one claim a line; what looks like a link in a quote is defanged. */
export function renderText(draft: Draft, titles: Titles = (id) => id): string {
  const sources = numbered(draft)
  const lines = [oneLine(draft.title), `TLP:${draft.tlp}`, '']
  for (const { heading, claims } of draft.sections) {
    lines.push(oneLine(heading), '')
    for (const { text, citations } of claims) {
      const numbers = numbersOf(citations, sources).map((number) => ` [${number}]`)
      lines.push(`- ${oneLine(text)}${numbers.join('')}`)
    }
    lines.push('')
  }
  if (sources.size > 0) lines.push('Sources', '')
  for (const { number, citation } of sources.values()) {
    const { document_id, start, end, quote } = citation
    lines.push(`[${number}] ${oneLine(titles(document_id))}, characters ${start} to ${end}: "${shownQuote(quote)}"`)
  }
  return `${lines.join('\n').trimEnd()}\n`
}

interface Numbered {
  number: number
  citation: Citation
}

/** Places of documents in the order in which they are cited; evidence at one place shares its number. */
function numbered({ sections }: Draft): Map<string, Numbered> {
  const found = new Map<string, Numbered>()
  for (const { claims } of sections) {
    for (const { citations } of claims) {
      for (const citation of citations) {
        const key = keyOf(citation)
        if (!found.has(key)) found.set(key, { number: found.size + 1, citation })
      }
    }
  }
  return found
}

function keyOf({ document_id, start, end }: Citation): string {
  return `${document_id} ${start} ${end}`
}

function numbersOf(citations: readonly Citation[], sources: ReadonlyMap<string, Numbered>): number[] {
  return [...new Set(citations.map((citation) => sources.get(keyOf(citation))?.number ?? 0))]
}

function shownQuote(quote: string): string {
  return defangAll(oneLine(quote), nobody).text
}

function oneLine(text: string): string {
  return withoutHidden(text).replace(/\s+/g, ' ').trim()
}

/**
 * Text as Markdown that shows it unchanged: a backslash before what CommonMark (section 2.4) lets one escape, entities for
 * what GitHub's dialect makes links of without any mark (`://`, `www.`, `@`, and `#1`, `a/b#1` beside them).
 */
export function escapeMarkdown(text: string): string {
  return oneLine(text)
    .replace(/[\\`*_{}[\]()<>!|~$^=+]/g, '\\$&')
    .replace(/&/g, '&amp;')
    .replace(/:(?=\/\/|[\w.])/g, '&#58;')
    .replace(/\b(www\d?)\./gi, '$1&#46;')
    .replace(/@/g, '&#64;')
    .replace(/#/g, '&#35;')
    .replace(/^([-–])/, '\\$1')
    .replace(/^(\d{1,9})([.)])/, '$1\\$2')
    .replace(/\.(?=\S)/g, '&#46;')
}
