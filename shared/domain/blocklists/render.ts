import { inChunks } from '../csv/chunks.ts'
import type { IndicatorType } from '../extraction/types.ts'
import { type BlocklistFormat, type BlocklistHeader, formatRules, nftablesTable } from './render-formats.ts'

export { type BlocklistFormat, type BlocklistHeader, blocklistFormats } from './render-formats.ts'

/** A list's text in pieces, and how many entries it holds; the numbers are final once the text has been read. */
export interface BlocklistText extends AsyncIterable<string> {
  /** Entries written, and entries that the format can't hold. */
  readonly counts: { readonly written: number; readonly skipped: number }
}

interface Entry {
  type: IndicatorType
  value: string
}

/** The types that a format can carry, or null when it carries all. */
export function typesOfFormat(format: BlocklistFormat): readonly IndicatorType[] | null {
  return formatRules[format].types
}

/** The media type under which a format is served. */
export function mediaTypeOf(format: BlocklistFormat): string {
  return formatRules[format].mediaType
}

/**
 * Writes a blocklist in a format that firewalls, resolvers or scripts read, entry by entry. A value that the format
 * can't hold, or that would add to it more than one entry, is left out and counted; an entry that says the same as the
 * one before it is written once.
 *
 * `ipv4-port` and `ipv6-port` become their address where a format knows hosts only. `edl-url` drops scheme, user and
 * port. `rpz` blocks a domain with everything below it.
 *
 * @param format one of `blocklistFormats`
 * @param entries canonical values; types that the format doesn't carry are left out and counted
 * @param header told in comments, where the format has comments
 * @returns text in pieces of some 16,000 characters, to be read once
 */
export function renderBlocklist(
  format: BlocklistFormat,
  entries: Iterable<Entry> | AsyncIterable<Entry>,
  header: BlocklistHeader,
): BlocklistText {
  const counts = { written: 0, skipped: 0 }
  const chunks = inChunks(listText(format, entries, header, counts))
  return { counts, [Symbol.asyncIterator]: () => chunks }
}

type Entries = Iterable<Entry> | AsyncIterable<Entry>

async function* listText(
  format: BlocklistFormat,
  entries: Entries,
  header: BlocklistHeader,
  counts: { written: number; skipped: number },
): AsyncGenerator<string> {
  const { comment, opening } = formatRules[format]
  const lines = entryLines(format, entries, counts)
  const comments = (texts: string[]) =>
    comment === null ? '' : texts.map((text) => `${comment} ${oneLine(text)}\n`).join('')
  yield comments([`Blocklist: ${header.name}`, `Generated: ${header.generatedAt.toISOString()}`])
  yield opening(header)
  yield* format === 'nftables' ? elementStatements(lines, nftablesTable(header)) : lines
  yield comments([`Entries: ${counts.written}, left out: ${counts.skipped}`])
}

async function* entryLines(
  format: BlocklistFormat,
  entries: Entries,
  counts: { written: number; skipped: number },
): AsyncGenerator<string> {
  const { types, entry } = formatRules[format]
  let previous: string | null = null
  for await (const { type, value } of entries) {
    const line = types === null || types.includes(type) ? entry(type, value) : null
    if (line === null) counts.skipped++
    else if (line !== previous) {
      counts.written++
      previous = line
      yield line
    }
  }
}

/** A name without anything that could end the comment it stands in. */
function oneLine(name: string): string {
  return name.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ')
}

/**
 * Puts addresses into `add element` statements, a new one whenever the family changes: sorted entries need two, which
 * matters because nft merges the whole set again for each.
 */
async function* elementStatements(lines: AsyncIterable<string>, table: string): AsyncGenerator<string> {
  let open: string | null = null
  for await (const line of lines) {
    const set = line.includes(':') ? 'blocklist_ipv6' : 'blocklist_ipv4'
    if (set === open) yield `,\n${line.trimEnd()}`
    else yield `${open === null ? '' : ' }\n'}add element ${table} ${set} { ${line.trimEnd()}`
    open = set
  }
  if (open !== null) yield ' }\n'
}
