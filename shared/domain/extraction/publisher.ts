import type { Context } from './context.ts'
import type { Candidate } from './scan.ts'
import type { PageSpan } from './types.ts'

/**
 * Finds the sites that a document itself gives as its home: the address in its header, the page where "the blog post is
 * available", the copyright line, the contact address. They are the publisher's, whoever that is.
 */

/** How far into a document its header reaches, in characters. */
const HEADER_LENGTH = 2000
/** How far the running head or foot of a page reaches into it, in characters. */
const MARGIN_LENGTH = 200

/** What a link to a publication is introduced with. */
const PUBLICATION =
  /\b(?:blog ?posts?|blogposts?|blogs?|posts?|articles?|reports?|white ?papers?|papers?|analys[ie]s|advisor(?:y|ies)|bulletins?|alerts?|write-?ups?|research|publications?|publish(?:ed)?|documentation|descriptions?|summar(?:y|ies)|event|podcast|webinar|webpage|news(?:letter)?|press release|announcements?|more information|further information|additional information|for (?:more|further|additional)|details|full story|originally|read more|learn more|home ?page|website|our site|repositor(?:y|ies)|this page|last updated|copyright|©|all rights reserved|follow us|subscribe|contact us|visit us|reach us|e-?mail us|available on|poc|proof[- ]of[- ]concept|presentation|slides|talk|paper)\b/
/** `Please see https://…` */
const SEE = /(?:^|\n|please |\(|also )[ \t]*(?:see|read|refer to|cf\.?)(?: also)?:?[ \t\n"'<(]*$/
/** What a link to something malicious is introduced with, even where a publication is named as well. */
const MALICIOUS =
  /\b(?:payloads?|download(?:s|ed|ing|er)?|drop(?:s|ped|per)|c2|c&c|beacon\w*|phish\w*|exfiltrat\w*|redirect\w*|inject\w*|fetch\w*|callback|compromis\w+|infect\w*|malicious|fake|lures?|decoy|impersonat\w*|typosquat\w*|staged?|hosted|drive-by|exploit kit|landing|victims?|requests? to|connect\w*|c&c|command[- ]and[- ]control|smish\w*|spear\w*|attachments?|iocs? list)\b/
const HEADER_LINE =
  /(?:^|\n)[ \t>*_"'-]*(?:url|link|source|original(?:ly)?(?: (?:url|post(?:ed)?|article|source))?|permalink|canonical|web ?site|web|published(?: (?:at|on|by|in))?|from|reference|references|available (?:at|from|on)|retrieved from|accessed (?:at|from)|read (?:online|more)(?: at)?|homepage|publisher)[ \t"'*_]*[:=][ \t"'<(*_]*$/
/** Files that a link to a publication does not lead to. */
export const PAYLOAD_PATH =
  /\.(?:exe|dll|ps1|bat|cmd|vbs|js|jse|hta|scr|msi|jar|apk|lnk|iso|img|zip|rar|7z|gz|bin|sh|py|elf|dat|doc[xm]?|xls[xmb]?|cab|cpl|wsf|chm)$/i
const CONTACT_WORDS =
  /(?:contact(?: us)?|e-?mail(?: us)?|reach (?:us|out)|write to|questions|inquir(?:y|ies)|enquir(?:y|ies)|press|media|report (?:it|them|this|incidents?)|feedback|send (?:us|them|it)|for (?:more|further|any)|subscribe|support)[^.]{0,48}$/
const COPYRIGHT = /(?:©|\(c\)|copyright|all rights reserved)[^\n]{0,60}$/

/** Whether the words before a live URL introduce it as a publication. */
export function isReferencePhrase(before: string, url: string): boolean {
  if (PAYLOAD_PATH.test(url)) return false
  const sentence = lastSentence(before)
  if (SEE.test(sentence)) return true
  return PUBLICATION.test(sentence) && !MALICIOUS.test(sentence)
}

/** Whether the words before an e-mail address introduce it as the writer's own. */
export function isContactPhrase(before: string): boolean {
  return CONTACT_WORDS.test(lastSentence(before))
}

/** Text behind the last end of a sentence; a URL's own dots are not followed by a space. */
function lastSentence(before: string): string {
  let at = Math.max(
    before.lastIndexOf('. '),
    before.lastIndexOf('.\n'),
    before.lastIndexOf('! '),
    before.lastIndexOf('? '),
  )
  // "e.g. " and "i.e. " do not end a sentence.
  if (at > 2 && before.charCodeAt(at - 2) === 46) at = before.lastIndexOf('. ', at - 1)
  return at < 0 ? before : before.slice(at + 1)
}

/**
 * Collects the registrable sites that the document gives as its own.
 *
 * @param defanged sites that the document also writes defanged; those are never its home
 * @param pages spans of its pages
 */
export function findHomes(
  candidates: readonly Candidate[],
  context: Context,
  defanged: ReadonlySet<string>,
  pages: readonly PageSpan[],
): Set<string> {
  const homes = runningSites(candidates, defanged, pages)
  for (const candidate of candidates) {
    const { facts, type, role, start } = candidate
    if (facts === null || candidate.defanged || role !== 'own' || defanged.has(facts.site) || homes.has(facts.site))
      continue
    if (type === 'url') {
      if (candidate.suppressed?.list === 'shared-service' || !context.followsWords(start)) continue
      const before = context.before(start, 160)
      const isHeader = start < HEADER_LENGTH && HEADER_LINE.test(before)
      if ((isHeader && !PAYLOAD_PATH.test(candidate.value)) || isHomePhrase(before, candidate.value))
        homes.add(facts.site)
    } else if (type === 'domain' && context.followsWords(start) && COPYRIGHT.test(context.before(start, 80)))
      homes.add(facts.site)
  }
  return homes
}

/** Sites in the first or last lines of at least half of the pages, and of three: running heads and feet. */
function runningSites(
  candidates: readonly Candidate[],
  defanged: ReadonlySet<string>,
  pages: readonly PageSpan[],
): Set<string> {
  const sites = new Set<string>()
  if (pages.length < 3) return sites
  const pagesBySite = new Map<string, Set<number>>()
  let at = 0
  for (const { facts, start, defanged: isDefanged } of candidates) {
    while (at + 1 < pages.length && pages[at + 1]!.start <= start) at++
    const page = pages[at]!
    const isMargin = start - page.start < MARGIN_LENGTH || page.end - start < MARGIN_LENGTH
    if (facts === null || isDefanged || defanged.has(facts.site) || !isMargin) continue
    const on = pagesBySite.get(facts.site) ?? new Set()
    pagesBySite.set(facts.site, on.add(page.number))
  }
  const least = Math.max(3, pages.length / 2)
  for (const [site, on] of pagesBySite) if (on.size >= least) sites.add(site)
  return sites
}

/** Stricter than a reference: the document must speak of itself. */
function isHomePhrase(before: string, url: string): boolean {
  if (!isReferencePhrase(before, url)) return false
  return /\b(?:available|published|our|originally|copyright|©|home ?page|read more|full (?:report|paper|story|article)|visit us|follow us|posted)\b/.test(
    lastSentence(before),
  )
}
