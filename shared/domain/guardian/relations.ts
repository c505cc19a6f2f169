import type { SupportFault } from './compression.ts'
import type { Span } from './sentences.ts'
import { doubts, isDoing, isHedge, isNegation, mayBeLeftOut, type Token } from './words.ts'

/** Where in a sentence's tokens something is named: from `first` to `last`, both included. */
export interface Place {
  first: number
  last: number
}

/** What a sentence has to say, from subject to object. */
export interface Relation {
  subjects: readonly Place[]
  objects: readonly Place[]
  /** Every place at which an actor is named, whoever it is. */
  actors: readonly Place[]
  /** Lemmas of the verb; null for whatever an attacker does. */
  verbs: ReadonlySet<string> | null
  /** Software, addresses and the like have to be the verb's own object; a technique may be how it is done. */
  isThing: boolean
}

/** Words that stand beside a name and say only what it is. */
const heads = new Set(
  `group groups actor actors operator operators threat hackers attackers adversary adversaries gang team crew affiliate
  affiliates members malware ransomware backdoor trojan loader implant worm tool framework campaign apt the a an its their this
  advanced persistent`.split(/\s+/),
)
const auxiliaries = new Set('is was were are been being be has have had also then'.split(' '))
const watched = new Set(
  'observed seen spotted found detected known caught began begins begin started starts continues continued'.split(' '),
)
/** With these the one who does it changes, or what follows is somebody else's. */
const shifts = new Set(
  `which who whom that whose while whereas but although though unlike ; trick tricks tricked urge urged force forced forces lure lured
  lures ask asked asks tell told convince convinced persuade persuaded entice enticed allow allows allowed allowing enable
  enables enabled enabling cause causes caused causing instruct instructed order ordered help helped helps encourage encouraged
  prompt prompts prompted lead leads led let lets make makes made against like`.split(/\s+/),
)
/** What is done to a thing rather than with it. */
const against = new Set(
  'stop kill terminate remove disable uninstall delete inhibit wipe destroy change target compromise attack infect breach hack'.split(
    ' ',
  ),
)
/** What may follow a name without making it another: what comes next in the sentence, and kinds of the thing itself. */
const following = new Set(
  `in on at during after before since by from through via using with without and or but while which who where when as for against
  into onto over across within throughout to because that until about around between among near every beacon beacons payload payloads variant variants sample samples
  implants loaders backdoors trojans module modules script scripts command commands stager stagers binaries attachment attachments
  again multiple several version versions v2 v3 rather instead not`.split(/\s+/),
)
/** What may stand between a verb and its own object. */
const objectWords = new Set(
  `a an the its their own custom new old modified legitimate open-source publicly available several various multiple variant variants
  version versions of tool tools malware such as including like and or both e.g ( , utility utilities backdoor trojan ransomware
  implant loader command commands remote access web known second-stage`.split(/\s+/),
)
const ways = new Set('through via with using by of for as in to and or into'.split(' '))
/**
 * Whether a sentence says that one of the subjects does something with one of the objects. Only plain forms are
 * understood: "S used O", "S did A to do B with O", "O was used by S", "S's use of O", "use of O by S", and a table's row
 * that begins with O. Whoever is merely blamed, compared, or named beside it does nothing.
 * @returns why not, or null
 */
export function relationFault(sentence: Token[], relation: Relation): SupportFault | null {
  let fault: SupportFault = 'not_supported'
  for (const subject of relation.subjects) {
    for (const object of relation.objects) {
      const span = saysSo(sentence, subject, object, relation)
      if (span === null) continue
      const before = sentence.slice(0, span.end)
      const after = sentence.slice(span.end)
      const late = after.slice(0, 3)
      if (before.some(isNegation) || late.some(isNegation)) fault = 'negation_differs'
      else if (before.some(isHedge) || after.some(({ word }) => doubts.has(word))) {
        fault = 'certainty_differs'
      } else return null
    }
  }
  return fault
}

/** @returns the tokens that say so, up to the end of what a negation could reach */
function saysSo(sentence: Token[], subject: Place, object: Place, relation: Relation): Span | null {
  if (subject.last < object.first) {
    if (isActive(sentence, subject, object, relation) || isUseOf(sentence, subject, object, relation)) {
      return { start: subject.first, end: object.last + 1 }
    }
    return null
  }
  if (subject.first > object.last) {
    if (isPassive(sentence, subject, object, relation)) return { start: object.first, end: subject.last + 1 }
    if (isUseBy(sentence, subject, object)) return { start: 0, end: sentence.length }
    if (isRow(sentence, subject, object, relation))
      return { start: object.first, end: firstVerb(sentence, subject) + 1 }
  }
  return null
}

const matches = (token: Token, { verbs }: Relation): boolean =>
  isDoing(token) && (verbs === null || verbs.has(token.lemma))

/** "S used O"; "S used A to dump O"; "S sent A and ran O". */
function isActive(sentence: Token[], subject: Place, object: Place, relation: Relation): boolean {
  if (!standsAlone(sentence, subject)) return false
  const first = firstVerb(sentence, subject)
  if (first < 0 || first > object.last) return false
  const between = sentence.slice(subject.last + 1, object.first)
  const inner = between.slice(Math.max(0, first - subject.last - 1))
  if (inner.some(({ word }) => shifts.has(word))) return false
  if (relation.actors.some((actor) => actor.first > subject.last && actor.last < object.first && actor.first > first)) {
    return false
  }
  // The verb whose object it is: the last one before it, or the first word of what names it ("dump credentials").
  let last = object.first - 1
  while (last >= first && !isDoing(sentence[last]!)) last--
  const candidates = object.first < object.last && isDoing(sentence[object.first]!) ? [object.first, last] : [last]
  return candidates.some((verb) => isObjectOf(sentence, verb, first, object, relation))
}

/** Whether a verb, reached from the first one behind the subject, has the object. */
function isObjectOf(sentence: Token[], verb: number, first: number, object: Place, relation: Relation): boolean {
  if (verb < first) return false
  if (verb === first ? !matches(sentence[verb]!, relation) : !goesOnFrom(sentence, verb)) return false
  if (relation.verbs !== null && !matches(sentence[verb]!, relation)) return false
  // Who disables PowerShell, or hacks its users, doesn't use it; "disabled the firewall" names what is done whole.
  if (relation.verbs === null && verb < object.first && against.has(sentence[verb]!.lemma)) return false
  const path = sentence.slice(verb + 1, object.first)
  if (relation.isThing) {
    if (!endsThere(sentence, object)) return false
    // "Connects to", "communicates with".
    const isReached = relation.verbs?.has('beacon') && (path[0]?.word === 'to' || path[0]?.word === 'with')
    const rest = isReached ? path.slice(1) : path
    return rest.every((token) => objectWords.has(token.word) || mayBeLeftOut(token) || isListed(token))
  }
  // Flattened tables leave the next row's id behind a sentence: an id in prose stands in brackets.
  if (/^t\d{4}/.test(sentence[object.first]!.word) && sentence[object.first - 1]!.word !== '(') return false
  if (path.length > 8 || path.some(({ mark, word }) => mark && !',()'.includes(word))) return false
  return path.filter(({ word }) => ways.has(word)).length <= 2
}

/** Whether a name ends where it ends: "APT29 impersonators" and "Mimikatz detectors" are others. */
function endsThere(sentence: Token[], { last }: Place): boolean {
  const next = sentence[last + 1]
  if (next === undefined || next.mark || next.capital || heads.has(next.word) || auxiliaries.has(next.word)) return true
  return following.has(next.word) || mayBeLeftOut(next) || /^\d/.test(next.word)
}

/** A name in a list of names. */
function isListed(token: Token): boolean {
  return token.capital
}

/** Whether a later verb still has the same subject: "… to dump", "… and dumped", "… by dumping". */
function goesOnFrom(sentence: Token[], verb: number): boolean {
  let at = verb - 1
  while (at > 0 && mayBeLeftOut(sentence[at]!) && sentence[at]!.word !== ',' && sentence[at]!.word !== 'and') at--
  const word = sentence[at]?.word ?? ''
  return ['to', 'and', 'or', 'then', 'by', ',', 'before', 'after'].includes(word)
}

/** Whether a name is itself the subject, rather than part of "victims of S" or "tools like S". */
function standsAlone(sentence: Token[], subject: Place): boolean {
  let at = subject.first - 1
  while (at >= 0 && heads.has(sentence[at]!.word)) at--
  if (at < 0) return true
  const { word, mark } = sentence[at]!
  return (
    mark || ['and', 'that', 'when', 'where', 'as', 'after', 'before', 'how', 'because', 'since', 'then'].includes(word)
  )
}

/** The first verb behind a subject, when nothing but what it is and when stands between; else -1. */
function firstVerb(sentence: Token[], subject: Place): number {
  let at = subject.last + 1
  let wasSeen = false
  let wasAuxiliary = false
  for (let steps = 0; at < sentence.length && steps < 40; steps++) {
    const token = sentence[at]!
    if (token.word === '(') at = indexOf(sentence, ')', at) + 1
    else if (token.word === ',' && steps === 0) at = indexOf(sentence, ',', at + 1) + 1
    else if (isDoing(token)) {
      // "was used" is done to it; "was seen using" is not.
      const isGerund = token.word.endsWith('ing')
      if (wasAuxiliary && !isGerund) return -1
      return wasSeen && !isGerund && sentence[at - 1]!.word !== 'to' ? -1 : at
    } else if (watched.has(token.word)) {
      wasSeen = true
      wasAuxiliary = false
      at++
    } else if (wasSeen && ['to', 'for'].includes(token.word)) at++
    else if (auxiliaries.has(token.word)) {
      wasAuxiliary = !['has', 'have', 'had', 'also', 'then'].includes(token.word)
      at++
    } else if (isHedge(token) || isNegation(token) || ['do', 'does', 'did'].includes(token.word)) {
      // What they do to the statement is looked at when it is found.
      at++
    } else if (mayBeLeftOut(token) || (heads.has(token.word) && !wasAuxiliary) || token.word === ')') at++
    else return -1
    if (at <= 0) return -1
  }
  return -1
}

function indexOf(sentence: Token[], word: string, from: number): number {
  for (let at = from; at < Math.min(sentence.length, from + 30); at++) if (sentence[at]!.word === word) return at
  return -2
}

/** "O was used by S". */
function isPassive(sentence: Token[], subject: Place, object: Place, relation: Relation): boolean {
  if (!endsThere(sentence, subject) || (relation.isThing && !standsAlone(sentence, object))) return false
  let by = subject.first - 1
  while (
    by > object.last &&
    (heads.has(sentence[by]!.word) ||
      relation.actors.some((actor) => actor.first <= by && by <= actor.last) ||
      [',', 'and', 'both'].includes(sentence[by]!.word))
  )
    by--
  if (sentence[by]?.word !== 'by') return false
  let verb = by - 1
  while (verb > object.last && mayBeLeftOut(sentence[verb]!)) verb--
  if (verb <= object.last || !matches(sentence[verb]!, relation) || sentence[verb]!.word.endsWith('ing')) return false
  return sentence
    .slice(object.last + 1, verb)
    .every(
      (token) =>
        auxiliaries.has(token.word) ||
        heads.has(token.word) ||
        mayBeLeftOut(token) ||
        token.word === '(' ||
        token.word === ')',
    )
}

/** "S's use of O". */
function isUseOf(sentence: Token[], subject: Place, object: Place, relation: Relation): boolean {
  if (relation.verbs !== null && !relation.verbs.has('use')) return false
  const between = sentence.slice(subject.last + 1, object.first).map(({ word }) => word)
  return (
    between[0] === "'s" &&
    between[1] === 'use' &&
    between[2] === 'of' &&
    between.slice(3).every((word) => objectWords.has(word))
  )
}

/** "use of O by S". */
function isUseBy(sentence: Token[], subject: Place, object: Place): boolean {
  const between = sentence.slice(object.last + 1, subject.first).map(({ word }) => word)
  if (!endsThere(sentence, subject)) return false
  if (between[0] !== 'by' || !between.slice(1).every((word) => heads.has(word))) return false
  let at = object.first - 1
  while (at >= 0 && objectWords.has(sentence[at]!.word) && sentence[at]!.word !== 'of') at--
  return sentence[at]?.word === 'of' && sentence[at - 1]?.word === 'use'
}

/** "T1566.001 | Spearphishing Attachment | S sent …": the row of a table that tells how S does O. */
function isRow(sentence: Token[], subject: Place, object: Place, relation: Relation): boolean {
  if (relation.isThing || !/^t\d{4}(?:\.\d{3})?$/.test(sentence[object.first]!.word) || object.first > 8) return false
  const verb = firstVerb(sentence, subject)
  if (verb < 0 || !isDoing(sentence[verb]!)) return false
  return sentence
    .slice(0, subject.first)
    .every((token) => token.capital || token.mark || /^\W*$|^t\d/.test(token.word) || heads.has(token.word))
}
