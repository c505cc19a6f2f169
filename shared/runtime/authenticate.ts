import { AppError } from '#shared/domain/errors.ts'
import { isAllowed } from '#shared/domain/tenancy/permissions.ts'
import { enterOrganization, type Identity, loadIdentity, type Wanted } from '#shared/domain/tenancy/principal.ts'
import { system } from '#shared/platform/database/index.ts'
import { PlatformError } from '#shared/platform/errors.ts'
import type { Access, Member, SignedIn } from './declarations.ts'
import type { AccessClaims, Services } from './services.ts'

/** How long a loaded identity is believed. A refusal is never given from it: the identity is loaded afresh first. */
const identityTtlMilliseconds = 5_000
const maximumCached = 10_000

/** Turns bearer tokens into principals. */
export class Authenticator {
  readonly #services: Services
  readonly #cache = new Map<string, { identity: Identity; loadedAt: number }>()

  constructor(services: Services) {
    this.#services = services
  }

  /**
   * @param authorization the header's value
   * @throws AppError UNAUTHENTICATED, PERMISSION_DENIED or NOT_FOUND
   */
  async authenticate(
    authorization: string | undefined,
    access: Exclude<Access, 'public'>,
    wanted: Wanted,
  ): Promise<SignedIn | Member> {
    const claims = await this.#verify(authorization)
    const known = this.#cached(claims.sub)
    if (known) {
      try {
        return decide(known, access, wanted)
      } catch {
        // The refusal may rest on what was true seconds ago: look again.
      }
    }
    return decide(await this.#load(claims), access, wanted)
  }

  async #verify(authorization: string | undefined): Promise<AccessClaims> {
    const token = /^Bearer ([A-Za-z0-9._~+/=-]{1,8192})$/i.exec(authorization ?? '')?.[1]
    if (!token) throw new AppError('UNAUTHENTICATED', 'A bearer token is required')
    try {
      return await this.#services.verifyAccessToken(token)
    } catch (error) {
      if (error instanceof PlatformError) throw error
      const { code } = error as { code?: string }
      if (code === 'KEYS_UNAVAILABLE')
        throw new AppError('UNAVAILABLE', 'Sign-in keys cannot be fetched right now', [], { cause: error })
      throw new AppError(
        'UNAUTHENTICATED',
        code === 'EXPIRED' ? 'The token has expired' : 'The token is not valid',
        [],
        { cause: error },
      )
    }
  }

  #cached(sub: string): Identity | null {
    const cached = this.#cache.get(sub)
    if (!cached || this.#services.now().getTime() - cached.loadedAt >= identityTtlMilliseconds) return null
    return cached.identity
  }

  async #load(claims: AccessClaims): Promise<Identity> {
    const identity = await this.#services.database.transaction(system, (sql) => loadIdentity(sql, claims))
    if (this.#cache.size >= maximumCached) this.#cache.clear()
    this.#cache.set(claims.sub, { identity, loadedAt: this.#services.now().getTime() })
    return identity
  }
}

function decide(identity: Identity, access: Exclude<Access, 'public'>, wanted: Wanted): SignedIn | Member {
  if (identity.disabled) throw new AppError('PERMISSION_DENIED', 'This account is disabled')
  const person = { userId: identity.userId, email: identity.email }
  if (access === 'signed-in') return person
  const member = { ...person, ...enterOrganization(identity, wanted) }
  if (!isAllowed(member.role, access)) {
    throw new AppError('PERMISSION_DENIED', `Your role "${member.role}" lacks the permission ${access}`)
  }
  return member
}
