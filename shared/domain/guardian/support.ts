import { idsOfName } from './catalogue-names.ts'
import { allNamed, type CitedSentence, type Named, wordsOf } from './cited.ts'
import { compressionFault, type Effort, type SupportFault } from './compression.ts'
import { type Place, relationFault } from './relations.ts'
import { sentencesIn } from './sentences.ts'
import type { FindingCode } from './types.ts'
import { isDoing, isHedge, isNegation, normalise, numberOf, type Token, tokenise } from './words.ts'

const maximumCited = 60
const maximumSentences = 20
/** What one attempt to read a text as a relation or label costs, in comparisons of words. */
const frameEffort = 1000

/** Why what a claim cites does not say it, with the words in question. */
export interface Unsupported {
  code: FindingCode
  what: string
}

/**
 * Whether the cited sentences say what a claim says. They do when the claim is
 * - word for word one of them, or several that follow each other;
 * - one of them with something left out that changes nothing (`compressionFault`);
 * - a plain relation of two named things that one of them states (`relationFault`): "APT29 uses Mimikatz (S0002)";
 * - a label that only names what they name: "Domain: evil[.]example";
 * - a relation or label, a colon, and then word for word the sentence that states it.
 *
 * Every word of a claim is accounted for: a threshold below all of them would let one invented word pass in a long claim.
 * @param claim text without hidden characters and markup
 * @returns why not, or null
 */
export function supportFault(claim: string, cited: readonly CitedSentence[], effort: Effort): Unsupported | null {
  const text = withoutAttribution(normalise(claim), cited)
  if (text === '') return { code: 'not_supported', what: claim }
  // A brief's claim is a few sentences about a few; comparing all with all has to end somewhere.
  if (cited.length > maximumCited || sentencesIn(text).length > maximumSentences)
    return { code: 'too_large', what: text }
  const wall = namesFault(text, cited) ?? numbersFault(text, cited)
  if (wall !== null) return wall
  const fault = wholeFault(text, cited, effort)
  if (fault === null) return null
  return { code: fault === 'not_supported' ? closestFault(text, cited) : fault, what: text.slice(0, 200) }
}

/** For people: whether a sentence of nearly the same words denies it, or says it with less certainty. */
function closestFault(text: string, cited: readonly CitedSentence[]): SupportFault {
  for (const { start, end } of sentencesIn(text)) {
    const tokens = tokenise(text.slice(start, end)).filter(({ mark }) => !mark)
    const telling = tokens.filter((token) => !isNegation(token) && !['do', 'does', 'did'].includes(token.word))
    for (const sentence of cited) {
      const held = new Set(sentence.tokens.map(({ lemma }) => lemma))
      const shared = telling.filter(({ lemma }) => held.has(lemma)).length
      if (shared < telling.length * 0.7) continue
      if (tokens.some(isNegation) !== sentence.tokens.some(isNegation)) return 'negation_differs'
      if (!tokens.some(isHedge) && sentence.tokens.some(isHedge)) return 'certainty_differs'
    }
  }
  return 'not_supported'
}

/** "According to <title>," and "The report says:" only tell what every citation tells. */
function withoutAttribution(text: string, cited: readonly CitedSentence[]): string {
  const opening =
    /^(?:the|this) (?:report|document|source|advisory|article) (?:says|states|reads|notes|writes)(?: that)?[:,]? /i.exec(
      text,
    )
  if (opening !== null) return text.slice(opening[0].length)
  for (const { title } of cited) {
    for (const name of [normalise(title), `"${normalise(title)}"`]) {
      for (const form of [`According to ${name}, `, `According to ${name}: `]) {
        if (text.startsWith(form)) return text.slice(form.length)
      }
    }
  }
  return text
}

function wholeFault(text: string, cited: readonly CitedSentence[], effort: Effort): SupportFault | null {
  const quoted = verbatimFault(text, cited)
  if (quoted !== 'not_supported') return quoted
  let fault: SupportFault = 'not_supported'
  for (const [label, rest] of splits(text)) {
    const said = verbatimFault(rest, cited)
    if (said !== null) {
      fault = worse(fault, said)
      continue
    }
    const sentences = cited.filter(({ words }) => words !== '' && wordsOf(tokenise(rest)).includes(words.trim()))
    const framed = frameFault(label, sentences.length > 0 ? sentences : cited, true, effort)
    if (framed === null) return null
    fault = worse(fault, framed)
  }
  for (const { start, end } of sentencesIn(text)) {
    const found = sentenceFault(text.slice(start, end).trim(), cited, effort)
    if (found !== null) return worse(fault, found)
  }
  return null
}

function sentenceFault(text: string, cited: readonly CitedSentence[], effort: Effort): SupportFault | null {
  let fault = verbatimFault(text, cited)
  if (fault === null) return null
  const tokens = tokenise(text)
  for (const sentence of cited) {
    const found = compressionFault(tokens, sentence.tokens, effort) ?? takenBackFault(sentence)
    if (found === null) return null
    fault = worse(fault, found)
  }
  const framed = frameFault(text, cited, false, effort)
  return framed === null ? null : worse(fault, framed)
}

/** Of two reasons the one that tells people more. */
function worse(a: SupportFault, b: SupportFault): SupportFault {
  return a === 'not_supported' ? b : a
}

function takenBackFault({ takenBack }: CitedSentence): SupportFault | null {
  if (takenBack === null) return null
  return takenBack === 'negation' ? 'negation_differs' : 'certainty_differs'
}

/** A label and what it is followed by, for each of the first colons. */
function* splits(text: string): Generator<[string, string]> {
  let found = 0
  for (const match of text.matchAll(/(?::| —) (?=\S)/g)) {
    yield [text.slice(0, match.index), text.slice(match.index + match[0].length)]
    if (++found === 6) return
  }
}

/** Whether a text is, word for word, one or more whole sentences that follow each other. */
function verbatimFault(text: string, cited: readonly CitedSentence[]): SupportFault | null {
  const tokens = tokenise(text)
  const wanted = wordsOf(tokens)
  if (wanted === '') return 'not_supported'
  let fault: SupportFault = 'not_supported'
  for (let from = 0; from < cited.length; from++) {
    let words = ''
    for (let to = from; to < cited.length; to++) {
      const next = cited[to]!
      if (to > from && (next.documentId !== cited[to - 1]!.documentId || next.start !== cited[to - 1]!.end)) break
      words += next.words
      if (words.length > wanted.length + 8) break
      if (words !== wanted && withoutBullet(words) !== wanted) continue
      const first =
        takenBackFault(cited[from]!) ?? (isAsked(next.tokens) && !isAsked(tokens) ? 'certainty_differs' : null)
      if (first === null) return null
      fault = first
    }
  }
  return fault
}

const isAsked = (tokens: readonly Token[]): boolean => tokens.slice(-3).some(({ word }) => word === '?')

function withoutBullet(words: string): string {
  return words.replace(/^(?:\d{1,3}|[o+§\W]) /, '')
}

/** Names in a claim that no cited sentence names. */
function namesFault(text: string, cited: readonly CitedSentence[]): Unsupported | null {
  const ids = new Set(cited.flatMap(({ named }) => named.map(({ id }) => id)))
  const names = cited.flatMap(({ named }) => named.map(({ name, id }) => `${name} ${id}`))
  const all = [...cited.map(({ words }) => words), ...names.map((name) => wordsOf(tokenise(normalise(name))))]
    .map((words) => ` ${words}`)
    .join('')
  const literal = (written: string) => all.includes(` ${wordsOf(tokenise(written))}`)
  for (const { id, kind, written } of allNamed(text)) {
    if (kind === 'technique' && !/^t\d|^[^a-z]*$/.test(written) && literal(written)) continue
    if (!ids.has(id) && !literal(written)) return { code: 'name_not_cited', what: written }
  }
  return null
}

/** Numbers and dates in a claim that no cited sentence holds, but for those in the ids and names of what it names. */
function numbersFault(text: string, cited: readonly CitedSentence[]): Unsupported | null {
  const held = new Set<string>()
  for (const { tokens, named } of cited) {
    for (const token of tokens) addNumber(held, token)
    for (const { name, id } of named) for (const token of tokenise(`${normalise(name)} ${id}`)) addNumber(held, token)
  }
  for (const token of tokenise(text)) {
    const number = numberOf(token)
    if (number !== null && !held.has(number)) return { code: 'number_not_cited', what: token.word }
  }
  return null
}

function addNumber(numbers: Set<string>, token: Token): void {
  const number = numberOf(token)
  if (number !== null) numbers.add(number)
}

const uses = new Set(
  'use deploy run execute install drop load download deliver distribute operate develop launch spread'.split(' '),
)
const exploits = new Set(['exploit', 'abuse', 'use'])
const contacts = new Set(['communicate', 'contact', 'connect', 'beacon'])

/** What a label may say beside names: what kind of thing they are, and nothing that relates one to another. */
const neutral = new Set(
  `indicator indicators ioc iocs observable observables domain domains address addresses ip ipv4 ipv6 cidr url urls e-mail email
  hash hashes md5 sha-1 sha1 sha-256 sha256 sha512 file files path registry key mutex user-agent asn technique techniques
  sub-technique actor actors group groups software malware tool tools vulnerability vulnerabilities cve the a an and or mac
  port bitcoin ethereum monero onion reconnaissance execution persistence discovery collection exfiltration impact`.split(
    /\s+/,
  ),
)
const neutralPhrases =
  /\b(?:indicators? of compromise|named in (?:the|this) (?:report|document)|mentioned in (?:the|this) (?:report|document)|resource development|initial access|privilege escalation|defense evasion|credential access|lateral movement|command and control|mitre att&ck|threat actors?|threat groups?)\b/g

/** Whether a text is a plain relation or label that cited sentences support. */
function frameFault(
  text: string,
  cited: readonly CitedSentence[],
  isQuoted: boolean,
  effort: Effort,
): SupportFault | null {
  const tokens = tokenise(text)
  if (tokens.length > 60) return 'not_supported'
  let fault: SupportFault = 'not_supported'
  for (const sentence of cited) {
    effort.left -= frameEffort
    if (effort.left <= 0) return 'too_large'
    const found = labelFault(text, sentence, isQuoted) ?? takenBackFault(sentence)
    if (found === null) return null
    fault = worse(fault, found)
  }
  for (const [at, verb] of tokens.entries()) {
    if (!isDoing(verb) || at === 0 || at === tokens.length - 1) continue
    const tail = verb.lemma === 'communicate' || verb.lemma === 'connect' ? 2 : 1
    const [subject, object] = [text.slice(0, verb.start), text.slice(tokens[at + tail - 1]!.end)]
    for (const sentence of cited) {
      effort.left -= frameEffort
      if (effort.left <= 0) return 'too_large'
      const found = statedFault(subject, verb, object, sentence) ?? takenBackFault(sentence)
      if (found === null) return null
      fault = worse(fault, found)
    }
  }
  return fault
}

function labelFault(text: string, sentence: CitedSentence, isQuoted: boolean): SupportFault | null {
  let rest = ` ${text.toLowerCase()} `.replace(neutralPhrases, ' ')
  const names = sentence.named.flatMap(({ id, name, written }) =>
    [id, name, written].map((each) => normalise(each).toLowerCase()),
  )
  let found = false
  for (const name of [...new Set(names)].sort((a, b) => b.length - a.length)) {
    const without = withoutName(rest, name)
    if (without !== rest) found = true
    rest = without
  }
  if (!found || tokenise(rest).some(({ word, mark }) => !mark && !neutral.has(word))) return 'not_supported'
  if (isQuoted) return null
  if (sentence.tokens.some(isNegation)) return 'negation_differs'
  return sentence.tokens.some(isHedge) ? 'certainty_differs' : null
}

function withoutName(text: string, name: string): string {
  let out = ''
  let from = 0
  for (let at = text.indexOf(name); at >= 0 && name !== ''; at = text.indexOf(name, at + 1)) {
    if (at < from || isWord(text[at - 1]) || isWord(text[at + name.length])) continue
    out += `${text.slice(from, at)} `
    from = at + name.length
  }
  return out + text.slice(from)
}

const isWord = (character: string | undefined): boolean => character !== undefined && /[\p{L}\p{N}]/u.test(character)

/** Whether a sentence states a subject, a verb and every object of a list. */
function statedFault(subject: string, verb: Token, object: string, sentence: CitedSentence): SupportFault | null {
  const subjects = placesOf(subject, sentence)
  if (subjects === null) return 'not_supported'
  const whole = placesOf(object, sentence)
  const parts = whole === null ? object.split(/, (?:and )?| and /).map((part) => placesOf(part, sentence)) : [whole]
  const actors = sentence.named
    .filter(({ kind }) => kind === 'actor')
    .flatMap(({ written }) => occurrences(tokenise(written), sentence.tokens))
  for (const objects of parts) {
    if (objects === null) return 'not_supported'
    const { kind } = objects
    const isTechnique = kind === 'technique'
    const fault = relationFault(sentence.tokens, {
      subjects: subjects.places,
      objects: objects.places,
      actors,
      verbs: verbsFor(verb.lemma, kind),
      isThing: !isTechnique,
    })
    if (fault !== null) return fault
  }
  return null
}

function verbsFor(lemma: string, kind: Named['kind'] | null): ReadonlySet<string> | null {
  if (lemma === 'use') return kind === 'technique' ? null : kind === 'vulnerability' ? exploits : uses
  if (lemma === 'exploit') return exploits
  return contacts.has(lemma) ? contacts : new Set([lemma])
}

const descriptors =
  /^(?:(?:the|a|an|technique|software|malware|tool|vulnerability|actor|group|threat|with|to|from) )+|(?: (?:technique|malware|group|ransomware|tool))$/gi

/** Where a sentence names something: by its catalogue names when the name is one, and wherever it is written so. */
function placesOf(name: string, sentence: CitedSentence): { places: Place[]; kind: Named['kind'] | null } | null {
  let plain = name
    .trim()
    .replace(/^["'(]+|["'.,;]+$/g, '')
    .replace(descriptors, '')
    .trim()
  // "Phishing (T1566)" and "T1566 Phishing" have to mean the same thing twice.
  const identified = /^(.+?) ?\(([TGS]\d{4}(?:\.\d{3})?|CVE-\d{4}-\d{4,7})\)$/i.exec(plain)
  const leading = /^([TGS]\d{4}(?:\.\d{3})?)[ :—-]+(.+)$/.exec(plain)
  let ids: ReadonlySet<string> | null = null
  if (identified !== null || leading !== null) {
    const [id, words] = identified !== null ? [identified[2]!, identified[1]!] : [leading![1]!, leading![2]!]
    const same = idsOfName(words)
    const isSame = same.has(id.toUpperCase()) || occurrences(tokenise(words), sentence.tokens).length > 0
    if (!isSame || (same.size > 0 && !same.has(id.toUpperCase()))) return null
    ids = new Set([id.toUpperCase()])
    plain = words
  }
  ids ??= new Set([...idsOfName(plain), plain, plain.toUpperCase(), plain.toLowerCase()])
  const places: Place[] = []
  let kind: Named['kind'] | null = null
  for (const named of sentence.named) {
    if (!ids.has(named.id)) continue
    kind ??= named.kind
    places.push(...occurrences(tokenise(named.written), sentence.tokens))
  }
  // Only names stand for themselves: a common word of the sentence is none.
  const words = tokenise(plain)
  if (isName(words)) places.push(...occurrences(words, sentence.tokens))
  return places.length === 0 ? null : { places, kind }
}

function isName(words: readonly Token[]): boolean {
  const isOwn = ({ capital, word }: Token) => capital || /\d/.test(word)
  if (words.length === 0 || !isOwn(words[0]!) || !isOwn(words.at(-1)!)) return false
  return words.every((token) => isOwn(token) || ['of', 'the', 'for', 'and', 'de', '(', ')'].includes(token.word))
}

function occurrences(words: readonly Token[], tokens: readonly Token[]): Place[] {
  const places: Place[] = []
  if (words.length === 0) return places
  for (let first = 0; first + words.length <= tokens.length; first++) {
    if (words.every(({ word }, at) => tokens[first + at]!.word === word)) {
      places.push({ first, last: first + words.length - 1 })
    }
  }
  return places
}

/** E-mail addresses that cited sentences name as indicators, rather than as somebody's address. */
export function citedEmails(cited: readonly CitedSentence[]): ReadonlySet<string> {
  return new Set(cited.flatMap(({ named }) => named.filter(({ isEmail }) => isEmail).map(({ id }) => id.toLowerCase())))
}
