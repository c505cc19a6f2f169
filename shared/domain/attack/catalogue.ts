import data from './data/enterprise.json' with { type: 'json' }
import { SUPERSEDED_IDS } from './data/superseded-ids.ts'

/** One ATT&CK tactic, e.g. TA0001 Initial Access (`initial-access`). */
export interface Tactic {
  id: string
  name: string
  shortname: string
}

/** One ATT&CK technique or sub-technique; `parentId` is null for a technique. */
export interface Technique {
  id: string
  name: string
  parentId: string | null
  tactics: readonly Tactic[]
}

/** One ATT&CK group with the other names it is known by. */
export interface Group {
  id: string
  name: string
  aliases: readonly string[]
}

/** One ATT&CK software entry with the other names it is known by. */
export interface Software {
  id: string
  name: string
  kind: 'malware' | 'tool'
  aliases: readonly string[]
}

interface Catalogue {
  tactics: Tactic[]
  techniques: Map<string, Technique>
  groups: Map<string, Group>
  software: Map<string, Software>
}

/** The ATT&CK version line that the catalogue was built from. */
export const attackVersion: string = data.version

/** MITRE's attribution, to be shown wherever the catalogue's content is. */
export const attackAttribution: string = data.attribution

let loaded: Catalogue | null = null

// Built on first use: a function that only imports a type or a neighbour of this module pays nothing for the maps.
function catalogue(): Catalogue {
  if (loaded !== null) return loaded
  const tactics = (data.tactics as [string, string, string][]).map(([id, name, shortname]) => ({ id, name, shortname }))
  const techniques = new Map<string, Technique>()
  for (const [id, name, numbers] of data.techniques as [string, string, number[]][]) {
    const parentId = id.length > 5 ? id.slice(0, 5) : null
    techniques.set(id, { id, name, parentId, tactics: numbers.map((number) => tactics[number]!) })
  }
  const groups = new Map<string, Group>()
  for (const [id, name, aliases] of data.groups as [string, string, string[]][]) groups.set(id, { id, name, aliases })
  const software = new Map<string, Software>()
  for (const [id, name, tool, aliases] of data.software as [string, string, number, string[]][]) {
    software.set(id, { id, name, kind: tool === 1 ? 'tool' : 'malware', aliases })
  }
  loaded = { tactics, techniques, groups, software }
  return loaded
}

/**
 * The id by which today's ATT&CK knows a technique: the id itself, the successor of a renumbered one, or null.
 *
 * @param id a technique id such as `T1059.001`, or a retired one such as `T1086`
 */
export function currentTechniqueId(id: string): string | null {
  const successor = SUPERSEDED_IDS[id]
  if (successor !== undefined) return successor
  return catalogue().techniques.has(id) ? id : null
}

/**
 * Looks a technique up by its id, following retired ids to their successors.
 *
 * @param id a technique id such as `T1059.001`
 */
export function techniqueById(id: string): Technique | undefined {
  const current = currentTechniqueId(id)
  return current === null ? undefined : catalogue().techniques.get(current)
}

/**
 * The tactics that a technique serves, in the order of the catalogue; none for an unknown id.
 *
 * @param id a technique id such as `T1059.001`
 */
export function tacticsOf(id: string): readonly Tactic[] {
  return techniqueById(id)?.tactics ?? []
}

/** Looks a group up by its id, e.g. `G0007`. */
export function groupById(id: string): Group | undefined {
  return catalogue().groups.get(id)
}

/** Looks a software entry up by its id, e.g. `S0002`. */
export function softwareById(id: string): Software | undefined {
  return catalogue().software.get(id)
}

/** Every tactic, in the order of the kill chain. */
export function allTactics(): readonly Tactic[] {
  return catalogue().tactics
}

/** Every technique and sub-technique, by id. */
export function allTechniques(): Iterable<Technique> {
  return catalogue().techniques.values()
}

/** Every group, by id. */
export function allGroups(): Iterable<Group> {
  return catalogue().groups.values()
}

/** Every software entry, by id. */
export function allSoftware(): Iterable<Software> {
  return catalogue().software.values()
}
