import {
  allGroups,
  allSoftware,
  allTechniques,
  groupById,
  softwareById,
  type Technique,
  techniqueById,
} from './catalogue.ts'
import {
  CAPITALISED_SOFTWARE,
  COMMAND_SOFTWARE,
  CONTEXT_ACTORS,
  CONTEXT_SOFTWARE,
  FURTHER_NAMES,
  UNUSABLE_NAMES,
  WRITTEN_NAMES,
} from './data/name-rules.ts'
import { CAPITALISED_NAMES, NAMES_ONLY_WITH_PARENT, SHARED_TECHNIQUE_NAMES } from './data/technique-name-rules.ts'
import { CONTEXT_VULNERABILITIES, VULNERABILITY_NAMES } from './data/vulnerability-names.ts'
import { FUNCTION_WORDS, type LexiconBuilder } from './lexicon.ts'
import { type Spelling, surfaceForms, wordsOf } from './surface-forms.ts'

/** What must stand beside a name before a mention of it is believed. */
export type Evidence = 'none' | 'context' | 'command'

/** One name of one catalogue entry, and what it takes to believe a mention of it. */
export interface NameEntry {
  kind: 'technique' | 'actor' | 'software' | 'vulnerability'
  id: string
  /** The entry's catalogue name, which may differ from the name that was found. */
  name: string
  /** The name that was found, as the catalogue writes it. */
  written: string
  how: 'name' | 'alias'
  spelling: Spelling
  evidence: Evidence
  /** The catalogue's technique, for names of techniques. */
  technique?: Technique
  /** All words of the name when some of them are not in the lexicon, to be compared with the text. */
  words?: string
  /** A function word that starts the name ("The Dukes", "AS-REP Roasting") and so stands before what the tree matches. */
  lead?: string
}

/** A place in the tree of names, which is read from a name's last word to its first. */
export interface NameNode {
  /** The word before, by its id and its distance in words: see `stepKey`. */
  before: Map<number, NameNode> | null
  entries: NameEntry[]
}

/** Marks words that end some name, in the lexicon's flags. */
export const ENDS_NAME = 1

/** The largest distance between two neighbouring words of a name, function words in between counted. */
export const MAX_STEP = 7

/** Where a step of the tree leads: a word that stands `distance` words before the last one. */
export function stepKey(id: number, distance: number): number {
  return (id << 3) | distance
}

const NAME_PAIR_BITS = 16

/** Where the bit of a last word and the word before it stands in `pairBits`. */
export function namePairBit(last: number, before: number): number {
  const mixed = Math.imul((last << 16) | before, 0x9e3779b1)
  return (mixed ^ (mixed >>> 15)) & ((1 << NAME_PAIR_BITS) - 1)
}

/** The tree of all names. */
export interface NameTree {
  /** By the id of a name's last word. */
  roots: (NameNode | undefined)[]
  /** One bit per hash of a last word and the word before it: clear means that no name ends so. */
  pairBits: Uint8Array
}

/**
 * Puts every name of the catalogue and every well-known vulnerability into one tree.
 *
 * @param lexicon receives the words of the names
 */
export function buildNameTree(lexicon: LexiconBuilder): NameTree {
  const rootsById = new Map<number, NameNode>()
  const pairBits = new Uint8Array(1 << (NAME_PAIR_BITS - 3))
  const put = (allWords: string[], plainEntry: NameEntry) => {
    const leads = allWords.length > 1 && FUNCTION_WORDS.has(allWords[0]!)
    const words = leads ? allWords.slice(1) : allWords
    const entry = leads ? { ...plainEntry, lead: allWords[0]! } : plainEntry
    const last = lexicon.add(words.at(-1)!)
    lexicon.flag(last, ENDS_NAME)
    const root: NameNode = rootsById.get(last) ?? { before: null, entries: [] }
    rootsById.set(last, root)
    let node = root
    let distance = 1
    let exact = true
    for (let index = words.length - 2; index >= 0; index--) {
      const word = words[index]!
      if (index > 0 && FUNCTION_WORDS.has(word)) {
        distance++
        exact = false
        continue
      }
      const id = lexicon.add(word)
      if (node === root) {
        const bit = namePairBit(last, id)
        pairBits[bit >>> 3]! |= 1 << (bit & 7)
      }
      const key = stepKey(id, distance)
      node.before ??= new Map()
      let next = node.before.get(key)
      if (next === undefined) {
        next = { before: null, entries: [] }
        node.before.set(key, next)
      }
      node = next
      distance = 1
    }
    if (node.entries.some((other) => other.id === entry.id && other.kind === entry.kind)) return
    node.entries.push(exact ? entry : { ...entry, words: words.join(' ') })
  }
  putTechniques(put)
  putActors(put)
  putSoftware(put)
  putFurtherNames(put)
  putVulnerabilities(put)
  // A dense array: one that is filled at scattered places would be a hash table to the engine.
  const roots: (NameNode | undefined)[] = new Array(lexicon.size()).fill(undefined)
  for (const [id, root] of rootsById) roots[id] = root
  return { roots, pairBits }
}

type Put = (words: string[], entry: NameEntry) => void

function techniqueEntry(technique: Technique): NameEntry {
  const { id, name } = technique
  return { kind: 'technique', id, name, written: name, how: 'name', spelling: 'any', evidence: 'none', technique }
}

function putTechniques(put: Put): void {
  const byName = new Map<string, string[]>()
  for (const technique of allTechniques()) {
    const key = technique.name.toLowerCase()
    byName.set(key, [...(byName.get(key) ?? []), technique.id])
    if (technique.parentId === null) continue
    const parent = techniqueById(technique.parentId)
    if (parent !== undefined) put([...wordsOf(parent.name), ...wordsOf(technique.name)], techniqueEntry(technique))
  }
  for (const technique of allTechniques()) {
    if (NAMES_ONLY_WITH_PARENT.has(technique.id)) continue
    const key = technique.name.toLowerCase()
    if (byName.get(key)!.length > 1 && SHARED_TECHNIQUE_NAMES[key] !== technique.id) continue
    const spelling: Spelling = CAPITALISED_NAMES.has(technique.id) ? 'capitalised' : 'any'
    put(wordsOf(technique.name), { ...techniqueEntry(technique), spelling })
  }
}

/** A name without case and separators, as far as two spellings of it agree. */
function squeeze(name: string): string {
  return name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '')
}

function putActors(put: Put): void {
  const owners = new Map<string, string>()
  for (const group of allGroups()) owners.set(squeeze(group.name), group.id)
  for (const { id, name, aliases } of allGroups()) {
    for (const written of [name, ...aliases]) {
      // An alias that is another group's own name ("Thrip") means that other group.
      if (written !== name && (owners.get(squeeze(written)) ?? id) !== id) continue
      if (UNUSABLE_NAMES.has(written)) continue
      const evidence: Evidence = CONTEXT_ACTORS.has(written) ? 'context' : 'none'
      // The names of groups are mostly made of everyday words ("Volt Typhoon", "Wizard Spider").
      const spelling = /\s/.test(written) ? 'capitalised' : spellingOf(written, evidence)
      const plain = written.replace(/\s*\(Group\)$/, '')
      const entry: NameEntry = {
        kind: 'actor',
        id,
        name,
        written,
        how: written === name ? 'name' : 'alias',
        spelling,
        evidence: plain === written ? evidence : 'context',
      }
      for (const form of surfaceForms(plain, spelling)) put(form.words, { ...entry, spelling: form.spelling })
    }
  }
}

function putSoftware(put: Put): void {
  const owners = new Map<string, string>()
  for (const item of allSoftware()) owners.set(squeeze(item.name), item.id)
  for (const { id, name, aliases } of allSoftware()) {
    for (const written of [name, ...aliases]) {
      if (written !== name && (owners.get(squeeze(written)) ?? id) !== id) continue
      if (UNUSABLE_NAMES.has(written) && !(written in COMMAND_SOFTWARE)) continue
      const how = written === name ? 'name' : 'alias'
      const base = { kind: 'software' as const, id, name, written, how } satisfies Partial<NameEntry>
      if (written in COMMAND_SOFTWARE) {
        put(wordsOf(written.replace(/\.exe$/, '')), { ...base, spelling: 'any', evidence: 'command' })
        continue
      }
      if (written.endsWith('.exe')) {
        put(wordsOf(written), { ...base, spelling: 'any', evidence: 'none' })
        continue
      }
      const evidence: Evidence = CONTEXT_SOFTWARE.has(written) ? 'context' : 'none'
      const spelling = spellingOf(written, evidence)
      for (const form of surfaceForms(written, spelling)) {
        put(form.words, { ...base, spelling: form.spelling, evidence })
      }
    }
  }
}

function putFurtherNames(put: Put): void {
  for (const { id, name: written, context } of FURTHER_NAMES) {
    const kind = id.startsWith('G') ? 'actor' : 'software'
    const owner = kind === 'actor' ? groupById(id) : softwareById(id)
    if (owner === undefined) continue
    const spelling: Spelling = context || /\s/.test(written) ? 'capitalised' : 'any'
    const entry: NameEntry = {
      kind,
      id,
      name: owner.name,
      written,
      how: 'alias',
      spelling,
      evidence: context ? 'context' : 'none',
    }
    for (const form of surfaceForms(written, spelling)) put(form.words, { ...entry, spelling: form.spelling })
  }
}

function spellingOf(written: string, evidence: Evidence): Spelling {
  if (WRITTEN_NAMES.has(written) || (written.length <= 3 && /^[A-Za-z]+$/.test(written))) return 'written'
  if (evidence === 'context') return 'capitalised'
  return CAPITALISED_SOFTWARE.has(written) ? 'capitalised' : 'any'
}

function putVulnerabilities(put: Put): void {
  for (const [written, cves] of Object.entries(VULNERABILITY_NAMES)) {
    const evidence: Evidence = CONTEXT_VULNERABILITIES.has(written) ? 'context' : 'none'
    const spelling: Spelling = evidence === 'context' ? 'written' : 'any'
    for (const id of cves) {
      const entry: NameEntry = { kind: 'vulnerability', id, name: written, written, how: 'name', spelling, evidence }
      for (const form of surfaceForms(written, spelling)) put(form.words, { ...entry, spelling: form.spelling })
    }
  }
}
