import type { Catalogue } from './catalogue.ts'

let catalogue: Promise<Catalogue> | null = null

/** The playbooks and tools of the council, loaded when they are first needed. */
export function council(): Promise<Catalogue> {
  catalogue ??= load()
  return catalogue
}

async function load(): Promise<Catalogue> {
  const [{ playbooks }, { tools }] = await Promise.all([import('./playbooks/index.ts'), import('./tools/index.ts')])
  return { playbooks, tools }
}
