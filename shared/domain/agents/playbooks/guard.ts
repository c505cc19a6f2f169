import * as v from 'valibot'
import { Draft } from '../../claims/types.ts'
import { loadSourcesOf } from '../../guardian/load-sources.ts'
import { review } from '../../guardian/review.ts'
import type { BrandRules, GuardianOptions, Review } from '../../guardian/types.ts'
import type { Json } from '../../sql.ts'
import type { NodeContext } from '../playbook.ts'

export interface GuardOptions extends Pick<GuardianOptions, 'audience' | 'mode'> {
  brand?: BrandRules
}

/**
 * The Guardian's word on a draft, by code alone, as the run's tenant. Nothing that an agent wrote goes on without it.
 * Hosts that texts may name are a setting of the Arbiter: `allowed_link_hosts`.
 */
export async function guard(context: NodeContext, draft: unknown, options: GuardOptions): Promise<Review> {
  const parsed = v.safeParse(Draft, draft)
  const known = parsed.success ? await context.read((sql) => loadSourcesOf(sql, parsed.output)) : () => null
  context.readUntrusted('quotes of documents')
  return review(draft as Draft, { ...options, sources: known, allowedLinkHosts: hostsOf(context.agent.settings) })
}

function hostsOf(settings: Readonly<Record<string, Json>>): string[] {
  const hosts = v.safeParse(v.array(v.string()), settings.allowed_link_hosts)
  return hosts.success ? hosts.output : []
}
