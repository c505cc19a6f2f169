import type { Technique } from './catalogue.ts'
import type { FoundName, FoundTechnique } from './find.ts'
import type { NameEntry } from './names.ts'

/** How much a text must say of a technique, in phrase weights, before its phrases are believed. */
const ENOUGH = 1

interface Span {
  start: number
  end: number
}

function bySpan(a: Span, b: Span): number {
  return a.start - b.start || b.end - a.end
}

/** A name that was seen; `sure` is false while only the rest of the text can confirm it. */
export interface NameCandidate {
  entry: NameEntry
  start: number
  end: number
  sure: boolean
}

/** How a technique was found; the smaller, the surer. */
export const BY_ID = 0
export const BY_NAME = 1
export const BY_PHRASE = 2

const HOW = ['id', 'name', 'phrase'] as const

/** A technique that was seen, before the whole text has been weighed. */
export interface TechniqueCandidate {
  technique: Technique
  start: number
  end: number
  how: typeof BY_ID | typeof BY_NAME | typeof BY_PHRASE
  /** What one such mention weighs: see `PHRASE_WEIGHTS`. */
  weight: number
  /** The number of the phrase, -1 for ids and names. */
  phrase: number
}

/**
 * Weighs what was seen of techniques over the whole text: weak phrases count when they add up, a span inside a longer
 * one of the same technique or of its sub-technique is dropped, and of two at one span the surer one stays.
 *
 * @param candidates phrases in the order in which they were found, that is of their ends
 * @returns in order of start
 */
export function settleTechniques(candidates: TechniqueCandidate[]): FoundTechnique[] {
  const phrases = new Map<Technique, TechniqueCandidate[]>()
  const believed = new Set<Technique>()
  for (const candidate of candidates) {
    const { technique } = candidate
    if (candidate.how !== BY_PHRASE) {
      believed.add(technique)
      continue
    }
    const known = phrases.get(technique)
    if (known === undefined) phrases.set(technique, [candidate])
    else known.push(candidate)
  }
  for (const [technique, said] of phrases) {
    if (!believed.has(technique) && weigh(said) >= ENOUGH) believed.add(technique)
  }
  const kept = candidates.filter((candidate) => believed.has(candidate.technique))
  kept.sort((a, b) => bySpan(a, b) || a.how - b.how || (a.technique.id < b.technique.id ? -1 : 1))
  return dropInner(kept, (outer, inner) => {
    if (outer.technique === inner.technique || outer.technique.parentId === inner.technique.id) return true
    return inner.how === BY_NAME && outer.how === BY_NAME && inner.end - inner.start < outer.end - outer.start
  }).map(({ technique, start, end, how }) => ({ id: technique.id, name: technique.name, start, end, how: HOW[how] }))
}

/**
 * Adds up what the phrases of one technique say: of phrases that overlap the weightiest counts, and one phrase counts
 * twice at most, so that a refrain says no more than two statements do.
 */
function weigh(phrases: TechniqueCandidate[]): number {
  const counted = new Map<number, number>()
  let total = 0
  let best = phrases[0]!
  let end = best.end
  const close = () => {
    const times = counted.get(best.phrase) ?? 0
    counted.set(best.phrase, times + 1)
    if (times < 2) total += best.weight
  }
  for (let index = 1; index < phrases.length && total < ENOUGH; index++) {
    const phrase = phrases[index]!
    if (phrase.start >= end) {
      close()
      best = phrase
    } else if (phrase.weight > best.weight) best = phrase
    end = phrase.end
  }
  close()
  return total
}

/**
 * Settles names: a mention that needs confirmation stays when the text names the same entry surely elsewhere or when
 * it stands in a list right beside a sure one, and a name inside a longer one is dropped.
 *
 * @param text the text
 * @param candidates in any order
 */
export function settleNames(
  text: string,
  candidates: NameCandidate[],
): { actors: FoundName[]; software: FoundName[]; vulnerabilities: FoundName[] } {
  const sorted = candidates.toSorted((a, b) => bySpan(a, b) || (a.entry.id < b.entry.id ? -1 : 1))
  const confirmed = new Set<string>()
  for (const { entry, sure } of sorted) if (sure) confirmed.add(entry.id)
  const believed = sorted.filter((candidate, index) => {
    if (candidate.sure || confirmed.has(candidate.entry.id)) return true
    const beside = (other: NameCandidate | undefined) =>
      other !== undefined &&
      (other.sure || confirmed.has(other.entry.id)) &&
      other.entry.kind === candidate.entry.kind &&
      standsInList(text, Math.min(other.end, candidate.end), Math.max(other.start, candidate.start))
    return beside(sorted[index - 1]) || beside(sorted[index + 1])
  })
  const settled = dropInner(believed, (outer, inner) => {
    if (outer.start === inner.start && outer.end === inner.end) {
      return outer.entry.id === inner.entry.id
    }
    return true
  })
  const pick = (kind: NameCandidate['entry']['kind']) =>
    settled
      .filter(({ entry }) => entry.kind === kind)
      .map(({ entry, start, end }) => ({ id: entry.id, name: entry.name, start, end, how: entry.how }))
  return { actors: pick('actor'), software: pick('software'), vulnerabilities: pick('vulnerability') }
}

/** Only a comma, a slash, brackets, "and", "or" or "aka" between two names: they are told in one breath. */
function standsInList(text: string, from: number, to: number): boolean {
  if (to < from || to - from > 12) return false
  const between = text.slice(from, to).toLowerCase().trim()
  return LIST_MARKS.has(between.replaceAll(' ', ''))
}

const LIST_MARKS = new Set([
  ',',
  '/',
  '(',
  ',and',
  'and',
  ',or',
  'or',
  '(aka',
  '(akathe',
  'aka',
  ',aka',
  '(a.k.a.',
  ';',
  '&',
  '|',
  '),',
  ',akathe',
])

/** Drops spans that lie within an earlier, at least as long one, where `covers` agrees; input in order of start. */
function dropInner<T extends Span>(sorted: T[], covers: (outer: T, inner: T) => boolean): T[] {
  const kept: T[] = []
  // Spans are short, so only the last few kept ones can reach over the next: the look back is bounded.
  for (const span of sorted) {
    let covered = false
    for (let index = kept.length - 1; index >= 0 && kept.length - index <= 16; index--) {
      const outer = kept[index]!
      if (outer.end >= span.end && outer.start <= span.start && covers(outer, span)) {
        covered = true
        break
      }
    }
    if (!covered) kept.push(span)
  }
  return kept
}
