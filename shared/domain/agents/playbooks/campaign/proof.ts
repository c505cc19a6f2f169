import type { Claim } from '../../../claims/types.ts'
import { quotingClaim } from '../../../guardian/compose.ts'
import { sentencesIn } from '../../../guardian/sentences.ts'
import { isNegation, normalise, type Token, tokenise } from '../../../guardian/words.ts'

/** A document in which proof is looked for. */
export interface ProofSource {
  id: string
  title: string
  text: string
  /** What is named in it, and where; in order of start. */
  named: readonly { id: string; name: string; start: number; end: number }[]
}

/** A sentence of a document that says something of a key point. */
export interface Proof {
  claim: Claim
  document_id: string
  document_title: string
  /** How much of the key point it holds, from 0 to 1. */
  share: number
  /** What it names. */
  names: string[]
}

export interface ProvenPoint {
  key_point: string
  /** The best first; none: nothing proves it. */
  proof: Proof[]
}

/** Of what a key point tells, a sentence has to hold at least this much. */
const leastShare = 0.5
const proofOfPoint = 5
const shortestWords = 5
const longestCharacters = 1000
/** What a name adds for the order, as a share; so many count. */
const worthOfName = 0.04
const namesThatCount = 3

interface Sentence {
  source: ProofSource
  start: number
  end: number
  words: ReadonlySet<string>
  denies: boolean
  named: ProofSource['named']
}

/**
 * For each key point the sentences of the documents that hold most of its words: names and numbers count twice, and a
 * sentence that denies is no proof of what doesn't.
 */
export function findProof(keyPoints: readonly string[], sources: readonly ProofSource[]): ProvenPoint[] {
  const sentences = sources.flatMap(readSentences)
  return keyPoints.map((key_point) => ({ key_point, proof: proofOf(key_point, sentences) }))
}

function readSentences(source: ProofSource): Sentence[] {
  const { text, named } = source
  let next = 0
  return sentencesIn(text).flatMap(({ start, end }) => {
    while (next < named.length && named[next]!.start < start) next++
    const first = next
    while (next < named.length && named[next]!.start < end) next++
    const inside = named.slice(first, next).filter((one) => one.end <= end)
    const plain = normalise(text.slice(start, end))
    // A heading, a row or half a sentence proves nothing.
    if (plain.length > longestCharacters || !/^["'(]?[\p{Lu}\p{N}]/u.test(plain) || !/[.!]["')]?$/.test(plain))
      return []
    const tokens = tokenise(plain).filter(({ mark }) => !mark)
    if (tokens.length < shortestWords) return []
    return [
      {
        source,
        start,
        end,
        words: new Set(tokens.map(stemOf)),
        denies: tokens.some(isNegation),
        named: inside,
      },
    ]
  })
}

function proofOf(keyPoint: string, sentences: readonly Sentence[]): Proof[] {
  const tokens = tokenise(normalise(keyPoint)).filter(({ mark }) => !mark)
  const denies = tokens.some(isNegation)
  const weights = new Map<string, number>()
  for (const [at, token] of tokens.entries()) if (isTelling(token)) weights.set(stemOf(token), weightOf(token, at))
  const total = [...weights.values()].reduce((sum, weight) => sum + weight, 0)
  if (total === 0) return []
  const found = sentences
    .filter((sentence) => sentence.denies === denies)
    .map((sentence) => {
      let held = 0
      for (const [word, weight] of weights) if (sentence.words.has(word)) held += weight
      const names = new Set(sentence.named.map(({ name }) => name))
      return { sentence, share: held / total, names }
    })
    .filter(({ share }) => share >= leastShare)
    .sort((a, b) => rankOf(b) - rankOf(a) || a.sentence.start - b.sentence.start)
  const said = new Set<string>()
  const proof: Proof[] = []
  for (const { sentence, share, names } of found) {
    const claim = toClaim(sentence)
    if (claim === null || said.has(claim.text)) continue
    said.add(claim.text)
    const { id, title } = sentence.source
    proof.push({
      claim,
      document_id: id,
      document_title: title,
      share: Math.round(share * 100) / 100,
      names: [...names].slice(0, 10),
    })
    if (proof.length === proofOfPoint) break
  }
  return proof
}

function rankOf({ share, names }: { share: number; names: ReadonlySet<string> }): number {
  return share + worthOfName * Math.min(namesThatCount, names.size)
}

function toClaim({ source, start, end, named }: Sentence): Claim | null {
  const mention = named[0]
  // Where nothing is named the sentence stands for itself.
  const first = source.text.slice(start, end).search(/\S/)
  const place = mention
    ? { evidence_id: mention.id, start: mention.start, end: mention.end }
    : { evidence_id: null, start: start + first, end: start + first + 1 }
  return quotingClaim(source, { ...place, document_id: source.id })
}

/** Words that say nothing of what a sentence is about. */
const silent = new Set(
  `a about after again all also am an and any are as at be because been before being but by can could did do does doing for from
  had has have having he her hers him his how i if in into is it its itself just many may me might more most much must my no nor
  not of on once one only or other our ours out over own same she should so some such than that the their theirs them then there
  these they this those through to too under until up us very was we well were what when where which while who whom why will with
  would you your yours every each customers customer company companies make makes made get gets new way ways help helps`.split(
    /\s+/,
  ),
)

function isTelling({ word }: Token): boolean {
  return !silent.has(word) && /[\p{L}\p{N}]/u.test(word)
}

function weightOf({ capital, word }: Token, at: number): number {
  return /\d/.test(word) || (capital && at > 0) ? 2 : 1
}

/** Singular and plural are one word. */
function stemOf({ lemma }: Token): string {
  return lemma.length > 4 && lemma.endsWith('s') && !lemma.endsWith('ss') ? lemma.slice(0, -1) : lemma
}
