import { allTechniques, type Technique, techniqueById } from './catalogue.ts'
import { SUPERSEDED_IDS } from './data/superseded-ids.ts'
import { techniqueNumber } from './identifiers.ts'
import { createLexicon, type Lexicon } from './lexicon.ts'
import { buildNameTree, type NameTree } from './names.ts'
import { buildPhraseTable, type PhraseTable } from './phrases.ts'

/** Further meanings of the lexicon's flags, beside `ENDS_NAME` and `ENDS_PHRASE`. */
export const IS_CVE = 8
export const IS_NEGATION = 16
export const IS_ADVICE = 32
export const IS_CONTROL = 64

/** Everything that one pass over a text needs, built once. */
export interface Engine {
  lexicon: Lexicon
  names: NameTree
  phrases: PhraseTable
  /** Techniques by `techniqueNumber`, retired ids leading to their successors. */
  byNumber: ReadonlyMap<number, Technique>
  /** The word id that stands for "C2" in all its spellings. */
  commandAndControl: number
  /** The word ids that may lead to "control" and to the second "C". */
  command: number
  letterC: number
}

const NEGATIONS = [
  'not',
  'no',
  'never',
  'without',
  'cannot',
  'nor',
  'neither',
  'unable',
  'didn',
  'doesn',
  'don',
  'isn',
  'wasn',
]
const ADVICE = [
  'should',
  'recommend',
  'recommends',
  'recommended',
  'recommendation',
  'recommendations',
  'ensure',
  'consider',
  'mitigation',
  'mitigations',
  'mitigate',
  // A hunting query names what defenders look for, not what the report saw.
  'processcommandline',
  'initiatingprocesscommandline',
  'initiatingprocessfilename',
  'deviceprocessevents',
  'deviceregistryevents',
  'devicefileevents',
]

let built: Engine | null = null

/** The engine, built on first use (some milliseconds) and then kept. */
export function attackEngine(): Engine {
  if (built !== null) return built
  const lexicon = createLexicon()
  const phrases = buildPhraseTable(lexicon)
  const names = buildNameTree(lexicon)
  lexicon.flag(lexicon.add('cve'), IS_CVE)
  for (const word of NEGATIONS) lexicon.flag(lexicon.add(word), IS_NEGATION)
  for (const word of ADVICE) lexicon.flag(lexicon.add(word), IS_ADVICE)
  const commandAndControl = lexicon.add('c2')
  const command = lexicon.add('command')
  const letterC = lexicon.add('c')
  lexicon.flag(lexicon.add('control'), IS_CONTROL)
  lexicon.flag(letterC, IS_CONTROL)
  for (const spelling of ['cnc', 'c2c']) lexicon.add(spelling)
  built = {
    byNumber: techniquesByNumber(),
    lexicon: lexicon.freeze(),
    names,
    phrases,
    commandAndControl,
    command,
    letterC,
  }
  return built
}

function techniquesByNumber(): Map<number, Technique> {
  const byNumber = new Map<number, Technique>()
  for (const technique of allTechniques()) byNumber.set(techniqueNumber(technique.id), technique)
  for (const id of Object.keys(SUPERSEDED_IDS)) {
    const successor = techniqueById(id)
    if (successor !== undefined) byNumber.set(techniqueNumber(id), successor)
  }
  return byNumber
}
