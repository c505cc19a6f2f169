import { createHash } from 'node:crypto'

/** What decides whether a feature flag is on. */
export interface FlagSetting {
  key: string
  enabled: boolean
  /** Of all organizations, 0 to 100, for whom an enabled flag is on. */
  percentage: number
  /** Decide for their organization, whatever else is set. */
  rules: readonly { org_id: string; enabled: boolean }[]
}

/**
 * Whether a flag is on for an organization. Whoever has it at one percentage keeps it at every higher one.
 * @param flag absent when there is none of that name: off
 * @param orgId null outside of every organization: on only when it is on for all
 */
export function isFlagOn(flag: FlagSetting | undefined, orgId: string | null): boolean {
  if (!flag) return false
  const rule = orgId === null ? undefined : flag.rules.find(({ org_id }) => org_id === orgId)
  if (rule) return rule.enabled
  if (!flag.enabled) return false
  return orgId === null ? flag.percentage === 100 : bucketOf(flag.key, orgId) < flag.percentage
}

/** Where an organization stands for one flag: from 0 to below 100, evenly spread, for each flag anew. */
export function bucketOf(key: string, orgId: string): number {
  const digest = createHash('sha256').update(`${key}\n${orgId}`).digest()
  return (digest.readUInt32BE(0) / 2 ** 32) * 100
}
