import { createHash } from 'node:crypto'
import type { Sealer } from '../sealing.ts'

/** What the sealer of invitations is for. */
export const invitationPurpose = 'invitation'

/**
 * A token that names its organization and invitation and proves, being sealed, that we made it; it stops being good by
 * itself when the invitation expires. Only its hash is kept.
 */
export function newInvitationToken(
  sealer: Sealer,
  invitation: { orgId: string; id: string },
  expiresAt: Date,
): { token: string; sha256: string } {
  const content = Buffer.from(`${invitation.orgId}${invitation.id}`.replaceAll('-', ''), 'hex')
  const token = `rfi_${sealer.seal(content, expiresAt)}`
  return { token, sha256: hashOf(token) }
}

export interface OpenedToken {
  orgId: string
  invitationId: string
  sha256: string
}

/** What a token names; null when it is not one of ours, was changed, or has expired. */
export function openInvitationToken(sealer: Sealer, token: string, now: Date): OpenedToken | null {
  if (!token.startsWith('rfi_')) return null
  const content = sealer.open(token.slice(4), now)
  if (content === null || content.length !== 32) return null
  const hex = Buffer.from(content).toString('hex')
  return { orgId: toUuid(hex.slice(0, 32)), invitationId: toUuid(hex.slice(32)), sha256: hashOf(token) }
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}

function toUuid(hex: string): string {
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
