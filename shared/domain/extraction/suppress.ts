import { isAlphanumericAt } from './characters.ts'
import {
  Context,
  SECTION_FILES,
  SECTION_INDICATORS,
  SECTION_KEYS,
  SECTION_NETWORK,
  SECTION_REFERENCES,
} from './context.ts'
import { COMMON_UNIX_PREFIXES, WINDOWS_PROGRAMS, WINDOWS_SYSTEM_FOLDERS } from './data/paths.ts'
import { KNOWN_VALUES, RESERVED_AS_NUMBERS } from './data/values.ts'
import { shapeDoubt } from './host-shape.ts'
import { findHomes, isContactPhrase, isReferencePhrase } from './publisher.ts'
import type { Candidate } from './scan.ts'
import type { PageSpan, Suppression } from './types.ts'
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
 * 6. In a document that defangs its network indicators, a name left live in running text is suppressed.
 */
export function weigh(text: string, candidates: readonly Candidate[], pages: readonly PageSpan[]): void {
  const weigher = new Weigher(text, candidates)
  for (const candidate of candidates) weigher.weigh(candidate)
  weigher.weighDocument(pages)
}

const COMMIT: Suppression = { reason: 'commit id of a version control system', list: 'commit-id' }
const KEY_MATERIAL: Suppression = { reason: 'key material by the heading of its section', list: 'key-material' }
const IMAGE_DIGEST: Suppression = { reason: 'digest of a container image or package', list: 'package-digest' }
const PATTERNED: Suppression = { reason: 'patterned example value', list: 'example-value' }
const NO_SUFFIX: Suppression = { reason: 'host name without a public suffix', list: 'local-host' }
const LABELLED: Suppression = { reason: 'link with a label in the text of the document', list: 'reference-link' }
const REFERENCE: Suppression = { reason: 'reference to a publication or contact of the writer', list: 'reference-link' }
const CONTACT: Suppression = { reason: 'contact address of the writer', list: 'reference-link' }
const PUBLISHER: Suppression = {
  reason: "site that the document gives as its own or its publisher's",
  list: 'document-publisher',
}
const LEFT_LIVE: Suppression = { reason: 'left live in a document that defangs its indicators', list: 'left-live' }
const COMMON_PATH: Suppression = { reason: 'path that most systems have', list: 'common-path' }
const SYSTEM_PROGRAM: Suppression = { reason: 'program that ships with Windows', list: 'common-path' }

const PLACEHOLDER_ADDRESS: Suppression = { reason: 'placeholder for an e-mail address', list: 'example-value' }
const PLACEHOLDER_USERS = new Set(
  'user username name someone somebody example test foo bar xxx xxxx john.doe jane.doe johndoe janedoe your.name yourname your-name you me email your.email youremail firstname.lastname first.last abc'.split(
    ' ',
  ),
)

/** This many defanged hosts make a document one that defangs. */
const DEFANGING_HOSTS = 3

const NETWORK_LINE =
  /\b(?:c2s?|c&c|cnc|c&amp;c|command[- ](?:and|&)[- ]control|domains?|hosts?|hostnames?|servers?|ip(?:s|v4)?|address(?:es)?|beacon\w*|callback|resolv\w+|phish\w*|malicious|exfiltrat\w*|dns|proxy|tunnel\w*|connect(?:s|ed|ing|ion)?|contact(?:s|ed|ing)|communicat\w+|download(?:s|ed|ing)? from|hosted|registered|typosquat\w*|spoof\w*|lookalike|fqdn|sinkhol\w+)\b/
/** The header or request line that a URL or host is the value of. */
const HTTP_DUMP = /(?:^|[^a-z])(?:host|origin|referer|location|get|post|put|head|connect)[: ] *$/

const COMMIT_PATH = /\/(?:commits?|blob|tree|raw|blame|compare|archive)\/$|\.\.\.?$/
const COMMIT_WORD =
  /\b(?:commits?|revision|changeset|cherry[- ]?pick(?:ed)?(?: from)?|merge|reverts?|rev|tree|parent|tag|git)[ :=("'`@#]{1,3}$/

class Weigher {
  readonly #text: string
  readonly #candidates: readonly Candidate[]
  readonly #context: Context
  /** Suppression of the URL or address that the hosts after it belong to. */
  #owner: Candidate | null = null
  #line = ''
  #lineSpeaksOfNetwork = false
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
        return this.#judgeHash(candidate)
      case 'file-path':
        return this.#judgePath(candidate)
      case 'asn':
        return judgeAsn(Number(candidate.value.slice(2)))
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

  #hasNetworkEvidence(candidate: Candidate): boolean {
    const kinds = this.#context.sectionAt(candidate.start)
    const isItem = this.#context.isItem(candidate.start, candidate.end)
    if ((kinds & SECTION_NETWORK) !== 0 && isItem) return true
    if ((kinds & SECTION_FILES) !== 0 && (kinds & SECTION_NETWORK) === 0) return false
    return this.#isNetworkLine(candidate.start)
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
    if (doubt.list === 'word-suffix' && this.#context.isItem(candidate.start, candidate.end)) {
      const kinds = this.#context.sectionAt(candidate.start)
      if ((kinds & SECTION_FILES) === 0 || (kinds & SECTION_NETWORK) !== 0) return null
    }
    return this.#hasNetworkEvidence(candidate) && doubt.list !== 'code-identifier' ? null : doubt
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
    if (isMailProvider) return null
    if (verdict.unlessDefanged !== null || verdict.hostAlways !== null)
      return verdict.unlessDefanged ?? verdict.hostAlways
    return isContactPhrase(this.#context.before(candidate.start, 60)) && !this.#isListed(candidate) ? CONTACT : null
  }

  /** `https://…[label]` of AsciiDoc, `[label](https://…)` of Markdown, `"reference = …"` of YARA and Sigma. */
  #isLabelled(start: number, end: number): boolean {
    const text = this.#text
    if (text.charCodeAt(end) === 91 && text.charCodeAt(end + 1) !== 46) return true
    if (text.charCodeAt(start - 1) === 40 && text.charCodeAt(start - 2) === 93) return true
    if (!this.#context.followsWords(start)) return false
    const before = this.#context.before(start, 40)
    return /(?:\blink:|(?:^|[^a-z])(?:reference|references|ref|source|author|url|link|report|blog|see|cf|homepage|website|via)\d*["']? ?[=:][ \t]*["'<]?(?:- *)?)$/.test(
      before,
    )
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
    return doubt.firm || !this.#hasNetworkEvidence(candidate) ? doubt.suppression : null
  }

  #judgeHash(candidate: Candidate): Suppression | null {
    const known = KNOWN_VALUES.get(candidate.value)
    if (known !== undefined) return known
    if (isPatterned(candidate.value)) return PATTERNED
    const { start } = candidate
    if ((this.#context.sectionAt(start) & SECTION_KEYS) !== 0) return KEY_MATERIAL
    if (candidate.type !== 'sha1' && candidate.type !== 'sha256') return null
    const url = this.#url
    const isInUrl = url !== null && start < url.end
    if (!isInUrl && !followsWord(this.#text, start)) return null
    const before = this.#text.slice(Math.max(0, start - 24), start).toLowerCase()
    if (isInUrl) return COMMIT_PATH.test(before) && /git|bitbucket|sourceforge/.test(url.value) ? COMMIT : null
    if (COMMIT_WORD.test(before)) return COMMIT
    return /@sha256:$|digest:? ?sha256:$/.test(before) ? IMAGE_DIGEST : null
  }

  #judgePath(candidate: Candidate): Suppression | null {
    const path = candidate.value.toLowerCase()
    if (path.includes('\\')) {
      const folder = WINDOWS_SYSTEM_FOLDERS.find((prefix) => path.startsWith(prefix))
      if (folder !== undefined) {
        const name = path.slice(folder.length)
        if (
          name === '' ||
          WINDOWS_PROGRAMS.has(name) ||
          /^windowspowershell\\v1\.0\\(?:powershell\.exe)?$/.test(name)
        ) {
          return SYSTEM_PROGRAM
        }
      }
      return isCommonFolder(path) ? COMMON_PATH : null
    }
    if (!COMMON_UNIX_PREFIXES.some((prefix) => path.startsWith(prefix))) return null
    const kinds = this.#context.sectionAt(candidate.start)
    const listed =
      (kinds & (SECTION_INDICATORS | SECTION_FILES)) !== 0 && this.#context.isItem(candidate.start, candidate.end)
    return listed && !path.startsWith('/dev/null') ? null : COMMON_PATH
  }

  /** Rules that need the whole document: its home, and whether it defangs. */
  weighDocument(pages: readonly PageSpan[]): void {
    const homes = findHomes(this.#candidates, this.#context, this.#defangedSites, pages)
    const defangs = this.#defangedValues.size >= DEFANGING_HOSTS
    if (homes.size === 0 && !defangs) return
    this.#owner = null
    for (const candidate of this.#candidates) {
      if (candidate.role === 'own') this.#owner = candidate
      if (candidate.suppressed !== null || candidate.facts === null || candidate.defanged) continue
      const { site } = candidate.facts
      if (homes.has(site)) candidate.suppressed = PUBLISHER
      else if (defangs && candidate.role === 'own' && !this.#defangedSites.has(site) && this.#isLeftLive(candidate)) {
        candidate.suppressed = LEFT_LIVE
      } else if (candidate.role !== 'own' && this.#owner?.suppressed === LEFT_LIVE) candidate.suppressed = LEFT_LIVE
    }
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

/** Whether a word stands directly before an offset, at most three separators away. */
function followsWord(text: string, start: number): boolean {
  for (let at = start - 1; at >= 0 && start - at <= 4; at--) {
    const code = text.charCodeAt(at)
    if (isAlphanumericAt(text, at)) return true
    if (code === 10 || code === 124) return false
  }
  return false
}

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

/** One digit over and over, or digits counted up: `ffff…`, `0123456789abcdef…`. */
function isPatterned(hex: string): boolean {
  let patterned = 0
  for (let i = 1; i < hex.length; i++) {
    const step = hex.charCodeAt(i) - hex.charCodeAt(i - 1)
    // '9' to 'a' is a step of 40 - 1, 'f' to '0' the way back.
    if (step === 0 || step === 1 || step === 40 || step === -54) patterned++
    if (i === 8 && patterned < 6) return false
  }
  return patterned > (hex.length - 1) * 0.85
}

function judgeAsn(number: number): Suppression | null {
  if (number === 400) return { reason: 'AS/400, a line of computers', list: 'product-name' }
  for (const range of RESERVED_AS_NUMBERS) {
    if (number >= range.from && number <= range.to) return { reason: range.reason, list: 'reserved-asn' }
  }
  return null
}

const COMMON_FOLDER =
  /^(?:[a-z]:\\(?:windows(?:\\(?:temp|system32|syswow64|system32\\drivers|system32\\tasks|tasks|fonts|inf|logs|prefetch))?|program files(?: \(x86\))?|programdata|users(?:\\(?:public|[^\\]*user[^\\]*|<[^>]*>|\[[^\]]*\]|default|administrator|admin))?(?:\\(?:desktop|documents|downloads|appdata(?:\\(?:local|roaming|locallow)(?:\\temp)?)?))?|temp|tmp|perflogs|inetpub(?:\\wwwroot)?|recovery)?|%[a-z0-9_()]+%(?:\\(?:system32|syswow64|temp|drivers|system32\\drivers|microsoft|local|roaming))?)\\?$/

/** A folder that every Windows system has, without a name of its own in it. */
function isCommonFolder(path: string): boolean {
  return path.length < 80 && COMMON_FOLDER.test(path)
}
