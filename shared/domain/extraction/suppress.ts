import { Context, SECTION_FILES, SECTION_INDICATORS, SECTION_NETWORK, SECTION_REFERENCES } from './context.ts'
import { KNOWN_VALUES } from './data/values.ts'
import { shapeDoubt } from './host-shape.ts'
import { findHomes, isContactPhrase, isReferencePhrase, PAYLOAD_PATH } from './publisher.ts'
import type { Candidate } from './scan.ts'
import type { PageSpan, Suppression } from './types.ts'
import { asnVerdict, hashVerdict, pathVerdict } from './value-verdicts.ts'
import { versionDoubt } from './version-shape.ts'
import { addressVerdict, hostVerdict, reservedName } from './warning-lists.ts'

/**
 * Weighs what the scanner found against the warning lists and against the evidence around it. Nothing is removed: a
 * probable false positive gets a reason.
 *
 * Rules, in the order in which they count:
 * 1. Some lists hold however a value is written: special address ranges and public resolvers, sites of security vendors,
 *    media and governments, standards bodies, names reserved for examples, the most visited sites as a whole, hashes of
 *    empty files.
 * 2. A defanged spelling overrules every other list: the writer broke the name so that nobody visits it.
 * 3. A URL on a service that shows its users' content (code, files, posts) counts by itself, not by its host: it is kept
 *    when it is defanged or stands among indicators. Its host stays suppressed, since nobody should block the service.
 * 4. A name that has the shape of something else (file name, identifier, two sentences, detection name) needs evidence:
 *    a URL, `www.`, a place in a list of network indicators, or words about the network on its line.
 * 5. What the document gives as its own home, or links with a label or in its references, is suppressed.
 * 6. In a document that defangs its network indicators, a name left live in running text is suppressed; so is one in
 *    the running text of a longer document that shows no sign of a threat at all.
 */
export function weigh(text: string, candidates: readonly Candidate[], pages: readonly PageSpan[]): void {
  const weigher = new Weigher(text, candidates)
  for (const candidate of candidates) weigher.weigh(candidate)
  weigher.weighDocument(pages)
}

const NO_SUFFIX: Suppression = { reason: 'host name without a public suffix', list: 'local-host' }
const LABELLED: Suppression = { reason: 'link with a label in the text of the document', list: 'reference-link' }
const REFERENCE: Suppression = { reason: 'reference to a publication or contact of the writer', list: 'reference-link' }
const CONTACT: Suppression = { reason: 'contact address of the writer', list: 'reference-link' }
const PUBLISHER: Suppression = {
  reason: "site that the document gives as its own or its publisher's",
  list: 'document-publisher',
}
const LEFT_LIVE: Suppression = { reason: 'left live in a document that defangs its indicators', list: 'left-live' }

const PLACEHOLDER_ADDRESS: Suppression = { reason: 'placeholder for an e-mail address', list: 'example-value' }
const PLACEHOLDER_USERS = new Set(
  'user username name someone somebody example test foo bar xxx xxxx john.doe jane.doe johndoe janedoe your.name yourname your-name you me email your.email youremail firstname.lastname first.last abc'.split(
    ' ',
  ),
)

const NO_THREAT: Suppression = {
  reason: 'in running text of a document without any sign of a threat',
  list: 'no-threat-context',
}
/** Shorter texts are snippets, which say too little of their context. */
const SHORTEST_HARMLESS = 400
const TELLING_TYPES = new Set([
  'md5',
  'sha1',
  'sha256',
  'sha512',
  'imphash',
  'ja3',
  'ssdeep',
  'tlsh',
  'onion',
  'i2p',
  'yara-rule',
  'mutex',
  'registry-key',
  'cve',
  'bitcoin',
  'monero',
])
const THREAT_WORDS =
  /malware|malicious|malspam|payload|phish|ransom|trojan|backdoor|botnet|command[- ]and[- ]control|\bC2\b|C&C|exploit|compromis|infect|\bIoCs?\b|indicators? of|threat|attack|adversar|intrusion|implant|\bAPT|beacon|dropper|stealer|exfiltrat|spyware|keylog|shellcode|hacker|hacked|suspicious|blocklist|denylist|blacklist|sinkhole|evil|scam|fraud|spam\b|virus|typosquat/i

/** This many defanged hosts make a document one that defangs. */
const DEFANGING_HOSTS = 3

const NETWORK_LINE =
  /\b(?:c2s?|c&c|cnc|c&amp;c|command[- ](?:and|&)[- ]control|domains?|hosts?|hostnames?|servers?|ip(?:s|v4)?|address(?:es)?|beacon\w*|callback|phish\w*|malicious|exfiltrat\w*|dns|proxy|sinkhol\w+)\b/
/** Words directly before or after a name that call it a host. */
const HOST_BEFORE =
  /(?:\b(?:domains?(?: names?)?|hosts?|hostnames?|(?:c2|c&c|cnc|dns|control|malicious|rogue|proxy|staging) servers?|c2s?|c&c|fqdns?|urls?|websites?|ip(?: address(?:es)?)?|ips|ipv4|subdomains?|registered|typosquat\w*|lookalike|sinkhole[ds]?|resolv(?:es|ed|ing)(?: to)?|connect(?:s|ed|ing)? to|beacon(?:s|ed|ing)? to|communicat\w+ with|contact(?:s|ed|ing)|hosted (?:at|on)))[ :"'`“(]*$/
const HOST_AFTER =
  /^["'`”)]*[ ,]+(?:(?:malicious |phishing |fake |c2 |c&c )?(?:domain|host|server|website|site|ip)\b|resolv|was registered|is registered|registered|hosted|points? to|beacon)/i
/** The header or request line that a URL or host is the value of. */
const HTTP_DUMP = /(?:^|[^a-z])(?:host|origin|referer|location|get|post|put|head|connect)[: ] *$/

/** Lines that name authors rather than senders. */
const AUTHOR =
  /(?:©|\(c\)|\b(?:copyright|authors?|maintainers?|maintained|contributors?|licen[sc]ed?|signed-off-by|co-authored-by)\b)/
/** What stands before the target of a link: a link macro, a reference definition, an attribute, a field of metadata. */
const LINK_MARKUP =
  /(?:\blink:|(?:^|\n)[ \t]*\[[^\]\n]{1,40}\]:[ \t]*<?|\bhref[ \t]*=[ \t]*["']?|<(?:img|source|video)\b[^>]{0,40}\bsrc[ \t]*=[ \t]*["']?|\bsrcset[ \t]*=[ \t]*["']?|(?:^|[^a-z])(?:references?|ref|source|author|url|link|report|blog|see|cf|homepage|website|via|docs?|documentation|repository|bugs)\d*["']?[ \t]?[=:][ \t]*["'<]?(?:- *)?)$/
class Weigher {
  readonly #text: string
  readonly #candidates: readonly Candidate[]
  readonly #context: Context
  /** Suppression of the URL or address that the hosts after it belong to. */
  #owner: Candidate | null = null
  #line = ''
  #lineSpeaksOfNetwork = false
  #threats: boolean | null = null
  /** The last URL; hashes can lie in it. */
  #url: Candidate | null = null
  readonly #defangedSites = new Set<string>()
  readonly #defangedValues = new Set<string>()

  constructor(text: string, candidates: readonly Candidate[]) {
    this.#text = text
    this.#candidates = candidates
    this.#context = new Context(text)
    for (const candidate of candidates) {
      if (!candidate.defanged) continue
      if (candidate.facts !== null) this.#defangedSites.add(candidate.facts.site)
      if (candidate.role === 'own') this.#defangedValues.add(candidate.value)
    }
  }

  weigh(candidate: Candidate): void {
    if (candidate.role === 'own') this.#owner = candidate
    if (candidate.type === 'url') this.#url = candidate
    if (candidate.suppressed !== null) return
    candidate.suppressed = this.#judge(candidate)
  }

  #judge(candidate: Candidate): Suppression | null {
    switch (candidate.type) {
      case 'domain':
        return this.#judgeDomain(candidate)
      case 'url':
        return this.#judgeUrl(candidate)
      case 'email':
        return this.#judgeEmail(candidate)
      case 'ipv4':
      case 'ipv4-port':
      case 'ipv4-cidr':
      case 'ipv6':
      case 'ipv6-port':
      case 'ipv6-cidr':
        return this.#judgeAddress(candidate)
      case 'md5':
      case 'sha1':
      case 'sha256':
      case 'sha512':
      case 'imphash':
      case 'ja3':
        return hashVerdict(this.#context, candidate, this.#url)
      case 'file-path':
        return pathVerdict(this.#context, candidate)
      case 'asn':
        return asnVerdict(Number(candidate.value.slice(2)))
      case 'mac':
      case 'bitcoin':
      case 'ethereum':
      case 'ssdeep':
        return KNOWN_VALUES.get(candidate.value) ?? null
      default:
        return null
    }
  }

  /** Whether a mention stands where indicators of the network are listed. */
  #isListed(candidate: Candidate): boolean {
    const kinds = this.#context.sectionAt(candidate.start)
    if ((kinds & (SECTION_NETWORK | SECTION_INDICATORS)) === 0) return false
    if ((kinds & SECTION_REFERENCES) !== 0) return false
    return this.#context.isItem(candidate.start, candidate.end)
  }

  /** Whether a doubtful name or number is a host by its place or by the words beside it. */
  #isCalledHost(candidate: Candidate): boolean {
    const { start, end } = candidate
    const kinds = this.#context.sectionAt(start)
    const isItem = this.#context.isItem(start, end)
    if ((kinds & SECTION_NETWORK) !== 0 && isItem) return true
    if (candidate.type === 'ipv4' && isItem && this.#isNetworkLine(start)) return true
    return HOST_BEFORE.test(this.#context.before(start, 40)) || HOST_AFTER.test(this.#text.slice(end, end + 40))
  }

  #isNetworkLine(offset: number): boolean {
    const line = this.#context.line(offset)
    if (line !== this.#line) {
      this.#line = line
      this.#lineSpeaksOfNetwork = NETWORK_LINE.test(line)
    }
    return this.#lineSpeaksOfNetwork
  }

  #judgeDomain(candidate: Candidate): Suppression | null {
    const facts = candidate.facts!
    const verdict = hostVerdict(facts)
    if (candidate.role !== 'own') {
      const owner = this.#owner
      if (owner !== null && owner.suppressed !== null) return owner.suppressed
      return verdict.always ?? verdict.hostAlways ?? verdict.unlessDefanged ?? verdict.unlessEvidence
    }
    const firm = verdict.always ?? verdict.hostAlways
    if (firm !== null) return firm
    if (candidate.defanged) return null
    if (verdict.unlessDefanged !== null) return verdict.unlessDefanged
    if (verdict.unlessEvidence !== null && !this.#isListed(candidate)) return verdict.unlessEvidence
    const doubt = shapeDoubt(this.#text, {
      kind: 'domain',
      value: candidate.value,
      start: candidate.start,
      end: candidate.end,
      defanged: false,
      facts,
    })
    if (doubt === null) return null
    if (doubt.list === 'detection-name' || doubt.list === 'missing-space' || doubt.list === 'product-name') return doubt
    if (doubt.list === 'word-suffix') {
      const kinds = this.#context.sectionAt(candidate.start)
      const isListed = (kinds & (SECTION_NETWORK | SECTION_INDICATORS)) !== 0
      const isItem = this.#context.isItem(candidate.start, candidate.end, isListed)
      if (isItem && ((kinds & SECTION_FILES) === 0 || (kinds & SECTION_NETWORK) !== 0)) return null
    }
    return this.#isCalledHost(candidate) && doubt.list !== 'code-identifier' ? null : doubt
  }

  #judgeUrl(candidate: Candidate): Suppression | null {
    const { facts, address, start, end } = candidate
    if (address !== null) return addressVerdict(address)
    if (facts === null)
      return candidate.value.includes('.onion') || candidate.value.includes('.i2p') ? null : noSuffix(candidate)
    const verdict = hostVerdict(facts)
    if (verdict.always !== null) return verdict.always
    const isBare = !hasPath(candidate.value)
    if (isBare && verdict.hostAlways !== null) return verdict.hostAlways
    if (candidate.defanged) return null
    if (this.#isLabelled(start, end)) return LABELLED
    const kinds = this.#context.sectionAt(start)
    if ((kinds & SECTION_REFERENCES) !== 0) return REFERENCE
    const soft = verdict.unlessDefanged ?? verdict.unlessEvidence ?? verdict.hostAlways
    if (soft !== null) {
      const counts = verdict.shared && !isBare && this.#isListed(candidate)
      return counts ? null : soft
    }
    if (!this.#context.followsWords(start) || HTTP_DUMP.test(this.#context.before(start, 30))) return null
    return isReferencePhrase(this.#context.before(start, 160), candidate.value) ? REFERENCE : null
  }

  #judgeEmail(candidate: Candidate): Suppression | null {
    const verdict = hostVerdict(candidate.facts!)
    if (verdict.always !== null) return verdict.always
    if (candidate.defanged) return null
    if (PLACEHOLDER_USERS.has(candidate.value.slice(0, candidate.value.indexOf('@')))) return PLACEHOLDER_ADDRESS
    if (verdict.shared) return verdict.unlessDefanged ?? verdict.unlessEvidence
    const isMailProvider = verdict.unlessDefanged?.list === 'mail-provider'
    if (isMailProvider) {
      // Ransom notes give such addresses as their contact, so the text must be about nothing of the kind.
      const isAuthor = AUTHOR.test(this.#context.line(candidate.start))
      return isAuthor || (this.#isContact(candidate.start) && !this.#speaksOfThreats()) ? CONTACT : null
    }
    if (verdict.unlessDefanged !== null || verdict.hostAlways !== null)
      return verdict.unlessDefanged ?? verdict.hostAlways
    return this.#isContact(candidate.start) && !this.#isListed(candidate) ? CONTACT : null
  }

  #isContact(start: number): boolean {
    const before = this.#context.before(start, 60)
    return before.endsWith('mailto:') || isContactPhrase(before) || AUTHOR.test(this.#context.line(start))
  }

  /** `https://…[label]` of AsciiDoc, `[label](https://…)` and `[label]: https://…` of Markdown, `href=`, `reference =`. */
  #isLabelled(start: number, end: number): boolean {
    const text = this.#text
    if (text.charCodeAt(end) === 91 && isLinkLabel(text.slice(end, end + 160))) return true
    if (text.charCodeAt(start - 1) === 40 && text.charCodeAt(start - 2) === 93) return true
    if (!this.#context.followsWords(start) && text.charCodeAt(start - 2) !== 58) return false
    return LINK_MARKUP.test(this.#context.before(start, 48))
  }

  #judgeAddress(candidate: Candidate): Suppression | null {
    const address = candidate.address ?? candidate.value
    if (candidate.role !== 'own' && this.#owner !== null && this.#owner.suppressed !== null)
      return this.#owner.suppressed
    const verdict = addressVerdict(address)
    if (verdict !== null) return verdict
    if (candidate.type !== 'ipv4' || candidate.defanged || candidate.role !== 'own') return null
    const doubt = versionDoubt(this.#text, candidate.start, candidate.end)
    if (doubt === null) return null
    return doubt.firm || !this.#isCalledHost(candidate) ? doubt.suppression : null
  }

  /** Rules that need the whole document: its home, and whether it defangs. */
  weighDocument(pages: readonly PageSpan[]): void {
    const homes = findHomes(this.#candidates, this.#context, this.#defangedSites, pages)
    const defangs = this.#defangedValues.size >= DEFANGING_HOSTS
    const isHarmless = this.#hasNoThreat()
    if (homes.size === 0 && !defangs && !isHarmless) return
    this.#owner = null
    for (const candidate of this.#candidates) {
      if (candidate.role === 'own') this.#owner = candidate
      if (candidate.suppressed !== null || candidate.facts === null || candidate.defanged) continue
      const { site } = candidate.facts
      if (homes.has(site)) candidate.suppressed = PUBLISHER
      else if (defangs && candidate.role === 'own' && !this.#defangedSites.has(site) && this.#isLeftLive(candidate)) {
        candidate.suppressed = LEFT_LIVE
      } else if (isHarmless && candidate.role === 'own' && !this.#context.isItem(candidate.start, candidate.end)) {
        candidate.suppressed = PAYLOAD_PATH.test(candidate.value) ? null : NO_THREAT
      } else if (candidate.role !== 'own') this.#inherit(candidate)
    }
  }

  /** A host within a mention that the rules for the whole document have suppressed goes with it. */
  #inherit(candidate: Candidate): void {
    const reason = this.#owner?.suppressed ?? null
    if (reason === LEFT_LIVE || reason === NO_THREAT) candidate.suppressed = reason
  }

  /** Whether a document of some length shows no sign of a threat: no defanging, no hash, no word of the field. */
  #hasNoThreat(): boolean {
    if (this.#text.length < SHORTEST_HARMLESS || this.#defangedValues.size > 0) return false
    let live = 0
    for (const { type, facts, suppressed } of this.#candidates) {
      if (suppressed !== null) continue
      if (facts !== null) live++
      else if (TELLING_TYPES.has(type)) return false
    }
    return live > 0 && !this.#speaksOfThreats()
  }

  #speaksOfThreats(): boolean {
    this.#threats ??= THREAT_WORDS.test(this.#text)
    return this.#threats
  }

  #isLeftLive(candidate: Candidate): boolean {
    if (candidate.type === 'email') return false
    if (this.#context.isQuotedAsCode(candidate.start, candidate.end)) return false
    if (this.#isListed(candidate)) return false
    const kinds = this.#context.sectionAt(candidate.start)
    if ((kinds & SECTION_NETWORK) !== 0 && this.#context.isItem(candidate.start, candidate.end)) return false
    return !this.#context.followsWords(candidate.start) || !HTTP_DUMP.test(this.#context.before(candidate.start, 30))
  }
}

/** `[label]` behind a link, as against a placeholder that goes on with the path (`/[id].php`, `/[random]`). */
function isLinkLabel(rest: string): boolean {
  const label = /^\[([^[\]]+)\](.?)/s.exec(rest)
  if (label === null) return !rest.includes(']') && !rest.startsWith('[[')
  if (/^[/?&=%\w-]/.test(label[2]!) || /^\]\.\w/.test(rest.slice(label[1]!.length + 1))) return false
  return !PLACEHOLDER.test(label[1]!)
}
const PLACEHOLDER =
  /^(?:\.|dot|random\w*|rand|id|uid|guid|uuid|victim\w*|user ?\w*|computer\w*|machine\w*|host ?\w*|ip|mac|numbers?|digits?|strings?|name|path|file ?\w*|date|time\w*|hash|hex|redacted|removed|domain|xx+|\w+_\w+|\d+)$/i

function noSuffix(candidate: Candidate): Suppression {
  const host = candidate.value.replace(/^[a-z0-9+]+:\/\/(?:[^@/]*@)?/, '').replace(/[:/?#].*$/s, '')
  return reservedName(host) ?? NO_SUFFIX
}

/** Whether a URL names more than a host. */
function hasPath(url: string): boolean {
  const from = url.indexOf('://')
  const slash = url.indexOf('/', from < 0 ? 0 : from + 3)
  return slash >= 0 && slash < url.length - 1
}
