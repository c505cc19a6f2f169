import { findAttack } from '#shared/domain/attack/find.ts'
import { findIndicators } from './indicators.ts'
import type { DocumentText, Extraction, PageSpan } from './types.ts'

/**
 * Finds everything of interest in one document: indicators, ATT&CK techniques, named actors, software and vulnerabilities,
 * each with its place.
 *
 * @param document plain text with the spans of its pages (none for formats without pages)
 * @returns lists in order of `start`; `page` is the page on which a mention begins, null without pages
 */
export function extractIntelligence(document: DocumentText): Extraction {
  const { text, pages } = document
  const attack = findAttack(text)
  return {
    indicators: withPages(findIndicators(text, { pages }), pages),
    techniques: withPages(attack.techniques, pages),
    actors: withPages(attack.actors, pages),
    software: withPages(attack.software, pages),
    vulnerabilities: withPages(attack.vulnerabilities, pages),
  }
}

/** Numbers each mention with the page it begins on; both lists are in order, so one walk does. */
function withPages<T extends { start: number }>(
  mentions: readonly T[],
  pages: readonly PageSpan[],
): (T & { page: number | null })[] {
  let at = 0
  return mentions.map((mention) => {
    if (pages.length === 0) return { ...mention, page: null }
    // Between two pages (their separator) the earlier one counts.
    while (at + 1 < pages.length && pages[at + 1]!.start <= mention.start) at++
    return { ...mention, page: pages[at]!.number }
  })
}
