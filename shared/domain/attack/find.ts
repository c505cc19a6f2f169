import type { NamedMention, TechniqueMention } from '../extraction/types.ts'
import { judgeMention, sharedNameMeans } from './believe.ts'
import { attackEngine, type Engine, IS_ADVICE, IS_CONTROL, IS_CVE, IS_NEGATION } from './engine.ts'
import { findTechniqueIds, readCveId, techniqueNumber } from './identifiers.ts'
import { ENDS_NAME, MAX_STEP, type NameEntry, type NameNode, namePairBit, stepKey } from './names.ts'
import { type CompiledPhrase, ENDS_PHRASE, matchPhrases } from './phrases.ts'
import { createWindow, scanWords, WINDOW_MASK, type WordWindow } from './scan.ts'
import {
  BY_ID,
  BY_NAME,
  BY_PHRASE,
  type NameCandidate,
  settleNames,
  settleTechniques,
  type TechniqueCandidate,
} from './settle.ts'
import { wordsOf } from './surface-forms.ts'
import { isCapitalised, joinsName } from './text-checks.ts'

/** A technique mention without its page. */
export type FoundTechnique = Omit<TechniqueMention, 'page'>
/** A mention of an actor, software or vulnerability without its page. */
export type FoundName = Omit<NamedMention, 'page'>

/** What one text says in terms of ATT&CK and CVE, each list in order of `start`. */
export interface AttackFindings {
  techniques: FoundTechnique[]
  actors: FoundName[]
  software: FoundName[]
  vulnerabilities: FoundName[]
}

/** How many words before a phrase a negation reaches, and how many an advice in the same sentence. */
const NEGATION_REACH = 3
const ADVICE_REACH = 40
/** An ordinal far before every word; a small integer, so that the engine keeps the variables unboxed. */
const NEVER = -(2 ** 29)

/**
 * Finds techniques, groups, software and vulnerabilities of MITRE ATT&CK and CVE in a text: by id, by name and alias,
 * and techniques by phrases that describe them. No model, no network; time is linear in the text.
 *
 * @param text any text; offsets in the result are UTF-16 code units into it, end exclusive
 */
export function findAttack(text: string): AttackFindings {
  const engine = attackEngine()
  const window = createWindow()
  engine.phrases.matchedAt.fill(0)
  const techniques: TechniqueCandidate[] = []
  const names: NameCandidate[] = []
  const vulnerabilities: FoundName[] = []
  let negation = NEVER
  let advice = NEVER

  for (const { id, start, end } of findTechniqueIds(text)) {
    const technique = engine.byNumber.get(techniqueNumber(id))
    if (technique !== undefined) techniques.push({ technique, start, end, how: BY_ID, weight: 1, phrase: -1 })
  }
  // Whether what starts at a window position is negated, or part of an advice or of a hunting query.
  const isDenied = (first: number) => {
    const from = window.ordinals[first & WINDOW_MASK]!
    return ((from - negation) | 0) <= NEGATION_REACH || ((from - advice) | 0) <= ADVICE_REACH
  }
  const onPhrase = (phrase: CompiledPhrase, first: number) => {
    if (isDenied(first)) return
    const start = window.starts[first & WINDOW_MASK]!
    const end = window.ends[(window.count - 1) & WINDOW_MASK]!
    const { technique, weight, number } = phrase
    // Of the phrases of one technique that end at one word, the weightiest speaks for all.
    for (let at = techniques.length - 1; at >= 0 && techniques[at]!.end === end; at--) {
      const other = techniques[at]!
      if (other.technique !== technique || other.how !== BY_PHRASE) continue
      if (start < other.start) other.start = start
      if (weight > other.weight) {
        other.weight = weight
        other.phrase = number
      }
      return
    }
    techniques.push({ technique, start, end, how: BY_PHRASE, weight, phrase: number })
  }
  scanWords(text, engine.lexicon, window, (id, flags) => {
    let flag = flags
    const place = (window.count - 1) & WINDOW_MASK
    if ((flag & ENDS_NAME) !== 0) findNames(text, id, engine, window, isDenied, techniques, names)
    if ((flag & IS_CONTROL) !== 0 && foldCommandAndControl(text, id, engine, window))
      flag = engine.lexicon.flags[engine.commandAndControl]!
    if ((flag & ENDS_PHRASE) !== 0) matchPhrases(engine.phrases, window, onPhrase)
    if ((flag & IS_CVE) !== 0) {
      const found = readCveId(text, window.starts[place]!, window.ends[place]!)
      if (found !== null) {
        vulnerabilities.push({ id: found.id, name: found.id, start: found.start, end: found.end, how: 'id' })
      }
    }
    if ((flag & IS_NEGATION) !== 0) negation = window.ordinals[place]!
    if ((flag & IS_ADVICE) !== 0) advice = window.ordinals[place]!
  })

  const settled = settleNames(text, names)
  return {
    techniques: settleTechniques(techniques),
    actors: settled.actors,
    software: settled.software,
    vulnerabilities: [...vulnerabilities, ...settled.vulnerabilities].sort(
      (a, b) => a.start - b.start || a.end - b.end || (a.id < b.id ? -1 : 1),
    ),
  }
}

function findNames(
  text: string,
  last: number,
  engine: Engine,
  window: WordWindow,
  isDenied: (first: number) => boolean,
  techniques: TechniqueCandidate[],
  names: NameCandidate[],
): void {
  const newest = window.count - 1
  const end = window.ends[newest & WINDOW_MASK]!
  const oldest = Math.max(0, window.count - WINDOW_MASK)
  const { roots, pairBits } = engine.names
  let position = newest
  let node: NameNode | undefined = roots[last]
  while (node !== undefined) {
    const first = window.starts[position & WINDOW_MASK]!
    for (const entry of node.entries) {
      const start = entry.lead === undefined ? first : startOfLead(text, first, entry.lead)
      if (start < 0) continue
      if (entry.words !== undefined && wordsOf(text.slice(first, end)).join(' ') !== entry.words) continue
      const { technique } = entry
      if (technique !== undefined) {
        // A name in capitals is a title or a table's cell; in small letters it is prose, which may deny or advise.
        if (!isCapitalised(text, start, end) && (entry.spelling === 'capitalised' || isDenied(position))) continue
        techniques.push({ technique, start, end, how: BY_NAME, weight: 1, phrase: -1 })
        continue
      }
      const verdict = judgeMention(text, start, end, entry)
      if (verdict === 'no') continue
      if (isShared(node, entry) && sharedNameMeans(text, start, end, entry.written) !== entry.kind) continue
      names.push({ entry, start, end, sure: verdict === 'yes' })
    }
    const previous = position - 1
    if (node.before === null || previous < oldest) return
    const before = window.ids[previous & WINDOW_MASK]!
    if (position === newest) {
      const bit = namePairBit(last, before)
      if ((pairBits[bit >>> 3]! & (1 << (bit & 7))) === 0) return
    }
    const distance = (window.ordinals[position & WINDOW_MASK]! - window.ordinals[previous & WINDOW_MASK]!) | 0
    if (distance > MAX_STEP) return
    if (distance === 1 && !joinsName(text, window.ends[previous & WINDOW_MASK]!, first)) return
    node = node.before.get(stepKey(before, distance))
    position = previous
  }
}

/** Where a name begins whose first word is `lead` and whose second starts at `at`, or -1 when another word stands there. */
function startOfLead(text: string, at: number, lead: string): number {
  const start = at - 1 - lead.length
  if (start < 0 || text.slice(start, at - 1).toLowerCase() !== lead || !joinsName(text, at - 1, at)) return -1
  return /[\p{L}\p{N}]/u.test(text.charAt(start - 1)) ? -1 : start
}

/** Whether one name stands for a group and for software alike. */
function isShared(node: NameNode, entry: NameEntry): boolean {
  if (node.entries.length < 2 || (entry.kind !== 'actor' && entry.kind !== 'software')) return false
  const twin = entry.kind === 'actor' ? 'software' : 'actor'
  return node.entries.some((other) => other.kind === twin)
}

/** Rewrites "C&C" and "command and control" at the window's end to the one word "c2", so that phrases know only that. */
function foldCommandAndControl(text: string, id: number, engine: Engine, window: WordWindow): boolean {
  const newest = window.count - 1
  if (newest < 1) return false
  const place = newest & WINDOW_MASK
  const before = (newest - 1) & WINDOW_MASK
  const ordinal = window.ordinals[place]!
  const distance = (ordinal - window.ordinals[before]!) | 0
  const between = () => text.slice(window.ends[before]!, window.starts[place]!)
  if (id === engine.letterC) {
    if (distance !== 1 || window.ids[before] !== engine.letterC || !between().includes('&')) return false
  } else if (
    window.ids[before] !== engine.command ||
    distance > 2 ||
    !/^\W{1,3}(?:(?:and|&)\W{1,3})?$/.test(between())
  ) {
    return false
  }
  window.ids[before] = engine.commandAndControl
  window.ends[before] = window.ends[place]!
  window.ordinals[before] = ordinal
  window.count = newest
  return true
}
