import { randomBytes, randomUUID } from 'node:crypto'
import { encodeQR } from 'qr'
import type { Sealer } from '#shared/domain/sealing.ts'
import { GoTrueError, tooManyRequests } from './gotrue-error.ts'
import type { Grant, Sessions } from './sessions.ts'
import type { Holder, Store } from './store.ts'
import { encodeBase32, otpauthUri, stepOfCode } from './totp.ts'

/** A code can be guessed with 3 in 1,000,000: so few guesses are 0.3 % in a whole day of trying. */
const attemptsPerWindow = 5
export const codeWindowSeconds = 900
const challengeSeconds = 300
/** A factor that was set up but not verified for so long has been abandoned. */
const abandonedSeconds = 900
const maximumFactors = 10
const maximumNameLength = 100
/** 160 bits, as RFC 4226 (section 4, R6) recommends. */
const secretBytes = 20
/** A secret at rest doesn't expire. */
const never = new Date('9999-01-01T00:00:00Z')

export interface EnrolledFactor {
  id: string
  type: 'totp'
  friendly_name: string
  totp: { qr_code: string; secret: string; uri: string }
}

/**
 * Second factors: time-based codes (RFC 6238), as Supabase Auth does them. Setting one up takes a right code; showing
 * one raises the session to `aal2` and ends the account's weaker sessions.
 *
 * @param parts.sealerFor - of the key that secrets are kept under, for one factor's secret.
 * @param parts.issuer - what an authenticator app shows beside the account when nothing else was asked for.
 */
export function createFactors(parts: {
  store: Store
  sessions: Sessions
  sealerFor: (factorId: string) => Sealer
  issuer: string
  now: () => Date
}) {
  const { store, sessions, sealerFor, issuer, now } = parts

  return {
    /** @throws GoTrueError validation_failed, insufficient_aal, too_many_enrolled_mfa_factors or mfa_factor_name_conflict */
    async enrol(holder: Holder, draft: { type: string; name: string; issuer: string }): Promise<EnrolledFactor> {
      if (draft.type === 'phone' || draft.type === 'webauthn') {
        throw new GoTrueError(422, `mfa_${draft.type}_enroll_not_enabled`, `MFA enroll is disabled for ${draft.type}`)
      }
      if (draft.type !== 'totp') {
        throw new GoTrueError(400, 'validation_failed', 'factor_type needs to be totp, phone, or webauthn')
      }
      if (draft.name.length > maximumNameLength || draft.issuer.length > maximumNameLength) {
        throw new GoTrueError(400, 'validation_failed', `Names can have ${maximumNameLength} characters at most`)
      }
      const { user, session } = holder
      const at = now()
      const addedBefore = new Date(at.getTime() - abandonedSeconds * 1000)
      await store.factors.removeAbandoned(user.id, addedBefore)
      const kept = holder.factors.filter(({ status, created_at }) => status === 'verified' || created_at > addedBefore)
      if (kept.some(({ status }) => status === 'verified') && session.aal !== 'aal2') {
        throw new GoTrueError(403, 'insufficient_aal', 'AAL2 required to enroll a new factor')
      }
      if (kept.length >= maximumFactors) {
        const message = 'Maximum number of factors reached, unenroll to continue'
        throw new GoTrueError(422, 'too_many_enrolled_mfa_factors', message)
      }
      const id = randomUUID()
      const secret = randomBytes(secretBytes)
      const sealedSecret = sealerFor(id).seal(secret, never)
      if (!(await store.factors.add({ id, userId: user.id, name: draft.name, sealedSecret }, at))) {
        const message = 'A factor with this friendly name for this user already exists'
        throw new GoTrueError(422, 'mfa_factor_name_conflict', message)
      }
      const text = encodeBase32(secret)
      const uri = otpauthUri({ issuer: draft.issuer || issuer, account: user.email, secret: text })
      return { id, type: 'totp', friendly_name: draft.name, totp: { qr_code: qrCodeOf(uri), secret: text, uri } }
    },

    /** @throws GoTrueError mfa_factor_not_found */
    async challenge({ user }: Holder, factorId: string) {
      const at = now()
      const id = randomUUID()
      const expiresAt = new Date(at.getTime() + challengeSeconds * 1000)
      const made = await store.factors.challenge({ id, factorId, userId: user.id, expiresAt }, at)
      if (!made) throw factorNotFound()
      return { id, type: 'totp', expires_at: Math.floor(expiresAt.getTime() / 1000) }
    },

    /** @throws GoTrueError mfa_factor_not_found, mfa_challenge_expired, mfa_verification_failed or over_request_rate_limit */
    async verify(holder: Holder, factorId: string, proof: { challengeId: string; code: string }): Promise<Grant> {
      const { user, session } = holder
      const found = await store.factors.find(user.id, factorId, uuidOrNull(proof.challengeId))
      if (!found) throw factorNotFound()
      const at = now()
      if (!found.expiresAt) {
        throw new GoTrueError(422, 'mfa_factor_not_found', 'MFA factor with the provided challenge ID not found')
      }
      if (found.expiresAt <= at) {
        throw new GoTrueError(422, 'mfa_challenge_expired', 'MFA challenge has expired, create a new challenge')
      }
      const wrong = new GoTrueError(422, 'mfa_verification_failed', 'Invalid TOTP code entered')
      const guesses = `totp ${user.id}`
      // Counted before the code is looked at, so that guesses at the same moment are counted too.
      const { attempts, windowStartedAt } = await store.countAttempt(guesses, at, codeWindowSeconds)
      if (attempts > attemptsPerWindow) {
        throw tooManyRequests(codeWindowSeconds - (at.getTime() - windowStartedAt.getTime()) / 1000)
      }
      const secret = sealerFor(factorId).open(found.sealedSecret, at)
      if (!secret) throw new Error("a factor's secret can't be opened: it is damaged, or the key is another")
      const step = stepOfCode(secret, proof.code, at)
      if (step === null) throw wrong
      const timestamp = Math.floor(at.getTime() / 1000)
      const amr = [{ method: 'totp', timestamp }, ...session.amr.filter(({ method }) => method !== 'totp')]
      const use = { challengeId: proof.challengeId, factorId, step }
      if (!(await store.factors.accept(use, { ...session, amr }, at))) throw wrong
      await store.forgetAttempts(guesses)
      const raised = await store.findHolder(session.id)
      if (!raised)
        throw new GoTrueError(403, 'session_not_found', 'Session from session_id claim in JWT does not exist')
      return sessions.grant(raised)
    },

    /** @throws GoTrueError mfa_factor_not_found or insufficient_aal */
    async remove({ user, session, factors }: Holder, factorId: string): Promise<{ id: string }> {
      if (!factors.some(({ id }) => id === factorId)) throw factorNotFound()
      if (await store.factors.remove(user.id, factorId, session.aal === 'aal2')) return { id: factorId }
      throw new GoTrueError(422, 'insufficient_aal', 'AAL2 required to unenroll verified factor')
    },
  }
}

/** An SVG with the quiet zone that scanners need, on white: shown on a dark page it would be unreadable without. */
function qrCodeOf(uri: string): string {
  const svg = encodeQR(uri, 'svg', { ecc: 'medium', border: 4 })
  return svg.replace('>', '><rect width="100%" height="100%" fill="#fff"/>')
}

function factorNotFound(): GoTrueError {
  return new GoTrueError(404, 'mfa_factor_not_found', 'Factor not found')
}

function uuidOrNull(text: string): string | null {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text) ? text : null
}
