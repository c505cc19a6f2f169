import { AppError, notFound } from '#shared/domain/errors.ts'
import { assuredPermissions, type Permission, permissionsOf } from '#shared/domain/tenancy/permissions.ts'
import { enterOrganization, type Identity, loadIdentity, type Wanted } from '#shared/domain/tenancy/principal.ts'
import { system } from '#shared/platform/database/index.ts'
import { PlatformError } from '#shared/platform/errors.ts'
import { attempt, KeyAuthenticator } from './authenticate-key.ts'
import { Believed } from './believed.ts'
import type { Access, Machine, Member, Route, SignedIn } from './declarations.ts'
import type { LastUse } from './last-use.ts'
import type { AccessClaims, Services } from './services.ts'

/**
 * Takes a request from the rate limit of a user or an API key.
 * @param principal null when they are refused by what is known of them
 * @param perMinute what the plan of their organization allows; null: as much as the installation
 * @throws AppError RATE_LIMITED
 */
export type Charge = (
  principalId: string,
  principal: SignedIn | Member | Machine | null,
  perMinute: number | null,
) => Promise<void>

/** Someone who was let in. */
export interface Admission {
  principal: SignedIn | Member | Machine
  /**
   * Decides anew, from what is known by now; their token may have expired since.
   * @throws AppError when they may no longer
   */
  again(): Promise<SignedIn | Member | Machine>
}

/** What a route demands of its caller. */
export type Demand = Pick<Route, 'access' | 'caller' | 'basic' | 'whileDeleting'>

/** What the 401 of a route asks for (RFC 9110, section 11.6.1; RFC 7617). */
export function challengesOf(demand: Demand): string[] {
  return ['Bearer', ...(demand.basic ? ['Basic realm="RaptorFlow ADAPT", charset="UTF-8"'] : [])]
}

/** Turns credentials into principals. */
export class Authenticator {
  readonly #services: Services
  readonly #keys: KeyAuthenticator
  /** By subject. A refusal is never given from it: the identity is loaded afresh first. */
  readonly #believed: Believed<Identity>

  constructor(services: Services) {
    this.#services = services
    this.#keys = new KeyAuthenticator(services)
    this.#believed = new Believed(() => services.now())
  }

  /** When API keys were used last, for whoever writes it down. */
  get lastUse(): LastUse {
    return this.#keys.lastUse
  }

  /**
   * @param authorization the header's value
   * @param charge called as soon as it is known who it is: what is looked up to refuse them is not for free
   * @throws AppError UNAUTHENTICATED, PERMISSION_DENIED or NOT_FOUND; what `charge` throws
   */
  async authenticate(
    authorization: string | undefined,
    demand: Demand,
    wanted: Wanted,
    charge: Charge,
  ): Promise<Admission> {
    const token = /^Bearer ([A-Za-z0-9._~+/=-]{1,8192})$/i.exec(authorization ?? '')?.[1]
    const key = demand.basic && !token ? passwordOf(authorization) : token?.startsWith('rfa_') ? token : null
    if (key !== null) {
      const principal = await this.#keys.authenticate(key, demand, wanted, charge)
      return { principal, again: () => this.#keys.authenticate(key, demand, wanted) }
    }
    if (!token) throw new AppError('UNAUTHENTICATED', 'A bearer token is required')
    const claims = await this.#verify(token)
    const principal = await this.#person(claims, demand, wanted, charge)
    if (isAssured(demand.access) && claims.aal !== 'aal2') await this.#demandSecondFactor(token)
    // By then there may be a newer token, which knows their address better.
    return { principal, again: () => this.#person({ ...claims, email: '' }, demand, wanted) }
  }

  async #person(claims: AccessClaims, demand: Demand, wanted: Wanted, charge?: Charge): Promise<SignedIn | Member> {
    const known = this.#believed.recall(claims.sub)
    const identity = known ?? (await this.#load(claims))
    const decided = attempt(() => decide(identity, demand, wanted))
    await charge?.(identity.userId, decided.principal, requestsOf(identity, decided.principal))
    if (decided.principal) return decided.principal
    // The refusal may rest on what was true seconds ago: look again.
    if (known) return decide(await this.#load(claims), demand, wanted)
    throw decided.refusal
  }

  async #verify(token: string): Promise<AccessClaims> {
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

  /** Asks the provider, who alone knows: the token says only which factors this session has shown. */
  async #demandSecondFactor(token: string): Promise<void> {
    const account = await this.#services.identity.account(token)
    if (!account.hasVerifiedFactor) return
    throw new AppError('PERMISSION_DENIED', 'This needs your second factor: verify it at /v1/auth/mfa/verify first')
  }

  #load(claims: AccessClaims): Promise<Identity> {
    const { database, config } = this.#services
    return this.#believed.look(claims.sub, () =>
      database.transaction(system, (sql) => loadIdentity(sql, claims, config.DEFAULT_PLAN)),
    )
  }
}

/** What the plan of the organization that they are in lets them ask in a minute. */
function requestsOf({ memberships }: Identity, principal: SignedIn | Member | null): number | null {
  if (!principal || !('orgId' in principal)) return null
  return memberships.find(({ orgId }) => orgId === principal.orgId)?.requestsPerMinute ?? null
}

/** The password of HTTP Basic, or null when the header is none; the user's name may be anything (RFC 7617). */
function passwordOf(authorization: string | undefined): string | null {
  const credentials = /^Basic ([A-Za-z0-9+/]{1,1024}={0,2})$/i.exec(authorization ?? '')?.[1]
  if (credentials === undefined) return null
  const text = Buffer.from(credentials, 'base64').toString()
  return /^[^:]*:(.*)$/.exec(text)?.[1] ?? ''
}

/** Whether a route wants a second factor of everyone who has one. */
export function isAssured(access: Access): boolean {
  return access === 'operator' || assuredPermissions.has(access as Permission)
}

function decide(identity: Identity, demand: Demand, wanted: Wanted): SignedIn | Member {
  if (identity.deleted) throw new AppError('UNAUTHENTICATED', 'The token is not valid')
  if (identity.disabled) throw new AppError('PERMISSION_DENIED', 'This account is disabled')
  const person: SignedIn = { userId: identity.userId, keyId: null, email: identity.email }
  const { access } = demand
  if (access === 'public' || access === 'signed-in') return person
  if (access === 'operator') {
    if (identity.operator) return person
    throw new AppError('PERMISSION_DENIED', 'Only operators of this installation may do this')
  }
  const { membership, workspace } = enterOrganization(identity, wanted)
  const { orgId, role, extra } = membership
  if (membership.disabled) throw new AppError('PERMISSION_DENIED', 'Your membership of this organization is suspended')
  if (membership.deleting && !demand.whileDeleting) throw notFound('Organization')
  const permissions = permissionsOf(role, extra, workspace?.role ?? null)
  if (!permissions.has(access)) {
    throw new AppError('PERMISSION_DENIED', `Your role "${role}" lacks the permission ${access}`)
  }
  return { ...person, orgId, workspaceId: workspace?.id ?? null, role, permissions }
}
