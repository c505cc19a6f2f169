import { readdir } from 'node:fs/promises'
import type { Declaration } from './declarations.ts'

export interface DiscoveredFunction {
  /** `<area>-<verb-noun>`: the deploy name. */
  name: string
  /** Folder relative to `functions/`. */
  folder: string
  declaration: Declaration
}

const functionsFolder = new URL('../../functions/', import.meta.url)

/**
 * Finds every declaration by scanning `functions/<area>/<verb-noun>/function.ts`.
 * @throws Error when a folder has no valid declaration, or a task's name isn't its folder's
 */
export async function discoverFunctions(): Promise<DiscoveredFunction[]> {
  const found: DiscoveredFunction[] = []
  for (const area of await subfolders(functionsFolder)) {
    for (const verb of await subfolders(new URL(`${area}/`, functionsFolder))) {
      const folder = `${area}/${verb}`
      const module = (await import(new URL(`${folder}/function.ts`, functionsFolder).href)) as { default?: Declaration }
      found.push({ name: `${area}-${verb}`, folder, declaration: checked(folder, module.default) })
    }
  }
  return found
}

function checked(folder: string, declaration: Declaration | undefined): Declaration {
  if (!declaration?.kind) throw new Error(`functions/${folder}/function.ts has no declaration as its default export`)
  if (declaration.kind === 'task' && declaration.task.name !== folder.replace('/', '-')) {
    throw new Error(`functions/${folder} handles the task ${declaration.task.name}: name and folder must agree`)
  }
  return declaration
}

async function subfolders(folder: URL): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true })
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort()
}

/** The methods that functions serve at each path. */
export function methodsByPath(functions: readonly DiscoveredFunction[]): Map<string, string[]> {
  const methods = new Map<string, string[]>()
  for (const { declaration } of functions) {
    if (declaration.kind !== 'route') continue
    methods.set(declaration.path, [...(methods.get(declaration.path) ?? []), declaration.method])
  }
  return methods
}
