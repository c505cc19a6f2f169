import { allGroups, allSoftware, allTechniques, techniqueById } from '../attack/catalogue.ts'
import { normalise } from './words.ts'

let names: ReadonlyMap<string, ReadonlySet<string>> | null = null

/** The ATT&CK ids that a name, an alias or an id stands for. */
export function idsOfName(name: string): ReadonlySet<string> {
  names ??= build()
  return names.get(normalise(name).toLowerCase()) ?? none
}

const none: ReadonlySet<string> = new Set()

function build(): ReadonlyMap<string, ReadonlySet<string>> {
  const built = new Map<string, Set<string>>()
  const add = (name: string, id: string) => {
    const key = normalise(name).toLowerCase()
    built.set(key, (built.get(key) ?? new Set()).add(id))
  }
  for (const { id, name, parentId } of allTechniques()) {
    add(id, id)
    add(name, id)
    if (parentId !== null) add(`${techniqueById(parentId)?.name ?? parentId}: ${name}`, id)
  }
  for (const entries of [allGroups(), allSoftware()]) {
    for (const { id, name, aliases } of entries) for (const each of [id, name, ...aliases]) add(each, id)
  }
  return built
}
