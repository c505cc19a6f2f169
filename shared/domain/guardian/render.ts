import type { Citation, Draft } from '../claims/types.ts'
import { withoutHidden } from './hidden-characters.ts'
import { defangAll } from './links.ts'

export interface RenderOptions {
  /** Names of the cited documents, by id; without it ids stand for themselves. */
  titles?: (documentId: string) => string
  /** Hosts that stay as they are, as text; all others are defanged. */
  allowedLinkHosts?: readonly string[]
}

/**
 * A draft as Markdown (CommonMark and GitHub's dialect), each claim followed by the numbers of its citations, which stand at
 * the end with their quotes. Whatever a text contains, it is shown as text: nothing in it becomes markup, a link, an image
 * or a heading.
 */
export function renderMarkdown(draft: Draft, options: RenderOptions = {}): string {
  const { titles, shown } = settingsOf(options)
  const sources = numbered(draft)
  const lines = [`# ${escapeMarkdown(shown(draft.title))}`, '', `TLP:${draft.tlp}`, '']
  for (const { heading, claims } of draft.sections) {
    lines.push(`## ${escapeMarkdown(shown(heading))}`, '')
    for (const { text, citations } of claims) {
      const numbers = numbersOf(citations, sources).map((number) => ` \\[${number}\\]`)
      lines.push(`- ${escapeMarkdown(shown(text))}${numbers.join('')}`)
    }
    lines.push('')
  }
  if (sources.size > 0) lines.push('## Sources', '')
  for (const { number, citation } of sources.values()) {
    const { document_id, start, end, quote } = citation
    const title = escapeMarkdown(shown(titles(document_id)))
    lines.push(`${number}. ${title}, characters ${start} to ${end}: “${escapeMarkdown(shown(quote))}”`)
  }
  return `${lines.join('\n').trimEnd()}\n`
}

/** A draft as plain text, one claim a line; what looks like a link in a quote is defanged. */
export function renderText(draft: Draft, options: RenderOptions = {}): string {
  const { titles, shown } = settingsOf(options)
  const sources = numbered(draft)
  const lines = [shown(draft.title), `TLP:${draft.tlp}`, '']
  for (const { heading, claims } of draft.sections) {
    lines.push(shown(heading), '')
    for (const { text, citations } of claims) {
      const numbers = numbersOf(citations, sources).map((number) => ` [${number}]`)
      lines.push(`- ${shown(text)}${numbers.join('')}`)
    }
    lines.push('')
  }
  if (sources.size > 0) lines.push('Sources', '')
  for (const { number, citation } of sources.values()) {
    const { document_id, start, end, quote } = citation
    lines.push(`[${number}] ${shown(titles(document_id))}, characters ${start} to ${end}: "${shown(quote)}"`)
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

function settingsOf({ titles = (id) => id, allowedLinkHosts = [] }: RenderOptions) {
  const allowed = new Set(allowedLinkHosts)
  /** One line in which nothing invisible is and nothing can be followed, whether the Guardian has seen it or not. */
  const shown = (text: string) =>
    defangAll(oneLine(text), allowed).text.replace(/(?<=[\p{L}\p{N}])@(?=[\p{L}\p{N}])/gu, '[@]')
  return { titles, shown }
}

function oneLine(text: string): string {
  return withoutHidden(text).replace(/\s+/g, ' ').trim()
}

/** One pass, so that what escapes one character is never escaped itself. */
const special = /\bwww\d?\.|:(?=\/\/|\w)|[\\`*_{}[\]()<>!|~$^=+#&@]/gi
const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '#': '&#35;',
  '@': '&#64;',
  ':': '&#58;',
}

/**
 * Text as Markdown that shows it unchanged: a backslash before what CommonMark (section 2.4) lets one escape, entities for
 * what GitHub's dialect makes links of without any mark (`://`, `www.`, `#1`).
 */
export function escapeMarkdown(text: string): string {
  return oneLine(text)
    .replace(special, (found) => {
      if (found.length > 1) return found.replace('.', '&#46;')
      return entities[found] ?? `\\${found}`
    })
    .replace(/^-/, '\\-')
    .replace(/^(\d{1,9})([.)])/, '$1\\$2')
}
