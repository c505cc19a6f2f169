import type { Declaration, Route } from '#shared/runtime/declarations.ts'
import type { MakeRouteExample } from '#shared/runtime/examples.ts'
import manifest from '../../functions.json' with { type: 'json' }
import { loadExample } from '../contract/world.ts'

/** A route that is deployed. */
export interface SweptRoute {
  name: string
  folder: string
  route: Route
  example: MakeRouteExample
}

async function loadRoute({ name, folder }: { name: string; folder: string }): Promise<SweptRoute[]> {
  const { default: declaration } = (await import(
    new URL(`../../functions/${folder}/function.ts`, import.meta.url).href
  )) as { default: Declaration }
  if (declaration.kind !== 'route') return []
  return [{ name, folder, route: declaration, example: await loadExample<MakeRouteExample>(folder) }]
}

/** Every route of `functions.json`, which is what is deployed. */
export const routes: readonly SweptRoute[] = (await Promise.all(manifest.functions.map(loadRoute))).flat()

/** Whether a route works inside an organization. */
export function isOfOrganization({ access }: Route): boolean {
  return access !== 'public' && access !== 'signed-in' && access !== 'operator'
}

/** What these name in their path is in every organization. */
export const namesOfAll: readonly string[] = ['agents-list-versions', 'agents-read', 'agents-update', 'playbooks-read']
