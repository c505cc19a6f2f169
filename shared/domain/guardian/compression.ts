import { articles, isHedge, isNegation, mayBeLeftOut, numberOf, type Token } from './words.ts'

/** Longer sentences are believed as a whole or not at all. */
const maximumTokens = 250
const maximumGap = 30

/** How a sentence may begin with what is left out: where, when and how, up to a comma. */
const openers = new Set(
  `in on at during after before since by from through via using as for throughout once when following within over under
  meanwhile later recently today however specifically notably next finally first then`.split(/\s+/),
)
/** How what is left out at the end may begin. */
const endings = new Set(
  `in on at during after before since by from through via using with without and but while which who where when as for
  against into over across within throughout including such to because every about around between among near`.split(
    /\s+/,
  ),
)
/** How an insertion between commas may begin. */
const insertions = new Set(
  'which who also aka a an the known formerly dubbed tracked named called including such'.split(' '),
)

/**
 * Whether a claim is a sentence from which only what changes nothing was left out: its words in their order, but for
 * articles, adverbs, insertions, an introduction and an end. Nothing may be added, so an invented verb or object doesn't
 * pass, nor subject and object that changed places.
 * @returns why not, or null
 */
export function compressionFault(claim: Token[], sentence: Token[], effort: Effort): SupportFault | null {
  const wanted = claim.filter((token) => !token.mark && !articles.has(token.word))
  if (wanted.length === 0 || wanted.length > maximumTokens || sentence.length > maximumTokens) return 'not_supported'
  const essential = countEssential(sentence)
  // For each place at which the words so far may end, the place before it.
  let ends = new Map<number, Path | null>()
  for (const [at, token] of sentence.entries()) {
    if (isSame(wanted[0]!, token) && mayBegin(sentence, at, essential)) ends.set(at, null)
  }
  for (const token of wanted.slice(1)) {
    const next = new Map<number, Path>()
    for (const [at, before] of ends) {
      for (let to = at + 1; to < sentence.length && to - at <= maximumGap; to++) {
        if (effort.left-- <= 0) return 'too_large'
        if (isSame(token, sentence[to]!) && !next.has(to) && mayLeaveOut(sentence, at + 1, to, essential)) {
          next.set(to, { at, before })
        }
      }
    }
    ends = next
    if (ends.size === 0) return 'not_supported'
  }
  let fault: SupportFault = 'not_supported'
  for (const [at, before] of ends) {
    if (!mayEnd(sentence, at + 1, essential)) continue
    const kept = new Set([at])
    for (let path = before; path !== null; path = path.before) kept.add(path.at)
    const dropped = sentence.filter((_, index) => !kept.has(index))
    if (dropped.some(isNegation)) fault = 'negation_differs'
    else if (dropped.some(isHedge)) fault = 'certainty_differs'
    else return null
  }
  return fault
}

/** Why a text does not support a claim; `too_large` when finding out would take too long. */
export type SupportFault = 'not_supported' | 'negation_differs' | 'certainty_differs' | 'too_large'

/** What may still be spent on comparing: hostile texts are made so that it never ends. */
export interface Effort {
  left: number
}

interface Path {
  at: number
  before: Path | null
}

function isSame(a: Token, b: Token): boolean {
  if (b.mark) return false
  if (a.word === b.word || a.lemma === b.lemma || (a.capital && b.capital && plain(a) === plain(b))) return true
  const number = numberOf(a)
  return number !== null && number === numberOf(b)
}

function plain({ word }: Token): string {
  return word.replace(/[®™©]/g, '')
}

/** For each place, how many tokens before it may not be left out. */
function countEssential(sentence: Token[]): Int32Array {
  const counts = new Int32Array(sentence.length + 1)
  for (const [at, token] of sentence.entries()) counts[at + 1] = counts[at]! + (mayBeLeftOut(token) ? 0 : 1)
  return counts
}

function mayBegin(sentence: Token[], at: number, essential: Int32Array): boolean {
  let from = 0
  // A bullet or a number of a list is no part of the sentence.
  while (from < at && /^(?:\W+|\d{1,3})$/.test(sentence[from]!.word)) from++
  if (essential[from] === essential[at]) return true
  let last = at - 1
  while (articles.has(sentence[last]!.word)) last--
  const before = sentence[last]!
  return before.word === ';' || (before.word === ',' && openers.has(sentence[from]!.word))
}

function mayEnd(sentence: Token[], from: number, essential: Int32Array): boolean {
  const next = sentence[from]
  if (next === undefined || next.mark) return true
  // Who failed to do one thing has not just failed.
  if (endings.has(next.word)) return next.word !== 'to' || !isHedge(sentence[from - 1]!)
  return essential[from] === essential[sentence.length]
}

function mayLeaveOut(sentence: Token[], from: number, to: number, essential: Int32Array): boolean {
  if (essential[from] === essential[to]) return true
  const [first, last] = [sentence[from]!.word, sentence[to - 1]!.word]
  if (first === '(') return last === ')' && sentence.findIndex(({ word }, at) => at >= from && word === ')') === to - 1
  return to - from > 2 && first === ',' && last === ',' && insertions.has(sentence[from + 1]!.word)
}
