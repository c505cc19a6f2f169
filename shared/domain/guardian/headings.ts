import { allNamed, type CitedSentence } from './cited.ts'
import type { Effort } from './compression.ts'
import { supportFault } from './support.ts'
import { normalise, numberOf, tokenise } from './words.ts'

/** Words of which headings are made: they order a text and say nothing of the world. */
const plain = new Set(
  `a an and are as at be by do for from how in is it its key main more next of on or our out the then this to top what when where
  which who why with your you we about above after all also before first last new other over under
  action actions activity actor actors advisory alert analysis appendix assessment asset assets attack attacker att&ck audience
  background block blocklist blocklists brief briefing bulletin campaign campaigns channel channels cluster collection command
  compromise conclusion conclusions context control counts coverage credential cve cves data defense defences defenses delivery
  description detail details detect detection detections development discovery document documents domain domains email evasion
  evidence execution executive exfiltration facts file files finding findings gap gaps group groups hash hashes highlights host hosts
  hunting impact important incident incidents indicator indicators infrastructure infection initial access intelligence introduction
  investigate investigation iocs knowledge lateral level links list log logs malware matrix message messages mitigation mitigations
  movement named names network networks note notes observed open outlook overview page part patch persistence phases playbook points post
  priorities priority privilege escalation procedures product protect questions react read recommendation recommendations
  reconnaissance references related relations report reports research resource respond response review risk rule rules say says seen
  section sector sectors sightings software source sources stages statements statistics story strategy summary table tactic tactics
  takeaways targets technical technique techniques text threat threats timeline tool tools trend trends ttps url urls victim victims
  vulnerabilities vulnerability watch week weekly daily month monthly year`.split(/\s+/),
)

/** A heading without a claim in it. */
export const neutralHeading = 'Findings'
export const neutralTitle = 'Brief'

/**
 * Whether a heading only orders what stands below it, repeats the title of a source, or says what its cited sentences say.
 * Headings cite nothing themselves, so that an invention would have its loudest place there.
 * @param below the cited sentences of the claims that stay below it
 * @returns the words that nothing supports, or null
 */
export function headingFault(heading: string, below: readonly CitedSentence[], effort: Effort): string | null {
  const text = normalise(heading)
  const titles = new Set(below.map(({ title }) => normalise(title).toLowerCase()))
  const bare = withoutPlainStart(text)
  if (titles.has(text.toLowerCase()) || titles.has(bare.toLowerCase())) return null
  const names = allNamed(text)
  const tokens = tokenise(text).filter(({ mark }) => !mark)
  const isPlain = (words: typeof tokens) => words.every(({ word }) => plain.has(word) || /^tlp\b/.test(word))
  if (names.length === 0 && isPlain(tokens)) return null
  if (supportFault(text, below, effort) === null) return null
  // Names among plain words, when what stands below names them.
  const cited = new Set(below.flatMap(({ named }) => named.map(({ id }) => id)))
  if (names.length > 0 && names.every(({ id }) => cited.has(id))) {
    let rest = text
    for (const { start, end } of names.toReversed()) rest = `${rest.slice(0, start)} ${rest.slice(end)}`
    const others = tokenise(rest).filter(({ mark }) => !mark)
    // Beside two names a plain word can be what one does to the other.
    const isOne = new Set(names.map(({ id }) => id)).size === 1
    const mayStay = isOne ? isPlain(others) : others.every(({ word }) => word === 'and' || word === 'or')
    if (mayStay && !others.some((token) => numberOf(token) !== null)) return null
  }
  return tokens.find(({ word }) => !plain.has(word))?.word ?? text
}

/** "Report: <title>" as "<title>". */
function withoutPlainStart(text: string): string {
  const colon = text.indexOf(': ')
  if (colon < 0) return text
  return tokenise(text.slice(0, colon)).every(({ word }) => plain.has(word)) ? text.slice(colon + 2) : text
}
